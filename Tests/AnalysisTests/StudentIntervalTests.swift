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

  private func normal(_ random: inout SeededGenerator) -> Double {
    // Twelve uniform numbers: near enough to normal for a mean.
    (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0..<1, using: &random) }
  }
}
