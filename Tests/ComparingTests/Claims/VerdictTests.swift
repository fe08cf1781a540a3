import TestSupport
import Testing

@testable import Comparing
@testable import ExperimentFiles

@Suite struct VerdictTests {
  private func verdict(
    _ threshold: ClaimThreshold, _ interval: ClosedRange<Double>?, _ placebo: PlaceboInterval = .none
  ) -> Verdict {
    Verdict(threshold, interval: interval, placebo: placebo)
  }

  @Test func anIntervalAndAThreshold() {
    let cases: [(ClosedRange<Double>?, Verdict)] = [
      (0.11...0.3, .shown), (0.05...0.3, .undecided), (-0.2...0.05, .refuted), (-0.3...(-0.2), .refuted),
      // An end at the threshold is not beyond it, on either side; a point at it neither.
      (0.1...0.3, .undecided), (-0.2...0.1, .undecided), (0.1...0.1, .undecided),
      // No spread: the interval is a point.
      (0.2...0.2, .shown), (0...0, .refuted), (nil, .notTestable),
    ]
    for (interval, expected) in cases {
      #expect(verdict(.above(0.1), interval) == expected, "above 0.1: \(String(describing: interval))")
      let mirrored = interval.map { -$0.upperBound...(-$0.lowerBound) }
      #expect(verdict(.below(-0.1), mirrored) == expected, "below -0.1: \(String(describing: mirrored))")
    }
    // 0.1 as a difference of decimals, one rounding away from the threshold.
    #expect(verdict(.above(0.1), (0.3 - 0.2)...(0.3 - 0.2)) == .undecided)
    #expect(verdict(.above(0.2), (0.1 + 0.1 + 1e-17)...0.5) == .undecided)
    #expect(verdict(.above(-0.1), -0.05...0.02) == .shown)
  }

  @Test func aPlaceboMustNotDoTheSame() {
    #expect(verdict(.above(0.1), 0.2...0.3, .interval(0.01...0.2)) == .shown)
    #expect(verdict(.above(0.1), 0.2...0.3, .interval(-0.01...0.2)) == .undecided)
    #expect(verdict(.above(0.1), 0.2...0.3, .interval(0...0)) == .undecided)
    // On the other side of 0 it does more than the thing itself.
    #expect(verdict(.above(0.1), 0.2...0.3, .interval(-0.2...(-0.1))) == .undecided)
    #expect(verdict(.below(0.1), -0.3...(-0.2), .interval(-0.2...(-0.1))) == .shown)
    #expect(verdict(.below(0.1), -0.3...(-0.2), .interval(0.1...0.2)) == .undecided)
    // What lies on the other side of the threshold needs no placebo to say so, but one that there is must be measured.
    #expect(verdict(.above(0.1), -0.2...0, .interval(-0.01...0.2)) == .refuted)
    #expect(verdict(.above(0.1), 0.2...0.3, .missing) == .notTestable)
    #expect(verdict(.above(0.1), -0.2...0, .missing) == .notTestable)
  }

  @Test func twoJudgesMustAgree() {
    for verdict in Verdict.allCases { #expect(verdict.and(verdict) == verdict) }
    #expect(Verdict.shown.and(.refuted) == .undecided && Verdict.refuted.and(.shown) == .undecided)
    #expect(Verdict.shown.and(.undecided) == .undecided && Verdict.refuted.and(.undecided) == .undecided)
    #expect(Verdict.shown.and(.notTestable) == .notTestable && Verdict.notTestable.and(.undecided) == .notTestable)
  }

  @Test func ofClaims() {
    #expect(Verdict(of: [.shown, .shown]) == .shown)
    #expect(Verdict(of: [.shown, .undecided]) == .undecided)
    #expect(Verdict(of: [.undecided, .refuted, .shown]) == .refuted)
    #expect(Verdict(of: [.refuted, .notTestable]) == .notTestable)
    #expect(Verdict(of: [.undecided]) == .undecided)
  }
}
