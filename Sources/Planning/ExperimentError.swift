import StrictYAML

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

  public var description: String { firstOnes(problems).joined(separator: "\n") }
}

/// As many lines as a reader still reads, and how many more there are.
package func firstOnes(_ lines: [String]) -> [String] {
  let most = SpecError.mostProblems
  return lines.count > most ? lines.prefix(most) + ["and \(lines.count - most) more"] : lines
}
