import Foundation
import TestSupport
import Testing

@testable import Analysis

/// Spearman's and Kendall's coefficients, p-values and intervals against SciPy.
@Suite struct RankCorrelationTests {
  @Test func againstSciPy() throws {
    let cases = try StatisticsFixture.read().correlations
    #expect(cases.count == 9)
    for one in cases {
      for (kind, value, p) in [
        (RankCorrelation.Coefficient.spearman, one.spearman, one.spearmanP), (.kendall, one.kendall, one.kendallP),
      ] {
        let found = RankCorrelation(kind, one.x, one.y)
        #expect(abs(try #require(found.value) - value) < 1e-12, "\(one.name), \(kind): \(found), expected \(value)")
        #expect(
          abs(try #require(found.p) - p) <= 1e-9 * max(p, 1e-6), "\(one.name), \(kind): \(found), expected p \(p)")
        #expect(found.count == one.x.count && found.excluded == 0)
        #expect((found.interval == nil) == one.intervals.isEmpty && (found.unanswered != nil) == one.intervals.isEmpty)
        let expected: RankCorrelation.Distribution =
          kind == .spearman
          ? (one.x.count <= 8 ? .exact : .studentT) : (one.ties || one.x.count > 33 ? .normal : .exact)
        #expect(found.distribution == expected, "\(one.name), \(kind)")
      }
      for (confidence, expected) in one.intervals {
        for (kind, ends) in [(RankCorrelation.Coefficient.spearman, expected.spearman), (.kendall, expected.kendall)] {
          let level = try #require(Double(confidence))
          let interval = try #require(RankCorrelation(kind, one.x, one.y, confidence: level).interval)
          #expect(
            abs(interval.lowerBound - ends[0]) < 1e-9 && abs(interval.upperBound - ends[1]) < 1e-9,
            "\(one.name), \(kind) at \(confidence): \(interval), expected \(ends)")
        }
      }
    }
  }

  /// Turning both quantities about, or one through any rising function, changes nothing; a falling one turns the sign.
  @Test func symmetries() throws {
    var generator = SeededGenerator(seed: 5)
    for count in [5, 12, 40] {
      let x = (0..<count).map { _ in Double(Int.random(in: 0..<20, using: &generator)) }
      let y = x.map { $0 + Double(Int.random(in: 0..<15, using: &generator)) }
      for kind in RankCorrelation.Coefficient.allCases {
        let one = RankCorrelation(kind, x, y)
        let value = try #require(one.value)
        for other in [RankCorrelation(kind, y, x), RankCorrelation(kind, x.map { exp($0) }, y)] {
          #expect(abs(try #require(other.value) - value) < 1e-14 && other.count == count, "seed 5, \(count), \(kind)")
        }
        let turned = try #require(RankCorrelation(kind, x.map { -$0 }, y).value)
        #expect(abs(turned + value) < 1e-14, "seed 5, \(count), \(kind)")
      }
    }
  }

  @Test func ranks() {
    #expect(RankCorrelation.ranks([30, 10, 20]) == [3, 1, 2])
    #expect(RankCorrelation.ranks([2, 1, 2, 2, 0]) == [4, 2, 4, 4, 1])
    #expect(RankCorrelation.ranks([]).isEmpty)
  }

  /// Of 120 orders of five values 1, 4, 9, 15, 20, 22 and so on have 0, 1, 2, ... inversions: OEIS A008302.
  @Test func inversions() {
    let counts = [1.0, 4, 9, 15, 20, 22, 20, 15, 9, 4, 1]
    for limit in counts.indices {
      let expected = counts[...limit].reduce(0, +) / 120
      #expect(abs(Kendall.share(ofInversionsUpTo: limit, count: 5) - expected) < 1e-15, "\(limit)")
    }
  }

  @Test func excludedAndUnanswered() {
    for kind in RankCorrelation.Coefficient.allCases {
      let odd = RankCorrelation(kind, [1, .nan, 2, 3, .infinity, 4, 5, 0], [2, 1, 1, .nan, 9, 4, 7, 0])
      let clean = RankCorrelation(kind, [1, 2, 4, 5, 0], [2, 1, 4, 7, 0])
      #expect(odd.value == clean.value && odd.p == clean.p && odd.interval == clean.interval, "\(kind)")
      #expect(odd.count == 5 && odd.excluded == 3 && clean.interval != nil)
      let few = RankCorrelation(kind, [1, 2, .nan], [2, 1, 5])
      #expect(few.value == nil && few.p == nil && few.interval == nil && few.count == 2 && few.excluded == 1)
      #expect(few.unanswered?.description == "needs 3 pairs or more, found 2")
      #expect(RankCorrelation(kind, [], []).unanswered == .tooFew(found: 0, needed: 3, of: "pairs"))
      #expect(RankCorrelation(kind, [7, 7, 7], [1, 2, 3]).unanswered?.description == "all first values are equal")
      #expect(RankCorrelation(kind, [1, 2, 3], [7, 7, 7]).unanswered == .noSpread(of: "second values"))
      let line = RankCorrelation(kind, [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6])
      #expect(line.value == 1 && line.unanswered == .perfect && line.interval == nil)
    }
    let three = RankCorrelation(.spearman, [1, 2, 3], [2, 1, 3])
    #expect(three.value != nil && three.unanswered == .tooFew(found: 3, needed: 4, of: "pairs"))
  }

  /// Of normal pairs with the correlation r Spearman's true value is `6/pi asin(r/2)`, Kendall's `2/pi asin(r)`. The
  /// shares are of 4,000 samples by NumPy; a count of 500 trials of share p has the standard deviation
  /// `sqrt(500 p (1 - p))`, and four of them hold it in all but 1 of 10,000 draws.
  @Test(arguments: [(30, 0.6, 0.953, 0.945), (20, 0.97, 0.921, 0.895)])
  func coverage(_ count: Int, _ correlation: Double, _ spearman: Double, _ kendall: Double) {
    var generator = SeededGenerator(seed: 8)
    let truths = [6 / .pi * asin(correlation / 2), 2 / .pi * asin(correlation)]
    var hits = [0, 0]
    for _ in 0..<500 {
      let x = (0..<count).map { _ in generator.normal() }
      let y = x.map { correlation * $0 + (1 - correlation * correlation).squareRoot() * generator.normal() }
      for (index, kind) in [RankCorrelation.Coefficient.spearman, .kendall].enumerated()
      where RankCorrelation(kind, x, y).interval?.contains(truths[index]) == true {
        hits[index] += 1
      }
    }
    for (hits, share) in zip(hits, [spearman, kendall]) {
      let bound = 4 * (500 * share * (1 - share)).squareRoot()
      #expect(abs(Double(hits) - 500 * share) < bound, "seed 8, \(count) pairs: \(hits) of 500 hold the true value")
    }
  }
}
