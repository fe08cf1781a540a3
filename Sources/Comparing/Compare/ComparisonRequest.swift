import ExperimentFiles
import Generation
import Measures

/// What to compare, and how.
public struct ComparisonRequest: Hashable, Sendable {
  /// What has a row of its own.
  public enum Grouping: String, CaseIterable, Codable, Hashable, Sendable {
    /// Each intervention, in the order of the layers that its operations select.
    case layer
    /// Each intervention, in the order of the steps that its operations select.
    case step
    /// Each intervention and seed.
    case seed
    /// Each intervention and pair of prompts.
    case prompt
    /// Each intervention in each of the settings of a sweep over `generate`.
    case settings
  }

  /// Names as `ComparableResults` gives them, or of interventions in any of the experiments; nil: all.
  public var interventions: [String]?
  /// The intervention that the others are compared with; of several experiments that have it, the first one's.
  public var baseline: String
  /// nil: all that every experiment measured.
  public var metrics: [Metric]?
  /// nil: a row for each intervention, in the order of the files.
  public var grouping: Grouping?
  /// Of the bootstrap.
  public var resamples: Int
  /// Of the bootstrap and of the signs of `permutations`.
  public var seed: UInt64
  /// How many signs to draw for a test of all rows of a metric together, 999 or more; nil: no test.
  public var permutations: Int?
  /// By the name of a metric, the difference that would not matter: above 0 and finite, in the metric's unit.
  public var equivalence: [String: Double]
  /// Two metrics to be correlated.
  public var correlation: MetricPair?

  public init(
    interventions: [String]? = nil, baseline: String = InterventionSpec.none.name, metrics: [Metric]? = nil,
    grouping: Grouping? = nil, resamples: Int = 10_000, seed: UInt64 = 0, permutations: Int? = nil,
    equivalence: [String: Double] = [:], correlation: MetricPair? = nil
  ) {
    self.interventions = interventions
    self.baseline = baseline
    self.metrics = metrics
    self.grouping = grouping
    self.resamples = resamples
    self.seed = seed
    self.permutations = permutations
    self.equivalence = equivalence
    self.correlation = correlation
  }
}

/// Two metrics by their names.
public struct MetricPair: Hashable, Sendable {
  public let first: String
  public let second: String

  public init(_ first: String, _ second: String) {
    self.first = first
    self.second = second
  }
}
