/// Everything that is wrong with one experiment file.
///
/// Its description is the text for the user: a line with the count, then one line a problem, in the order of the file.
public struct SpecError: Error, Hashable, CustomStringConvertible {
  /// The experiment file as it was named to the tool.
  public let file: String
  /// Never empty; of many the first ones.
  public let problems: [SpecProblem]
  /// How many there are beside those of `problems`.
  public let omitted: Int

  /// As many problems as a reader still reads.
  public static let mostProblems = 100

  public init(file: String, problems: [SpecProblem]) {
    self.file = file
    self.problems = Array(problems.prefix(Self.mostProblems))
    omitted = problems.count - self.problems.count
  }

  public var description: String {
    let count = problems.count == 1 ? "1 problem" : "\(problems.count + omitted) problems"
    let rest = omitted == 0 ? [] : ["and \(omitted) more"]
    return (["\(file): \(count)"] + problems.map(\.description) + rest).joined(separator: "\n")
  }
}

/// One wrong key or value: where it stands, what was found there, and what is allowed.
public struct SpecProblem: Hashable, Sendable, CustomStringConvertible {
  /// The file that holds it, or the option that set it, as `--set generate.seeds`.
  public let file: String
  /// From 1; nil for an option, and for a file that could not be read.
  public let line: Int?
  /// From 1, in Unicode code points.
  public let column: Int?
  /// The key's path, written as `--set` takes it; empty for the file as a whole.
  public let path: String
  public let message: String

  public init(file: String, line: Int? = nil, column: Int? = nil, path: String = "", message: String) {
    self.file = file
    self.line = line
    self.column = column
    self.path = path
    self.message = Self.shortened(message)
  }

  /// The message with at most 200 characters of each text that it quotes, and 2,000 in all.
  private static func shortened(_ message: String) -> String {
    let most = 200
    guard message.utf8.count > most else { return message }
    let parts = message.split(separator: "\"", omittingEmptySubsequences: false)
    // What stands between quotes is every second part.
    let text = parts.enumerated().map { index, part in
      index % 2 == 1 && part.utf8.count > most && part.count > most ? part.prefix(most - 3) + "..." : part
    }.joined(separator: "\"")
    return text.utf8.count > 10 * most && text.count > 10 * most ? text.prefix(10 * most - 3) + "..." : text
  }

  public var description: String {
    let place = [line, column].compactMap { $0 }.map { ":\($0)" }.joined()
    return "\(file)\(place): \(message)"
  }
}
