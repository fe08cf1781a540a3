import ExperimentFiles

/// What the runs say of a test or a claim.
public enum Verdict: String, CaseIterable, Hashable, Sendable {
  /// The interval lies beyond the threshold, and that of the difference to the placebo beyond 0.
  case shown
  /// The whole interval lies on the other side of the threshold.
  case refuted
  /// Anything else: an interval holds its threshold, the placebo does the same, or the interval promises too much.
  case undecided
  /// A gate failed, a metric has no room to show a difference, or there are too few clusters for an interval.
  case notTestable = "not testable here"

  /// Whether it says that the claim holds or does not.
  var isDecided: Bool { self == .shown || self == .refuted }

  /// Of a test whose gates hold.
  /// - Parameters:
  ///   - interval: Of the mean or mean difference; nil where there are too few clusters.
  ///   - placebo: Of the mean difference to the placebo.
  package init(_ threshold: ClaimThreshold, interval: ClosedRange<Double>?, placebo: PlaceboInterval) {
    switch (interval, placebo) {
    case (nil, _), (_, .missing): self = .notTestable
    case (let interval?, .interval(let difference)) where threshold.lies(before: interval):
      self = threshold.ofZero.lies(before: difference) ? .shown : .undecided
    case (let interval?, _):
      self = threshold.lies(before: interval) ? .shown : threshold.lies(beyond: interval) ? .refuted : .undecided
    }
  }

  /// Under two judges: what they agree on. What one cannot test is not testable, and what they see differently is open.
  func and(_ other: Verdict) -> Verdict {
    if self == other { return self }
    return [self, other].contains(.notTestable) ? .notTestable : .undecided
  }

  /// Of a claim, by its tests: what cannot be tested comes first, and what speaks against it before what is open.
  init(of tests: [Verdict]) {
    if tests.contains(.notTestable) {
      self = .notTestable
    } else if tests.allSatisfy({ $0 == .shown }) {
      self = .shown
    } else {
      self = tests.contains(.refuted) ? .refuted : .undecided
    }
  }
}

/// The interval of the mean difference to a placebo.
package enum PlaceboInterval {
  /// The test has no placebo.
  case none
  /// Too few clusters have both.
  case missing
  case interval(ClosedRange<Double>)
}

extension ClaimThreshold {
  /// Means that differ by rounding alone are equal.
  private var slack: Double { 1e-12 * max(1, abs(value)) }

  /// Whether an interval lies wholly on the side that the claim is about. One that ends at the threshold does not.
  func lies(before interval: ClosedRange<Double>) -> Bool {
    switch self {
    case .above(let value): interval.lowerBound > value + slack
    case .below(let value): interval.upperBound < value - slack
    }
  }

  /// Whether an interval lies wholly on the other side. One that ends at the threshold does not.
  func lies(beyond interval: ClosedRange<Double>) -> Bool {
    switch self {
    case .above(let value): ClaimThreshold.below(value).lies(before: interval)
    case .below(let value): ClaimThreshold.above(value).lies(before: interval)
    }
  }
}
