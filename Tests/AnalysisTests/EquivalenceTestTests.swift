import TestSupport
import Testing

@testable import Analysis

/// Two one-sided t tests against statsmodels and SciPy.
@Suite struct EquivalenceTestTests {
  @Test func againstStatsmodels() throws {
    let cases = try StatisticsFixture.read().equivalences
    #expect(cases.count == 5)
    for one in cases {
      let measurements = zip(zip(one.baseline, one.treatment), one.clusters).map {
        PairedMeasurement(baseline: $0.0, treatment: $0.1, cluster: $1)
      }
      let found = EquivalenceTest(measurements, bounds: one.bounds[0]...one.bounds[1], level: one.level)
      let interval = try #require(found.interval)
      let pairs = [
        (found.p, one.p), (found.lowerP, one.lowerP), (found.upperP, one.upperP), (found.difference, one.difference),
        (found.standardError, one.standardError), (interval.lowerBound, one.interval[0]),
        (interval.upperBound, one.interval[1]),
      ]
      for (index, (value, expected)) in pairs.enumerated() {
        #expect(abs(try #require(value) - expected) < 1e-10, "\(one.name), number \(index): \(found), \(expected)")
      }
      #expect(found.count == measurements.count && found.excluded == 0 && found.unanswered == nil)
      #expect(found.clusters == Set(one.clusters).count)
      // The test and its interval say the same.
      let inside = interval.lowerBound > one.bounds[0] && interval.upperBound < one.bounds[1]
      #expect(found.isEquivalent == inside, "\(one.name)")
    }
    let answers = cases.map { $0.p < $0.level }
    #expect(answers.contains(true) && answers.contains(false), "cases of both answers: \(answers)")
  }

  @Test func excludedAndUnanswered() {
    func test(_ values: [(Double, Double, Int)]) -> EquivalenceTest {
      EquivalenceTest(
        values.map { PairedMeasurement(baseline: $0.0, treatment: $0.1, cluster: $0.2) }, bounds: -1...1)
    }
    let clean = test([(1, 1.5, 0), (2, 2.25, 1), (3, 3.125, 2)])
    let odd = test([(1, 1.5, 0), (.infinity, 2, 7), (2, 2.25, 1), (2, .nan, 1), (3, 3.125, 2)])
    #expect(odd.p == clean.p && odd.interval == clean.interval && clean.p != nil)
    #expect(odd.count == 3 && odd.excluded == 2 && odd.clusters == 3 && clean.excluded == 0)

    let single = test([(1, 2, 4), (1, 3, 4)])
    #expect(single.difference == 1.5 && single.clusters == 1 && single.count == 2)
    #expect(single.p == nil && single.interval == nil && single.standardError == nil && single.isEquivalent == nil)
    #expect(single.unanswered?.description == "needs 2 clusters or more, found 1")
    let equal = test([(1, 1.5, 0), (2, 2.5, 1), (3, 3.5, 2)])
    #expect(equal.difference == 0.5 && equal.standardError == 0 && equal.p == nil)
    #expect(equal.unanswered?.description == "all clusters' differences are equal")
    #expect(test([]).difference.isNaN && test([]).unanswered == .tooFew(found: 0, needed: 2, of: "clusters"))
  }
}
