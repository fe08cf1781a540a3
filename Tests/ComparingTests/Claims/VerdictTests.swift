import TestSupport
import Testing

@testable import Comparing
@testable import Planning

@Suite struct VerdictTests {
  private func verdict(
    _ threshold: ClaimThreshold, _ interval: ClosedRange<Double>?, _ placebo: PlaceboInterval = .none
  ) -> Verdict {
    Verdict(threshold, interval: interval, placebo: placebo)
  }

  @Test func anIntervalAndAThreshold() {
    let cases: [(ClosedRange<Double>?, Verdict)] = [
      (0.11...0.3, .shown), (0.05...0.3, .mixed), (-0.2...0.05, .notShown), (-0.3...(-0.2), .notShown),
      // An end at the threshold is not beyond it, on either side; a point at it neither.
      (0.1...0.3, .mixed), (-0.2...0.1, .mixed), (0.1...0.1, .mixed),
      // No spread: the interval is a point.
      (0.2...0.2, .shown), (0...0, .notShown), (nil, .notTestable),
    ]
    for (interval, expected) in cases {
      #expect(verdict(.above(0.1), interval) == expected, "above 0.1: \(String(describing: interval))")
      let mirrored = interval.map { -$0.upperBound...(-$0.lowerBound) }
      #expect(verdict(.below(-0.1), mirrored) == expected, "below -0.1: \(String(describing: mirrored))")
    }
    // 0.1 as a difference of decimals, one rounding away from the threshold.
    #expect(verdict(.above(0.1), (0.3 - 0.2)...(0.3 - 0.2)) == .mixed)
    #expect(verdict(.above(0.2), (0.1 + 0.1 + 1e-17)...0.5) == .mixed)
    #expect(verdict(.above(-0.1), -0.05...0.02) == .shown)
  }

  @Test func aPlaceboMustNotDoTheSame() {
    #expect(verdict(.above(0.1), 0.2...0.3, .interval(0.01...0.2)) == .shown)
    #expect(verdict(.above(0.1), 0.2...0.3, .interval(-0.01...0.2)) == .mixed)
    #expect(verdict(.above(0.1), 0.2...0.3, .interval(0...0)) == .mixed)
    // On the other side of 0 it does more than the thing itself.
    #expect(verdict(.above(0.1), 0.2...0.3, .interval(-0.2...(-0.1))) == .mixed)
    #expect(verdict(.below(0.1), -0.3...(-0.2), .interval(-0.2...(-0.1))) == .shown)
    #expect(verdict(.below(0.1), -0.3...(-0.2), .interval(0.1...0.2)) == .mixed)
    // What lies on the other side of the threshold needs no placebo to say so, but one that there is must be measured.
    #expect(verdict(.above(0.1), -0.2...0, .interval(-0.01...0.2)) == .notShown)
    #expect(verdict(.above(0.1), 0.2...0.3, .missing) == .notTestable)
    #expect(verdict(.above(0.1), -0.2...0, .missing) == .notTestable)
  }

  @Test func twoJudgesMustAgree() {
    for verdict in Verdict.allCases { #expect(verdict.and(verdict) == verdict) }
    #expect(Verdict.shown.and(.notShown) == .mixed && Verdict.notShown.and(.shown) == .mixed)
    #expect(Verdict.shown.and(.mixed) == .mixed && Verdict.notShown.and(.mixed) == .mixed)
    #expect(Verdict.shown.and(.notTestable) == .notTestable && Verdict.notTestable.and(.mixed) == .notTestable)
  }

  @Test func ofClaims() {
    #expect(Verdict(of: [.shown, .shown]) == .shown)
    #expect(Verdict(of: [.shown, .mixed]) == .mixed)
    #expect(Verdict(of: [.mixed, .notShown, .shown]) == .notShown)
    #expect(Verdict(of: [.notShown, .notTestable]) == .notTestable)
    #expect(Verdict(of: [.mixed]) == .mixed)
  }
}
