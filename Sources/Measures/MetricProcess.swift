import Foundation

/// A metric's program at work: a question a line, an answer a line.
final class MetricProcess {
  private let path: String
  private let process = Process()
  private let questions = Pipe()
  private let answers = Pipe()
  private let seconds: Double
  private var pending: [UInt8] = []
  /// Whether it may still end by itself.
  private var isTrusted = true

  /// - Parameter seconds: how long an answer may take.
  /// - Throws: `InstrumentError` if it cannot be started.
  init(_ program: MetricProgram, seconds: Double) throws {
    path = program.path
    self.seconds = seconds
    process.executableURL = URL(fileURLWithPath: path)
    process.standardInput = questions
    process.standardOutput = answers
    // Writing to a program that ended is an error, and no signal that ends this process too.
    signal(SIGPIPE, SIG_IGN)
    do { try process.run() } catch {
      throw InstrumentError("\(path): cannot be started (\(error.localizedDescription)); is its first line right?")
    }
  }

  deinit {
    guard process.processIdentifier > 0 else { return }
    try? questions.fileHandleForWriting.close()
    let end = ContinuousClock.now + Self.lastWords
    while isTrusted, process.isRunning, .now < end { usleep(5_000) }
    if process.isRunning {
      // With what it started itself, which holds its pipes.
      kill(-process.processIdentifier, SIGKILL)
      kill(process.processIdentifier, SIGKILL)
    }
    process.waitUntilExit()
  }

  /// How long a program may go on when it is asked no more.
  private static let lastWords = Duration.seconds(2)

  /// - Returns: nil where the program says `null`.
  /// - Throws: `InstrumentError`.
  func answer(_ question: [String: String]) throws -> Double? {
    let picture = question["picture"] ?? ""
    // What it says beyond an answer would be taken for the next one.
    guard pending.isEmpty, try !isReady(within: 0) else {
      throw failure("wrote a line that it was not asked for, before the question about \(picture)")
    }
    let line = try JSONSerialization.data(withJSONObject: question, options: [.sortedKeys, .withoutEscapingSlashes])
    do { try questions.fileHandleForWriting.write(contentsOf: line + Data("\n".utf8)) } catch {
      throw failure("ended before it was asked about \(picture)")
    }
    let text = try readLine(about: picture).trimmingCharacters(in: .whitespacesAndNewlines)
    if text == "null" { return nil }
    guard let value = Double(text), value.isFinite else {
      throw failure("answered \"\(text.prefix(80))\" about \(picture); a number or null is expected")
    }
    return value
  }

  private func readLine(about picture: String) throws -> String {
    let end = ContinuousClock.now + .seconds(seconds)
    while true {
      if let newline = pending.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: pending[..<newline], as: UTF8.self)
        pending.removeFirst(newline + 1)
        return line
      }
      guard pending.count < MetricProgram.mostBytes else {
        throw failure("its answer about \(picture) is a line of over \(MetricProgram.mostBytes) bytes")
      }
      let rest = (end - .now) / .seconds(1)
      guard try rest > 0 && isReady(within: rest) else {
        if ContinuousClock.now < end { continue }
        throw failure("no answer about \(picture) in \(seconds.formatted()) seconds; does it flush each line?")
      }
      let more = answers.fileHandleForReading.availableData
      guard !more.isEmpty else {
        throw failure(
          pending.isEmpty
            ? "ended without an answer about \(picture)" : "ended in the middle of a line, the answer about \(picture)")
      }
      pending += more
    }
  }

  /// Whether there is something to read, or the end; false too where a signal came first.
  private func isReady(within seconds: Double) throws -> Bool {
    var place = pollfd(fd: answers.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
    let found = poll(&place, 1, Int32(min(1e9, (seconds * 1000).rounded(.up))))
    if found < 0, errno != EINTR { throw failure("cannot be read (\(String(cString: strerror(errno))))") }
    // Without a question the end is no answer.
    return found > 0 && (seconds > 0 || place.revents & Int16(POLLIN) != 0)
  }

  /// After it nothing that the program says can be trusted to belong to a question.
  private func failure(_ message: String) -> InstrumentError {
    isTrusted = false
    return InstrumentError("\(path): \(message)")
  }
}
