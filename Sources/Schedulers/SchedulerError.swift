/// A scheduler that cannot be made or restored: every problem found, each with where it is and what is allowed.
public struct SchedulerError: Error, Hashable, CustomStringConvertible {
  /// One sentence a problem.
  public let problems: [String]

  public init(_ problems: [String]) {
    self.problems = problems
  }

  public init(_ problem: String) {
    self.init([problem])
  }

  public var description: String { problems.joined(separator: "\n") }
}
