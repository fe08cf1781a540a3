import Foundation

/// A metric's program at work: a question a line, an answer a line.
final class MetricProcess {
  private let program: MetricProgram
  private let child: ChildProgram
  private let seconds: Double
  private let isStopped: @Sendable () -> Bool
  private var pending: [UInt8] = []
  /// Whether it may still end by itself.
  private var isTrusted = true

  /// - Parameters:
  ///   - seconds: how long an answer may take, from the first byte of the question.
  ///   - isStopped: asked again and again while an answer is waited for.
  /// - Throws: `InstrumentError` if it cannot be started.
  init(_ program: MetricProgram, seconds: Double, isStopped: @escaping @Sendable () -> Bool) throws {
    self.program = program
    self.seconds = seconds
    self.isStopped = isStopped
    // Writing to a program that ended is an error, and no signal that ends this process too.
    signal(SIGPIPE, SIG_IGN)
    do { child = try ChildProgram(URL(fileURLWithPath: program.path).path) } catch {
      throw InstrumentError("\(program.path): cannot be started (\(error)); is its first line right?")
    }
  }

  deinit {
    if isTrusted { awaitEnd() }
    child.kill()
  }

  /// How long a program may go on when it is asked no more.
  private static let lastWords = Duration.seconds(2)
  /// So often `isStopped` is asked, in seconds.
  private static let patience = 0.1

  /// - Returns: nil where the program says `null`.
  /// - Throws: `InstrumentError`; `MeasuringStopped`.
  func answer(_ question: [String: String]) throws -> Double? {
    let picture = question["picture"] ?? ""
    // What it says beyond an answer would be taken for the next one.
    guard pending.isEmpty, !child.hasOutput else {
      throw surplus("wrote a line that it was not asked for, before the question about \(picture)")
    }
    let line = try JSONSerialization.data(withJSONObject: question, options: [.sortedKeys, .withoutEscapingSlashes])
    let text = try exchange(Array(line) + [UInt8(ascii: "\n")], about: picture)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    if text == "null" { return nil }
    guard let value = Double(text), value.isFinite else {
      throw failure("answered \"\(text.prefix(80))\" about \(picture); a number or null is expected")
    }
    return value
  }

  /// Ends the questions, and sees that every answer was asked for.
  /// - Throws: `InstrumentError` if there were more.
  func finish() throws {
    awaitEnd()
    isTrusted = false
    guard pending.isEmpty else {
      throw surplus(
        "wrote more lines than it was asked questions: \"\(Self.firstLine(pending))\" came after the last answer")
    }
  }

  /// Closes its input and takes what it still says, until it ends or its time is over.
  private func awaitEnd() {
    child.closeInput()
    let end = ContinuousClock.now + Self.lastWords
    while end > .now, pending.count < MetricProgram.mostBytes {
      guard let ready = try? child.wait(toWrite: false, seconds: (end - .now) / .seconds(1)) else { break }
      guard ready.reads else { continue }
      guard let more = try? child.read(), !more.isEmpty else { break }
      pending += more
    }
    // It has closed its output, and ends now or is made to.
    while end > .now, !child.isOver { usleep(2_000) }
  }

  /// Writes a question and reads the line that answers it, both within the time of one answer: a program may neither keep
  /// the question from being written nor its answer from being read.
  private func exchange(_ question: [UInt8], about picture: String) throws -> String {
    let end = ContinuousClock.now + .seconds(seconds)
    var rest = question[...]
    while true {
      if rest.isEmpty, let newline = pending.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: pending[..<newline], as: UTF8.self)
        pending.removeFirst(newline + 1)
        return line
      }
      guard pending.count < MetricProgram.mostBytes else {
        throw failure("its answer about \(picture) is a line of over \(MetricProgram.mostBytes) bytes")
      }
      if isStopped() {
        isTrusted = false
        throw MeasuringStopped()
      }
      let left = (end - .now) / .seconds(1)
      guard left > 0 else {
        let advice = rest.isEmpty ? "does it flush each line?" : "it does not read the question"
        throw failure("no answer about \(picture) in \(seconds.formatted()) seconds; \(advice)")
      }
      do {
        let ready = try child.wait(toWrite: !rest.isEmpty, seconds: min(left, Self.patience))
        if ready.writes { rest = rest.dropFirst(try child.write(rest)) }
        if ready.reads { try take(about: picture) }
      } catch let error as ChildProgram.SystemError {
        throw failure(
          error.number == EPIPE ? "ended before it was asked about \(picture)" : "cannot be asked (\(error))")
      }
    }
  }

  private func take(about picture: String) throws {
    let more = try child.read()
    guard !more.isEmpty else {
      throw failure(
        pending.isEmpty
          ? "ended without an answer about \(picture)" : "ended in the middle of a line, the answer about \(picture)")
    }
    pending += more
  }

  private static func firstLine(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }.prefix(80), as: UTF8.self)
  }

  /// After it nothing that the program says can be trusted to belong to a question.
  private func failure(_ message: String) -> InstrumentError {
    isTrusted = false
    return InstrumentError("\(program.path): \(message)")
  }

  /// Its earlier answers cannot be trusted either: there was one more than questions, and nobody knows which.
  private func surplus(_ message: String) -> InstrumentError {
    isTrusted = false
    return InstrumentError("\(program.path): \(message)", outOfStep: program)
  }
}

/// Measuring ended because it was asked to.
public struct MeasuringStopped: Error, Hashable, Sendable {
  public init() {}
}
