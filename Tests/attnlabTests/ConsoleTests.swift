import Attention
import Foundation
import Reporting
import TestSupport
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
      progress.advanced(done: step, total: 3, work: "slow")
    }
    for step in 1...21 {
      screen.time += 1
      progress.advanced(done: step, total: 40, work: "measuring")
    }
    #expect(
      screen.text == """
        1/3 steps: slow
        2/3 steps, 16 min 40 s left: slow
        3/3 steps: slow
        10/40 steps, 30 s left: measuring
        20/40 steps, 20 s left: measuring

        """)
  }

  @Test func plainLinesAreRare() {
    let screen = Screen()
    let progress = screen.progress(columns: nil)
    for step in 1...100 {
      screen.time += 1
      progress.advanced(done: step, total: 200, work: step <= 50 ? "first" : "second")
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
      progress.advanced(done: step, total: 6, work: step <= 4 ? "first" : "second")
    }
    progress.finished()
    progress.finished()
    #expect(screen.text == "4/6 steps, 1.3 s left: first\n6/6 steps: second\n")
  }

  /// A run that goes on after a stop has steps that this process did not make.
  @Test func timeLeftCountsOwnSteps() {
    let screen = Screen()
    let progress = screen.progress(columns: nil)
    progress.advanced(done: 900, total: 1000, work: "a")
    screen.time += 20
    progress.advanced(done: 902, total: 1000, work: "a")
    #expect(screen.text == "902/1000 steps, 16 min 20 s left: a\n")
  }

  @Test func theBarFitsAndGoes() {
    let screen = Screen()
    let progress = screen.progress(columns: 60)
    progress.advanced(done: 1, total: 4, work: "a\nb")
    #expect(screen.text == "\r[###............] 25 %  1/4 steps  a\\u{A}b\u{1B}[K")
    screen.text = ""
    screen.time += 0.05
    progress.advanced(done: 2, total: 4, work: "soon after: nothing drawn")
    #expect(screen.text == "")
    screen.time += 0.95
    progress.advanced(done: 3, total: 4, work: String(repeating: "long", count: 30))
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

  @Test(arguments: [
    (0, "0 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (1 << 20, "1.00 MiB"), (1_048_575, "1.00 MiB"),
    (12_600_000, "12.0 MiB"), (2 << 30, "2.00 GiB"), (Int.max, "8192 PiB"),
  ])
  func bytes(_ count: Int, _ text: String) { #expect(Readable.bytes(count) == text) }

  @Test(arguments: [
    (0, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (3599.4, "59 min 59 s"),
    (3600, "1 h 00 min"), (7500, "2 h 05 min"), (-1, "?"), (Double.nan, "?"), (Double.infinity, "?"),
  ])
  func durations(_ seconds: Double, _ text: String) { #expect(Readable.duration(seconds) == text) }

  @Test func tablesAlign() {
    var table = Table(["name", "runs", "note"], right: [1])
    table.add(["first-look", "12", ""])
    table.add(["x", "3", "a\u{1B}[2Jb"])
    #expect(
      table.text == """
        name        runs  note
        first-look    12
        x              3  a\\u{1B}[2Jb

        """)
  }

  @Test(arguments: [
    (1, [0]), (2, [0, 1]), (12, Array(0..<12)), (13, [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12]),
    (30, [0, 3, 5, 8, 11, 13, 16, 18, 21, 24, 26, 29]),
  ])
  func shownSteps(_ count: Int, _ steps: [Int]) {
    let prompt = PromptTokens(prompt: "", tokens: [], words: [], truncatedWords: [])
    #expect(WordMaps(prompt: prompt, sites: [], stepCount: count).shownSteps == steps)
  }

  @Test func selectorsOfOptions() throws {
    #expect(try stepSelector("all") == .all)
    #expect(try stepSelector("3") == .list([3]))
    #expect(try stepSelector("0,5-7,2") == .list([0, 5, 6, 7, 2]))
    #expect(try headSelector("mean") == .mean)
    #expect(try headSelector("all") == .all)
    #expect(try headSelector("0,2-3") == .indices([0, 2, 3]))
    for wrong in ["", "-", "1-", "-1", "2-1", "1,,2", "0-100000", "x", "1.5", "99999999999999999999"] {
      #expect(throws: SelectionError.self, "\(wrong)") { try stepSelector(wrong) }
    }
  }
}

/// Files that appear together or not at all.
@Suite struct OutputFilesTests {
  @Test func allOrNothing() throws {
    try Fixtures.withTemporaryFolder { folder in
      let deep = folder.appending(path: "new/deeper")
      var files = OutputFiles()
      files.add(deep.appending(path: "a.txt"), bytes: [1])
      files.add(folder.appending(path: "b.txt")) { throw CommandError("out of ink") }
      let error = #expect(throws: CommandError.self) { try files.commit() }
      #expect(error?.description == "\(folder.path)/b.txt: cannot be written (out of ink)")
      let left = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
      #expect(left == [])
    }
  }

  @Test func replacesWhole() throws {
    try Fixtures.withTemporaryFolder { folder in
      for byte: UInt8 in [1, 2] {
        var files = OutputFiles()
        files.add(folder.appending(path: "new/a.txt"), bytes: [byte])
        try files.commit()
      }
      #expect(try Data(contentsOf: folder.appending(path: "new/a.txt")) == Data([2]))
      #expect(try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted() == ["new", "new/a.txt"])
    }
  }

  @Test func placesLeaveNoTrace() throws {
    try Fixtures.withTemporaryFolder { folder in
      try Data().write(to: folder.appending(path: "file"))
      #expect(OutputPlace.problem(file: folder.appending(path: "x.png")) == nil)
      #expect(OutputPlace.problem(folder: folder.appending(path: "a/b/c")) == nil)
      #expect(OutputPlace.problem(file: folder) == "\(folder.path) is a folder; name a file")
      #expect(
        OutputPlace.problem(folder: folder.appending(path: "file/b"))
          == "\(folder.path)/file is not a folder; name another place")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"])
    }
  }
}
