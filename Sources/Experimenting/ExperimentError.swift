/// An experiment that cannot be planned or run: where it stands, what was found, and what to do.
public struct ExperimentError: Error, Hashable, CustomStringConvertible {
  /// Never empty; one line each.
  public let problems: [String]

  public init(_ problems: [String]) {
    self.problems = problems
  }

  public init(_ problem: String) {
    self.init([problem])
  }

  public var description: String { problems.joined(separator: "\n") }
}
