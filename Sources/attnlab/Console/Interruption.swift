import Dispatch
import Foundation
import Measures
import Running

/// Turns SIGINT (Ctrl-C) and SIGTERM into a request to stop between two steps; the second one ends the process at once.
///
/// A signal that the caller had ignored, as a shell does for the background jobs of a script, stays ignored.
final class Interruption {
  private let sources: [any DispatchSourceSignal]

  /// Listens until `end`.
  init(_ stop: StopSignal) {
    // One queue for both signals: their handlers never run at the same time.
    let queue = DispatchQueue(label: "attnlab.interruption")
    sources = [SIGINT, SIGTERM].filter { !Self.isIgnored($0) }.map { number in
      // Without this the process would be ended before the source hears of it.
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { Self.received(number, stop) }
      source.activate()
      return source
    }
  }

  /// Gives the signals back to the system.
  func end() {
    for source in sources {
      source.cancel()
      signal(Int32(source.handle), SIG_DFL)
    }
  }

  private static func received(_ number: Int32, _ stop: StopSignal) {
    guard stop.isRaised else {
      stop.raise()
      let line = isatty(STDERR_FILENO) == 1 ? "\n" : ""
      return StandardError.write("\(line)stopping at the end of this step; once more ends at once\n")
    }
    // Ended by the signal itself, so that a calling shell knows. What is stored is whole, as after any kill. Programs that
    // measure are in groups of their own, which no signal reaches.
    Instruments.killPrograms()
    signal(number, SIG_DFL)
    kill(getpid(), number)
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
