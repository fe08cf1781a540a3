import Analysis
import ExperimentFiles
import Foundation
import Measures

/// What one scene reader's values say of a test whose gates hold.
private struct ReaderJudgement {
  let estimate: ClaimEstimate
  let placebo: ClaimEstimate?
  let verdict: Verdict
  /// Why the metric cannot show a difference, or why methods cannot be read; nil if they can.
  let obstacle: String?
  /// Why what the interval says is not enough for a verdict; nil if it is, or if it says nothing.
  let shortfall: String?

  /// - Parameter isOpen: whether all gates hold.
  init(_ spec: ClaimTestSpec, metric: String, _ runs: ClaimRuns, _ bootstrap: Bootstrap, isOpen: Bool) {
    var unreached: String?
    if spec.isHeld == true {
      switch runs.held(metric, of: spec.of, against: spec.against) {
      case .success(let held):
        estimate = ClaimEstimate(
          held.values, bootstrap, standardError: held.standardError,
          within: runs.range(of: metric, against: spec.against))
      case .failure(let failure):
        estimate = ClaimEstimate(([], 0), bootstrap)
        unreached = failure.reason
      }
    } else {
      estimate = runs.estimate(metric, of: spec.of, against: spec.against, bootstrap)
    }
    placebo = spec.placebo.map { runs.estimate(metric, of: spec.of, against: $0, bootstrap) }
    obstacle = unreached ?? (runs.isShare(metric) && spec.against != nil ? Self.saturation(metric, estimate) : nil)
    let interval: PlaceboInterval =
      placebo.map { estimate in estimate.interval.map { .interval($0) } ?? .missing } ?? .none
    let found = obstacle == nil ? Verdict(spec.threshold, interval: estimate.interval, placebo: interval) : .notTestable
    let ofPlacebo = { (placebo: ClaimEstimate?) in
      placebo?.shortfall(at: spec.threshold.ofZero).map { "of the placebo, \($0)" }
    }
    // Where a gate failed nothing is decided, and nothing need be simulated.
    shortfall =
      isOpen && found.isDecided
      ? estimate.shortfall(at: spec.threshold) ?? (found == .shown ? ofPlacebo(placebo) : nil) : nil
    verdict = shortfall == nil ? found : .undecided
  }

  /// The verdict, with what stands in the way of another one.
  var text: String { verdict.rawValue + ((obstacle ?? shortfall).map { ", as \($0)" } ?? "") }

  /// Shares beyond these in both arms leave no room for a difference.
  private static let room = 0.02...0.98

  private static func saturation(_ metric: String, _ estimate: ClaimEstimate) -> String? {
    let means = [estimate.result.treatmentMean, estimate.result.baselineMean]
    let side =
      means.allSatisfy { $0 > room.upperBound }
      ? "above \(room.upperBound)" : means.allSatisfy { $0 < room.lowerBound } ? "below \(room.lowerBound)" : nil
    return side.map { side in
      "\(metric) is \(String(format: "%.3f and %.3f", means[0], means[1])), \(side) in both, where it has no room to show a "
        + "difference"
    }
  }
}

extension ClaimsJudgement.Test {
  /// - Parameter failed: What the gates say that do not hold.
  init(_ spec: ClaimTestSpec, _ all: ClaimRuns, _ bootstrap: Bootstrap, failed: [String]) {
    let runs = spec.settings.map(all.within) ?? all
    let first = ReaderJudgement(spec, metric: spec.metric, runs, bootstrap, isOpen: failed.isEmpty)
    let secondMetric = Metric.nameBySecondReader(spec.metric)
    let second =
      runs.has(secondMetric)
      ? ReaderJudgement(spec, metric: secondMetric, runs, bootstrap, isOpen: failed.isEmpty) : nil
    let (estimate, placebo) = (first.estimate, first.placebo)
    self.spec = spec
    self.estimate = estimate
    self.placebo = placebo
    confidence = bootstrap.confidence
    bySecondReader = second?.estimate
    verdict = failed.isEmpty ? second.map { first.verdict.and($0.verdict) } ?? first.verdict : .notTestable
    if failed.isEmpty, let second, second.verdict != first.verdict {
      reason = "the judges differ: by the first scene reader it is \(first.text), by the second \(second.text)"
      return
    }
    let isBeyond = estimate.interval.map { spec.threshold.lies(before: $0) } ?? false
    switch verdict {
    case .notTestable:
      reason =
        failed.first.map { "a gate failed: \($0)" } ?? first.obstacle ?? estimate.problem
        ?? placebo?.problem.map { "placebo: \($0)" }
    case .undecided:
      reason = first.shortfall ?? (isBeyond ? "the placebo may do the same" : "the interval holds the threshold")
    case .shown, .refuted: reason = nil
    }
  }
}
