import StrictYAML

/// An experiment that cannot be planned or run: everything that is wrong with it.
public struct ExperimentError: Error, Hashable, CustomStringConvertible {
  /// Never empty.
  public let faults: [ExperimentFault]

  public init(_ faults: [ExperimentFault]) {
    self.faults = faults
  }

  public init(_ fault: ExperimentFault) {
    self.init([fault])
  }

  public init(_ problems: [String]) {
    self.init(problems.map { ExperimentFault($0) })
  }

  public init(_ problem: String) {
    self.init([problem])
  }

  /// The faults in words, one line each.
  public var problems: [String] { faults.map(\.description) }

  public var description: String { firstOnes(problems).joined(separator: "\n") }
}

/// One thing that keeps an experiment from being planned or run.
public struct ExperimentFault: Hashable, Sendable, CustomStringConvertible {
  /// The key of the file that holds it, as `interventions.swap.0`; nil for what no one key holds.
  public let place: String?
  /// What was found there.
  public let found: String
  /// What may stand there, or what there is; nil where `found` says it.
  public let expected: String?
  /// What to do; nil where that follows.
  public let advice: String?

  public init(_ found: String, at place: String? = nil, expected: String? = nil, advice: String? = nil) {
    self.place = place
    self.found = found
    self.expected = expected
    self.advice = advice
  }

  /// `place: found; expected: advice`, or `place: found; advice`.
  public var description: String {
    let what = (place.map { "\($0): " } ?? "") + found
    guard let expected else { return what + (advice.map { "; \($0)" } ?? "") }
    return "\(what); \(expected)" + (advice.map { ": \($0)" } ?? "")
  }
}

/// As many lines as a reader still reads, and how many more there are.
package func firstOnes(_ lines: [String]) -> [String] {
  let most = SpecError.mostProblems
  return lines.count > most ? lines.prefix(most) + ["and \(lines.count - most) more"] : lines
}
