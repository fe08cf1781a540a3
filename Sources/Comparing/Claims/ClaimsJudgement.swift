import Analysis
import ExperimentFiles
import Measures
import Results

/// The claims of an experiment and what its runs say of them.
///
/// Every interval of a file is a BCa bootstrap of confidence `1 - (1 - c) / m`, c the file's confidence and m the number
/// of intervals: of tests, their placebos and gates on differences. By Bonferroni's inequality all m hold together with
/// probability c or more, if each holds as often as it says, however they depend on one another; so no claim is shown
/// only because many were tried.
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

  /// A test and its verdict.
  public struct Test: Sendable {
    public let spec: ClaimTestSpec
    public let estimate: ClaimEstimate
    /// Of `of` less the placebo.
    public let placebo: ClaimEstimate?
    /// The mean or mean difference as the second scene reader sees it; nil where it took no such metric.
    public let bySecondReader: ClaimEstimate?
    /// Under both scene readers, where there are two. It takes both to show a claim, so the second test of it needs no
    /// wider intervals.
    public let verdict: Verdict
    /// Why it is not testable, or why it is undecided.
    public let reason: String?

    var estimates: [ClaimEstimate] { [estimate] + (placebo.map { [$0] } ?? []) }
  }

  /// A claim and its verdict.
  public struct Claim: Sendable {
    public let spec: ClaimSpec
    public let tests: [Test]
    public let verdict: Verdict
  }

  public let spec: ClaimsSpec
  /// Of every interval, with the corrected confidence.
  public let bootstrap: Bootstrap
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
      claims, ClaimRuns(data, seeds: claims.heldOutSeeds), instruments ?? InstrumentAccuracies(data.spec.instruments))
  }

  init(_ spec: ClaimsSpec, _ runs: ClaimRuns, _ instruments: InstrumentAccuracies) {
    let bootstrap = Self.bootstrap(spec)
    let gates = spec.gates.map { Gate($0, runs, bootstrap, instruments) }
    let failed = gates.filter { !$0.holds }.map(\.spec.says)
    self.spec = spec
    self.bootstrap = bootstrap
    self.gates = gates
    claims = spec.claims.map { claim in
      let tests = claim.tests.map { Test($0, runs, bootstrap, failed: failed) }
      return Claim(spec: claim, tests: tests, verdict: Verdict(of: tests.map(\.verdict)))
    }
    let used = claims.flatMap(\.tests).reduce(into: Set<Int>()) { used, test in
      for estimate in test.estimates { used.formUnion(estimate.runs) }
    }
    pictures = used.count
    seeds = Set(used.map { runs.runs[$0].key.seed }).count
  }

  /// At least fifty resampled means lie beyond each end of an interval, or the ends would be rough.
  private static func bootstrap(_ spec: ClaimsSpec) -> Bootstrap {
    let missed = (1 - spec.confidence) / Double(max(1, spec.intervals))
    let resamples = min(1_000_000, max(10_000, Int((100 / missed).rounded(.up))))
    return Bootstrap(resamples: resamples, confidence: 1 - missed)
  }
}

extension ClaimsJudgement.Gate {
  fileprivate init(
    _ spec: GateSpec, _ runs: ClaimRuns, _ bootstrap: Bootstrap, _ instruments: InstrumentAccuracies
  ) {
    switch spec.condition {
    case .mean(let metric, let of, let atLeast):
      let estimate = ClaimEstimate(runs.values(metric, of: of), bootstrap)
      // A mean needs no interval.
      let problem = estimate.result.count == 0 ? estimate.problem : nil
      self.init(
        spec: spec, holds: estimate.result.treatmentMean >= atLeast, estimate: estimate, accuracy: nil, problem: problem
      )
    case .difference(let metric, let of, let against):
      let estimate = ClaimEstimate(runs.values(metric, of: of, against: against), bootstrap)
      let zero = ClaimThreshold.above(0)
      let holds = estimate.interval.map { zero.lies(before: $0) || zero.lies(beyond: $0) } ?? false
      self.init(spec: spec, holds: holds, estimate: estimate, accuracy: nil, problem: estimate.problem)
    case .instrument(let name, let atLeast):
      let accuracy = instruments.accuracy(name)
      self.init(
        spec: spec, holds: accuracy.map { $0 >= atLeast } ?? false, estimate: nil, accuracy: accuracy,
        problem: accuracy == nil ? "no accuracy of \"\(name)\" is known" : nil)
    }
  }
}

/// What one scene reader's values say of a test whose gates hold.
private struct ReaderJudgement {
  let estimate: ClaimEstimate
  let placebo: ClaimEstimate?
  let verdict: Verdict

  init(_ spec: ClaimTestSpec, metric: String, _ runs: ClaimRuns, _ bootstrap: Bootstrap) {
    let values = spec.against.map { runs.values(metric, of: spec.of, against: $0) }
    estimate = ClaimEstimate(values ?? runs.values(metric, of: spec.of), bootstrap)
    placebo = spec.placebo.map { ClaimEstimate(runs.values(metric, of: spec.of, against: $0), bootstrap) }
    let interval: PlaceboInterval =
      placebo.map { estimate in estimate.interval.map { .interval($0) } ?? .missing } ?? .none
    verdict = Verdict(spec.threshold, interval: estimate.interval, placebo: interval)
  }
}

extension ClaimsJudgement.Test {
  /// - Parameter failed: What the gates say that do not hold.
  fileprivate init(_ spec: ClaimTestSpec, _ runs: ClaimRuns, _ bootstrap: Bootstrap, failed: [String]) {
    let first = ReaderJudgement(spec, metric: spec.metric, runs, bootstrap)
    let secondMetric = Metric.nameBySecondReader(spec.metric)
    let second = runs.has(secondMetric) ? ReaderJudgement(spec, metric: secondMetric, runs, bootstrap) : nil
    let (estimate, placebo) = (first.estimate, first.placebo)
    self.spec = spec
    self.estimate = estimate
    self.placebo = placebo
    bySecondReader = second?.estimate
    verdict = failed.isEmpty ? second.map { first.verdict.and($0.verdict) } ?? first.verdict : .notTestable
    if failed.isEmpty, let second, second.verdict != first.verdict {
      reason =
        "by the first scene reader it is \(first.verdict.rawValue), by the second \(second.verdict.rawValue)"
      return
    }
    let isBeyond = estimate.interval.map { spec.threshold.lies(before: $0) } ?? false
    switch verdict {
    case .notTestable:
      reason =
        failed.first.map { "a gate failed: \($0)" } ?? estimate.problem ?? placebo?.problem.map { "placebo: \($0)" }
    case .undecided: reason = isBeyond ? "the placebo may do the same" : "the interval holds the threshold"
    case .shown, .refuted: reason = nil
    }
  }
}
