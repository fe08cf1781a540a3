import Foundation
import TestSupport
import Testing

@testable import Analysis

@Suite struct StudentIntervalTests {
  /// SciPy 1.17: `scipy.stats.ttest_1samp([1.5, 4, 0.25, 3], 0).confidence_interval(0.95)`.
  @Test func itIsThePlainOneForClustersOfOneSize() throws {
    let sample = ClusteredSample([1, 2, 3, 5, 0, 0.5, 3, 3], clusters: [0, 0, 1, 1, 2, 2, 3, 3])
    let interval = try #require(sample.studentInterval(confidence: 0.95))
    #expect(abs(interval.lowerBound - -0.438_721_299_766) < 1e-9, "\(interval)")
    #expect(abs(interval.upperBound - 4.813_721_299_766) < 1e-9, "\(interval)")
  }

  @Test func thereIsNoneOfOneClusterAndAPointOfEqualValues() {
    #expect(ClusteredSample([1, 2], clusters: [7, 7]).studentInterval(confidence: 0.9) == nil)
    #expect(ClusteredSample([2, 2, 2], clusters: [0, 1, 1]).studentInterval(confidence: 0.9) == 2...2)
    #expect(ClusteredSample([1e308, -1e308, 1e308], clusters: [0, 1, 2]).studentInterval(confidence: 0.9) == nil)
  }

  /// Of 8 clusters of unequal sizes, with normal effects: 99 % of intervals hold the mean, within 4 standard errors.
  @Test func itCoversAsOftenAsItSaysWithFewClusters() {
    var random = SeededGenerator(seed: 8)
    let trials = 4000
    var covered = 0
    for _ in 0..<trials {
      var (values, clusters): ([Double], [Int]) = ([], [])
      for cluster in 0..<8 {
        let effect = normal(&random)
        for _ in 0..<(3 + cluster % 3) {
          values.append(effect + 0.5 * normal(&random))
          clusters.append(cluster)
        }
      }
      let interval = ClusteredSample(values, clusters: clusters).studentInterval(confidence: 0.99)
      if interval?.contains(0) == true { covered += 1 }
    }
    let share = Double(covered) / Double(trials)
    #expect(abs(share - 0.99) < 4 * (0.99 * 0.01 / Double(trials)).squareRoot(), "\(share)")
  }

  /// SciPy 1.17, with `n' = n * (t.ppf(u, n - 1) / t.ppf(u, k - 1))**2` and `u = 0.5 + confidence / 2`:
  /// `beta.ppf(1 - u, x, n' - x + 1)` and `beta.ppf(u, x + 1, n' - x)` for a share of x / n'.
  @Test(arguments: [
    (84, 16, 1.0, 0.95, 0.996_765_087_205, 1.0), (12, 4, 0, 0.9875, 0, 0.365_942_012_846),
    (12, 4, 0.5, 0.95, 0.267_339_971_365, 0.732_660_028_634), (6, 9, 1, 0.9875, 0.865_480_641_692, 1),
    (12, 4, 0.25, 0.95, 0.083_977_459_916, 0.496_885_863_753),
  ])
  func whereClustersAgreeTheValuesDecide(
    each: Int, clusters: Int, share: Double, confidence: Double, low: Double, high: Double
  ) throws {
    let values = (0..<(each * clusters)).map { Double($0 % each) < share * Double(each) ? 1.0 : 0 }
    let sample = ClusteredSample(values, clusters: values.indices.map { $0 / each })
    let interval = try #require(sample.interval(confidence: confidence, within: 0...1))
    #expect(abs(interval.lowerBound - low) < 1e-9 && abs(interval.upperBound - high) < 1e-9, "\(interval)")
    // The same of means, moved into another range.
    let means = ClusteredSample([Double](repeating: 4 * share - 1, count: clusters))
    let moved = try #require(means.interval(confidence: confidence, within: -1...3, values: each * clusters))
    #expect(abs(moved.lowerBound - (4 * low - 1)) < 1e-8 && abs(moved.upperBound - (4 * high - 1)) < 1e-8)
  }

  @Test func whereTheyDoNotAgreeItIsStudents() throws {
    let sample = ClusteredSample([1, 1, 1, 1, 1, 0], clusters: [0, 0, 1, 1, 2, 2])
    let student = try #require(sample.studentInterval(confidence: 0.9))
    #expect(sample.interval(confidence: 0.9, within: -9...9) == student && student.upperBound > 1)
    #expect(sample.interval(confidence: 0.9, within: 0...1) == student.lowerBound...1)
    #expect(ClusteredSample([2, 2], clusters: [0, 1]).interval(confidence: 0.9, within: nil) == 2...2)
    #expect(ClusteredSample([1, 1], clusters: [0, 0]).interval(confidence: 0.9, within: 0...1) == nil)
  }

  /// NumPy and SciPy 1.17: `beta.ppf` with n' as the definition says it. Pairs of two values of which none, one and both are 1.
  @Test(arguments: [
    ([29, 0, 1], 0.95, 0.000_652_529_936, 0.180_805_596_540), ([0, 2, 28], 0.95, 0.882_013_603_383, 0.996_213_589_952),
    ([10, 7, 13], 0.95, 0.376_504_608_289, 0.715_031_879_476), ([30, 0, 0], 0.95, 0, 0.120_550_552_004),
    ([5, 20, 5], 0.9875, 0.330_368_900_006, 0.669_631_099_994),
    ([1, 0, 59], 0.99, 0.878_424_779_518, 0.999_934_559_917),
  ])
  func sharesOfPairs(pairs: [Int], confidence: Double, low: Double, high: Double) throws {
    let kinds = [[0.0, 0], [0, 1], [1, 1]]
    let values = zip(pairs, kinds).flatMap { count, kind in [[Double]](repeating: kind, count: count) }.joined()
    let all = Array(values)
    let found = try #require(
      ClusteredSample(all, clusters: all.indices.map { $0 / 2 }).shareInterval(confidence: confidence))
    #expect(abs(found.lowerBound - low) < 1e-9 && abs(found.upperBound - high) < 1e-9, "\(found)")
  }

  /// Clusters of one share between 0 and 1 say about as much as clusters that differ by one hit, however their share is rounded:
  /// (7 / 50) 50 is not 7 in doubles, and (8 / 50) 50 is 8.
  @Test func sharesThatAgreeAreNearThoseThatHardlyDiffer() throws {
    func interval(_ hits: [Int], of size: Int) throws -> ClosedRange<Double> {
      let values = hits.flatMap { hit in (0..<size).map { $0 < hit ? 1.0 : 0 } }
      let sample = ClusteredSample(values, clusters: values.indices.map { $0 / size })
      return try #require(sample.shareInterval(confidence: 0.95))
    }
    let alike = try interval([38, 38, 38, 38, 38], of: 40)
    let nearly = try interval([38, 38, 38, 38, 37], of: 40)
    // SciPy 1.17, of 200 values in five clusters.
    #expect(abs(alike.lowerBound - 0.887_537_361_144) < 1e-9 && abs(alike.upperBound - 0.983_463_600_970) < 1e-9)
    #expect(abs(alike.lowerBound - nearly.lowerBound) < 0.01 && abs(alike.upperBound - nearly.upperBound) < 0.01)
    let (seven, eight) = (try interval([7, 7, 7, 7, 7], of: 50), try interval([8, 8, 8, 8, 8], of: 50))
    #expect(abs(seven.lowerBound - 0.084_598_368_249) < 1e-9 && abs(seven.upperBound - 0.213_133_912_014) < 1e-9)
    #expect(abs(eight.lowerBound - seven.lowerBound - 0.02) < 0.01, "\(seven), \(eight)")
    #expect(abs(eight.upperBound - seven.upperBound - 0.02) < 0.01, "\(seven), \(eight)")
  }

  /// 60 pairs without a difference are as many trials without a hit: 1 - 0.025^(1/60) may have one, either way.
  @Test func noDifferenceIsBoundedOnBothSides() throws {
    let none = ClusteredSample([Double](repeating: 0, count: 60))
    let bound = 1 - pow(0.025, 1.0 / 60)
    let found = try #require(none.interval(confidence: 0.95, within: -1...1))
    #expect(abs(found.upperBound - bound) < 1e-9 && found.lowerBound == -found.upperBound)
    // A share less what chance gives is no such difference.
    let shifted = try #require(none.interval(confidence: 0.95, within: -0.25...0.75))
    #expect(shifted.upperBound > bound && shifted.lowerBound != -shifted.upperBound)
  }

  private func normal(_ random: inout SeededGenerator) -> Double {
    // Twelve uniform numbers: near enough to normal for a mean.
    (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0..<1, using: &random) }
  }
}
