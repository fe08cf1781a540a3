import Formatting
import Foundation
import Running

/// Progress on standard error: a bar with the time left on a terminal, plain lines where there is none.
///
/// Plain lines come when the work changes, and otherwise at most every ten seconds, so that a log stays short.
final class TerminalProgress: RunProgress {
  private struct State {
    var done: Int
    var total: Int
    var unit: WorkUnit
    var work: String
  }

  /// The width in columns of the terminal that the bar is drawn on; nil: plain lines.
  private let columns: Int?
  private let clock: () -> Double
  private let write: (String) -> Void

  private var state: State?
  /// Where and when this process began to count this work: what was done before it says nothing about its speed.
  private var start: (done: Int, time: Double)
  private var lastShown: Double
  private var shownDone = -1
  private var isBarDrawn = false

  static let secondsBetweenLines = 10.0
  static let secondsBetweenBars = 0.1

  init(columns: Int?, clock: @escaping () -> Double, write: @escaping (String) -> Void) {
    self.columns = columns
    self.clock = clock
    self.write = write
    start = (0, clock())
    // A bar is wanted at once, a line only after a while.
    lastShown = columns == nil ? start.time : -.infinity
  }

  /// For the streams of this process.
  convenience init() {
    self.init(
      columns: Self.terminalColumns(), clock: { ProcessInfo.processInfo.systemUptime }, write: StandardError.write)
  }

  private static func terminalColumns() -> Int? {
    guard isatty(STDERR_FILENO) == 1, ProcessInfo.processInfo.environment["TERM"] != "dumb" else { return nil }
    var size = winsize()
    let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return isKnown ? Int(size.ws_col) : 80
  }

  func note(_ line: String) {
    clearBar()
    write(line + "\n")
    if columns != nil { drawBar() }
  }

  func advanced(done: Int, total: Int, of unit: WorkUnit, work: String) {
    let now = clock()
    // Another total or unit is other work, with a speed of its own.
    if state?.total != total || state?.unit != unit { start = (done, now) }
    if columns == nil, let last = state, last.work != work, shownDone != last.done { writeLine(last, now) }
    state = State(done: done, total: total, unit: unit, work: work)
    let pause = columns == nil ? Self.secondsBetweenLines : Self.secondsBetweenBars
    guard now - lastShown >= pause || done == total else { return }
    lastShown = now
    if columns == nil { state.map { writeLine($0, now) } } else { drawBar() }
  }

  func finished() {
    clearBar()
    if columns == nil, let last = state, shownDone != last.done { writeLine(last, clock()) }
    state = nil
  }

  // MARK: - Text

  private func writeLine(_ state: State, _ now: Double) {
    shownDone = state.done
    lastShown = now
    write("\(state.done)/\(state.total) \(state.unit.rawValue)\(timeLeft(state, now)): \(printable(state.work))\n")
  }

  private func drawBar() {
    guard let columns, let state else { return }
    let share = state.total > 0 ? Double(state.done) / Double(state.total) : 1
    let cells = min(30, max(8, columns / 4))
    let filled = Int((share * Double(cells)).rounded(.down))
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: cells - filled)
    let line =
      "[\(bar)] \(Int(share * 100)) %  \(state.done)/\(state.total) \(state.unit.rawValue)\(timeLeft(state, clock()))  "
      + printable(state.work)
    // A full last column would wrap on some terminals.
    write("\r\(line.prefix(columns - 1))\u{1B}[K")
    isBarDrawn = true
  }

  private func clearBar() {
    guard isBarDrawn else { return }
    write("\r\u{1B}[K")
    isBarDrawn = false
  }

  private func timeLeft(_ state: State, _ now: Double) -> String {
    let made = state.done - start.done
    guard made > 0, state.done < state.total else { return "" }
    let seconds = (now - start.time) / Double(made) * Double(state.total - state.done)
    return ", \(Readable.duration(seconds)) left"
  }
}
