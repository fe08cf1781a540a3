/// Everything that is wrong with one experiment file.
///
/// Its description is the text for the user: a line with the count, then one line a problem, in the order of the file.
public struct SpecError: Error, Hashable, CustomStringConvertible {
  /// The experiment file as it was named to the tool.
  public let file: String
  /// Never empty.
  public let problems: [SpecProblem]

  public init(file: String, problems: [SpecProblem]) {
    self.file = file
    self.problems = problems
  }

  public var description: String {
    let count = problems.count == 1 ? "1 problem" : "\(problems.count) problems"
    return (["\(file): \(count)"] + problems.map(\.description)).joined(separator: "\n")
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
    self.message = message
  }

  public var description: String {
    let place = [line, column].compactMap { $0 }.map { ":\($0)" }.joined()
    return "\(file)\(place): \(message)"
  }
}
