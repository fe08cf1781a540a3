import Analysis
import ExperimentFiles
import Measures
import Results

/// The claims of an experiment and what its runs say of them.
///
/// The tests of a claim are one family, corrected by Holm's procedure: with m tests open, those are decided whose interval of
/// confidence `1 - (1 - c) / m` excludes the threshold, c the file's confidence; the others are looked at again with the
/// smaller m, until none is decided. So in a share c of experiments or more no test of the claim is shown or refuted wrongly,
/// however the tests depend on one another, if each interval holds as often as it says. A placebo and a second scene reader
/// need no correction: it takes them as well to show a claim. Claims are corrected apart, and gates, which can only keep a
/// verdict from being given, are not.
///
/// How often an interval holds is simulated where it can be. A test whose interval holds the true mean in surely fewer
/// than 93 % of samples like the one that was found (``ClaimCoverage``) stays open, unless its mean lies further from
/// the threshold than twice the interval's half-width on that side.
/// - Source: Holm 1979.
public struct ClaimsJudgement: Sendable {
  /// A gate and whether it holds.
  public struct Gate: Sendable {
    public let spec: GateSpec
    public let holds: Bool
    /// Of a mean or a difference.
    public let estimate: ClaimEstimate?
    /// Of an instrument; nil if nobody measured it.
    public let accuracy: Double?
    /// Why nothing could be found out; nil if it could.
    public let problem: String?
  }

  /// What a metric of a claim loses with the attention removed that the claim is about.
  public struct Removal: Sendable {
    public let spec: RemovalGate
    public let metric: String
    /// Of the metric with the attention less that without it.
    public let estimate: ClaimEstimate
    /// The same by the second scene reader; nil where it took no such metric.
    public let bySecondReader: ClaimEstimate?

    /// Under both scene readers, where there are two.
    public var holds: Bool {
      [estimate, bySecondReader].compactMap { $0 }.allSatisfy { estimate in
        estimate.result.difference >= RemovalGate.fall - 1e-12
          && estimate.interval.map { $0.lowerBound > RemovalGate.surely } ?? false
      }
    }

    /// Why a test cannot be judged where it does not hold.
    var shortfall: String { "without the attention (\(spec.removed)) too little of \(metric) is lost" }
  }

  /// A test and its verdict.
  public struct Test: Sendable {
    public let spec: ClaimTestSpec
    public let estimate: ClaimEstimate
    /// Of `of` less the placebo.
    public let placebo: ClaimEstimate?
    /// The mean or mean difference as the second scene reader sees it; nil where it took no such metric.
    public let bySecondReader: ClaimEstimate?
    /// Of the test's intervals.
    public let confidence: Double
    /// Under both scene readers, where there are two.
    public let verdict: Verdict
    /// Why it is not testable, or why it is undecided.
    public let reason: String?

    var estimates: [ClaimEstimate] { [estimate] + (placebo.map { [$0] } ?? []) }
  }

  /// A claim and its verdict.
  public struct Claim: Sendable {
    public let spec: ClaimSpec
    /// One for each metric that the gate looks at; empty where the claim names no attention that must matter.
    public let removals: [Removal]
    public let tests: [Test]
    public let verdict: Verdict
    /// Edits that do not count, as their source is not as it should be, and how many edits there are.
    public let leftOut: EditsLeftOut
  }

  public let spec: ClaimsSpec
  public let gates: [Gate]
  public let claims: [Claim]
  /// How many pictures are in any of the means.
  public let pictures: Int
  /// Their seeds.
  public let seeds: Int

  /// Judges the claims of stored results by the runs of the seeds that the file holds out, or by all.
  /// - Parameter instruments: How often the instruments are right that gates name; nil: what is known of the experiment's.
  /// - Returns: nil if the experiment makes no claims.
  package init?(_ data: StoredResults, instruments: InstrumentAccuracies? = nil) {
    guard let claims = data.spec.claims else { return nil }
    self.init(
      claims, ClaimRuns(data, seeds: claims.heldOutSeeds),
      instruments ?? InstrumentAccuracies(data.spec.instruments, of: data.spec.model))
  }

  init(_ spec: ClaimsSpec, _ runs: ClaimRuns, _ instruments: InstrumentAccuracies) {
    let alone = Bootstrap(jointly: spec.confidence, intervals: 1)
    let gates = spec.gates.map { Gate($0, runs, alone, instruments) }
    let failed = gates.filter { !$0.holds }.map(\.spec.says)
    self.spec = spec
    self.gates = gates
    claims = spec.claims.map { claim in
      let counted = claim.sources.map(runs.counting) ?? runs
      let removals =
        claim.gate.map { gate in claim.gateMetrics.map { Removal(gate, metric: $0, counted, alone) } } ?? []
      let tests = Self.judged(claim.tests, spec) { test, bootstrap in
        let missing = removals.filter { $0.metric == claim.gateMetric(of: test) && !$0.holds }
        return Test(test, counted, bootstrap, failed: failed + missing.map(\.shortfall))
      }
      return Claim(
        spec: claim, removals: removals, tests: tests, verdict: Verdict(of: tests.map(\.verdict)),
        leftOut: counted.editsLeftOut)
    }
    let used = claims.flatMap(\.tests).reduce(into: Set<Int>()) { used, test in
      for estimate in test.estimates { used.formUnion(estimate.runs) }
    }
    pictures = used.count
    seeds = Set(used.map { runs.runs[$0].key.seed }).count
  }

  /// Holm's procedure, by intervals: all tests that are decided at one level are taken away at once, which comes to the same as
  /// one after another.
  private static func judged(
    _ specs: [ClaimTestSpec], _ claims: ClaimsSpec, _ judge: (ClaimTestSpec, Bootstrap) -> Test
  ) -> [Test] {
    let all = Bootstrap(jointly: claims.confidence, intervals: specs.count)
    var judged = specs.map { judge($0, all) }
    var open = judged.indices.filter { !judged[$0].verdict.isDecided }
    var count = specs.count
    while open.count < count, !open.isEmpty {
      count = open.count
      let rest = Bootstrap(jointly: claims.confidence, intervals: count)
      for index in open { judged[index] = judge(specs[index], rest) }
      open = open.filter { !judged[$0].verdict.isDecided }
    }
    return judged
  }
}

extension ClaimsJudgement.Gate {
  fileprivate init(
    _ spec: GateSpec, _ runs: ClaimRuns, _ bootstrap: Bootstrap, _ instruments: InstrumentAccuracies
  ) {
    switch spec.condition {
    case .mean(let metric, let of, let atLeast):
      let estimate = runs.estimate(metric, of: of, bootstrap)
      // A mean needs no interval.
      let problem = estimate.result.count == 0 ? estimate.problem : nil
      self.init(
        spec: spec, holds: estimate.result.treatmentMean >= atLeast, estimate: estimate, accuracy: nil, problem: problem
      )
    case .difference(let metric, let of, let against):
      let estimate = runs.estimate(metric, of: of, against: against, bootstrap)
      let holds = estimate.excludesZero ?? false
      self.init(spec: spec, holds: holds, estimate: estimate, accuracy: nil, problem: estimate.problem)
    case .instrument(let name, let atLeast):
      let accuracy = instruments.accuracy(name)
      self.init(
        spec: spec, holds: accuracy.map { $0 >= atLeast } ?? false, estimate: nil, accuracy: accuracy,
        problem: accuracy == nil ? "no accuracy of \"\(name)\" is known on pictures of this model" : nil)
    }
  }
}

extension ClaimsJudgement.Removal {
  fileprivate init(_ gate: RemovalGate, metric: String, _ runs: ClaimRuns, _ bootstrap: Bootstrap) {
    func estimate(_ metric: String) -> ClaimEstimate {
      runs.estimate(metric, of: gate.against, against: gate.removed, bootstrap)
    }
    let second = Metric.nameBySecondReader(metric)
    self.init(
      spec: gate, metric: metric, estimate: estimate(metric), bySecondReader: runs.has(second) ? estimate(second) : nil)
  }
}
