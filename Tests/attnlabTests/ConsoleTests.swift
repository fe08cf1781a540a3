import Testing

@testable import attnlab

/// What is put on the screen.
@Suite struct ConsoleTests {
  /// A progress with a clock that the test moves.
  private final class Screen {
    var time = 100.0
    var text = ""

    func progress(columns: Int?) -> TerminalProgress {
      TerminalProgress(columns: columns, clock: { self.time }, write: { self.text += $0 })
    }
  }

  @Test func otherWorkHasASpeedOfItsOwn() {
    let screen = Screen()
    let progress = screen.progress(columns: nil)
    for step in 1...3 {
      screen.time += 1000
      progress.advanced(done: step, total: 3, of: .steps, work: "slow")
    }
    for step in 1...21 {
      screen.time += 1
      progress.advanced(done: step, total: 40, of: .measurements, work: "measuring")
    }
    #expect(
      screen.text == """
        1/3 steps: slow
        2/3 steps, 16 min 40 s left: slow
        3/3 steps: slow
        10/40 measurements, 30 s left: measuring
        20/40 measurements, 20 s left: measuring

        """)
  }

  @Test func plainLinesAreRare() {
    let screen = Screen()
    let progress = screen.progress(columns: nil)
    for step in 1...100 {
      screen.time += 1
      progress.advanced(done: step, total: 200, of: .steps, work: step <= 50 ? "first" : "second")
    }
    progress.note("look here")
    progress.finished()
    #expect(
      screen.text == """
        10/200 steps, 3 min 10 s left: first
        20/200 steps, 3 min 00 s left: first
        30/200 steps, 2 min 50 s left: first
        40/200 steps, 2 min 40 s left: first
        50/200 steps, 2 min 30 s left: first
        60/200 steps, 2 min 20 s left: second
        70/200 steps, 2 min 10 s left: second
        80/200 steps, 2 min 00 s left: second
        90/200 steps, 1 min 50 s left: second
        100/200 steps, 1 min 40 s left: second
        look here

        """)
  }

  @Test func everyEndOfAGroupIsSaid() {
    let screen = Screen()
    let progress = screen.progress(columns: nil)
    for step in 1...6 {
      screen.time += 0.5
      progress.advanced(done: step, total: 6, of: .steps, work: step <= 4 ? "first" : "second")
    }
    progress.finished()
    progress.finished()
    #expect(screen.text == "4/6 steps, 1.3 s left: first\n6/6 steps: second\n")
  }

  /// A run that goes on after a stop has steps that this process did not make.
  @Test func timeLeftCountsOwnSteps() {
    let screen = Screen()
    let progress = screen.progress(columns: nil)
    progress.advanced(done: 900, total: 1000, of: .steps, work: "a")
    screen.time += 20
    progress.advanced(done: 902, total: 1000, of: .steps, work: "a")
    #expect(screen.text == "902/1000 steps, 16 min 20 s left: a\n")
  }

  @Test func theBarFitsAndGoes() {
    let screen = Screen()
    let progress = screen.progress(columns: 60)
    progress.advanced(done: 1, total: 4, of: .steps, work: "a\nb")
    #expect(screen.text == "\r[###............] 25 %  1/4 steps  a\\u{A}b\u{1B}[K")
    screen.text = ""
    screen.time += 0.05
    progress.advanced(done: 2, total: 4, of: .steps, work: "soon after: nothing drawn")
    #expect(screen.text == "")
    screen.time += 0.95
    progress.advanced(done: 3, total: 4, of: .steps, work: String(repeating: "long", count: 30))
    #expect(screen.text.hasPrefix("\r[###########....] 75 %  3/4 steps, 0.5 s left  longlong"))
    #expect(screen.text.count == 59 + 1 + 3)
    screen.text = ""
    progress.note("a line")
    #expect(screen.text.hasPrefix("\r\u{1B}[Ka line\n\r[####"))
    screen.text = ""
    progress.finished()
    progress.finished()
    #expect(screen.text == "\r\u{1B}[K")
  }
}
