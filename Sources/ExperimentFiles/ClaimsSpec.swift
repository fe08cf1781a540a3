import Tensors

/// What an experiment claims, and what decides it: written before the run, judged after it.
public struct ClaimsSpec: Codable, Hashable, Sendable {
  public static let defaultConfidence = 0.95

  /// The seeds whose runs decide; the others are for looking. nil: all.
  public internal(set) var heldOutSeeds: [Seed]?
  /// How often no test of a claim is shown or refuted wrongly, above 0 and below 1.
  public internal(set) var confidence: Double
  /// Means over interventions that gates and tests may name; nil: none.
  public internal(set) var averages: [AverageSpec]?
  /// What must hold before any claim is judged.
  public internal(set) var gates: [GateSpec]
  /// Never empty; their names differ.
  public internal(set) var claims: [ClaimSpec]

  public init(
    heldOutSeeds: [Seed]? = nil, confidence: Double = ClaimsSpec.defaultConfidence, averages: [AverageSpec]? = nil,
    gates: [GateSpec] = [], claims: [ClaimSpec]
  ) {
    self.heldOutSeeds = heldOutSeeds
    self.confidence = confidence
    self.averages = averages
    self.gates = gates
    self.claims = claims
  }
}

/// A name for several interventions, such as sets of layers that were drawn at random. Of each pair, seed and settings it has the mean
/// over their runs.
public struct AverageSpec: Codable, Hashable, Sendable {
  public internal(set) var name: String
  /// Two interventions or more, none twice.
  public internal(set) var interventions: [String]

  public init(name: String, interventions: [String]) {
    self.name = name
    self.interventions = interventions
  }
}

/// What must hold before a claim may be judged: without it the measurements could show nothing.
public struct GateSpec: Codable, Hashable, Sendable {
  public enum Condition: Codable, Hashable, Sendable {
    /// The mean of a metric over an intervention's runs, or over the sources.
    case mean(metric: String, of: String, atLeast: Double)
    /// The interval of the mean paired difference excludes 0.
    case difference(metric: String, of: String, against: String)
    /// The share of known answers that an instrument gets right.
    case instrument(String, atLeast: Double)
  }

  /// The gate in words.
  public let says: String
  public let condition: Condition

  public init(says: String, condition: Condition) {
    self.says = says
    self.condition = condition
  }
}

/// A statement and the tests that decide it.
public struct ClaimSpec: Codable, Hashable, Sendable {
  public internal(set) var name: String
  public internal(set) var statement: String
  /// What is left out, in words, as the report prints it. May be empty.
  public internal(set) var exclusions: String
  /// Which edits count, by their sources; nil: all.
  public internal(set) var sources: SourceRule?
  /// What must cost the metrics of the tests, or they cannot be judged; nil: nothing.
  public internal(set) var gate: RemovalGate?
  /// Never empty. They are one family: their intervals are corrected together.
  public internal(set) var tests: [ClaimTestSpec]

  public init(
    name: String, statement: String, exclusions: String = "", sources: SourceRule? = nil, gate: RemovalGate? = nil,
    tests: [ClaimTestSpec]
  ) {
    self.name = name
    self.statement = statement
    self.exclusions = exclusions
    self.sources = sources
    self.gate = gate
    self.tests = tests
  }

  /// What the gate looks at: the metric that it names, or those of all tests. Empty without a gate.
  package var gateMetrics: [String] { gate == nil ? [] : tests.compactMap(gateMetric).uniqued }

  /// What the gate looks at for a test: the metric that it names, or the test's own; nil without a gate.
  package func gateMetric(of test: ClaimTestSpec) -> String? { gate.map { $0.metric ?? test.metric } }
}

/// Edits count whose source has at least this of a metric. What an edit shows itself never decides whether it counts.
public struct SourceRule: Codable, Hashable, Sendable {
  public internal(set) var metric: String
  public internal(set) var atLeast: Double

  public init(metric: String, atLeast: Double) {
    self.metric = metric
    self.atLeast = atLeast
  }
}

/// Where a claim is about an attention, the removal of that attention must matter to what the claim is told by.
public struct RemovalGate: Codable, Hashable, Sendable {
  /// A share, 0 to 1; nil: each test's own metric.
  public internal(set) var metric: String?
  /// The intervention that removes the attention, as one that makes it uniform.
  public internal(set) var removed: String
  /// The intervention that leaves it alone.
  public internal(set) var against: String

  /// How much lower the metric must be with the attention removed.
  public static let fall = 0.2
  /// What the interval of that fall must lie above.
  public static let surely = 0.1

  public init(metric: String? = nil, removed: String, against: String) {
    self.metric = metric
    self.removed = removed
    self.against = against
  }
}

/// A mean that must lie beyond a threshold.
public struct ClaimTestSpec: Codable, Hashable, Sendable {
  /// The test in words.
  public internal(set) var says: String
  /// A name of the file's `metrics`.
  public internal(set) var metric: String
  /// An intervention, or `source`.
  public internal(set) var of: String
  /// What it is compared with, run by run; nil: nothing, and the mean itself is tested.
  public internal(set) var against: String?
  public internal(set) var threshold: ClaimThreshold
  /// What must not do the same: `of` less this one must lie beyond 0 on the threshold's side.
  public internal(set) var placebo: String?
  /// Whether `of` and `against` are curves of the file's `methods`, read where they keep equally much; nil: they are interventions.
  public internal(set) var isHeld: Bool?
  /// The settings of `generate` whose runs count; nil: all.
  public internal(set) var settings: String?

  public init(
    says: String, metric: String, of: String, against: String? = nil, threshold: ClaimThreshold, placebo: String? = nil,
    isHeld: Bool? = nil, settings: String? = nil
  ) {
    self.says = says
    self.metric = metric
    self.of = of
    self.against = against
    self.threshold = threshold
    self.placebo = placebo
    self.isHeld = isHeld
    self.settings = settings
  }
}

/// A value, and the side of it that a claim is about.
public enum ClaimThreshold: Codable, Hashable, Sendable {
  case above(Double)
  case below(Double)

  public var value: Double {
    switch self {
    case .above(let value), .below(let value): value
    }
  }

  /// `above` or `below`, as the file has it.
  public var side: String {
    switch self {
    case .above: "above"
    case .below: "below"
    }
  }

  /// The same side of 0.
  package var ofZero: ClaimThreshold {
    switch self {
    case .above: .above(0)
    case .below: .below(0)
    }
  }
}

extension ClaimsSpec {
  /// The metrics that gates and tests look at.
  package var metrics: [String] {
    let ofGates = gates.compactMap { gate -> String? in
      switch gate.condition {
      case .mean(let metric, _, _), .difference(let metric, _, _): metric
      case .instrument: nil
      }
    }
    let own = claims.flatMap { claim in claim.tests.map(\.metric) + (claim.gate?.metric.map { [$0] } ?? []) }
    return (ofGates + own).uniqued
  }
}
