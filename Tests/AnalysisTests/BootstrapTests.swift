import Foundation
import TestSupport
import Testing

@testable import Analysis

/// Intervals against NumPy and SciPy, how often they cover the truth, and edge cases.
@Suite struct BootstrapTests {
  struct Reference: Decodable {
    struct Intervals: Decodable {
      let percentile, bca: [Double]
    }
    struct Fixed: Decodable {
      let name: String
      let values: [Double]
      let clusters: [Int]
      let indices: [[Int]]
      let mean: Double
      let intervals: [String: Intervals]
    }
    struct OwnResampling: Decodable {
      let name: String
      let values: [Double]
      let intervals: Intervals
    }
    struct Quantile: Decodable {
      let share, quantile: Double
    }
    let fixed: [Fixed]
    let ownResampling: [OwnResampling]
    let normal: [Quantile]
  }

  private func reference() throws -> Reference {
    let file = Fixtures.folder.deletingLastPathComponent().appending(path: "AnalysisTests/bootstrap.json")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Reference.self, from: Data(contentsOf: file))
  }

  /// The same resampled clusters, so the same numbers but for rounding.
  @Test func againstNumPyAndSciPyWithGivenResampling() throws {
    let cases = try reference().fixed
    #expect(cases.count == 6)
    for reference in cases {
      let sample = ClusteredSample(reference.values, clusters: reference.clusters)
      #expect(abs(sample.mean - reference.mean) < 1e-12, "\(reference.name)")
      let means = reference.indices.map { sample.clusters(at: $0).mean }
      #expect(reference.intervals.count == 2)
      for (confidence, expected) in reference.intervals {
        for (method, ends) in [(Bootstrap.Method.percentile, expected.percentile), (.bca, expected.bca)] {
          let bootstrap = Bootstrap(confidence: try #require(Double(confidence)), method: method)
          let found = bootstrap.interval(sample, means: means)
          #expect(
            abs(found.lowerBound - ends[0]) < 1e-9 && abs(found.upperBound - ends[1]) < 1e-9,
            "\(reference.name), \(method) at \(confidence): \(found), expected \(ends)")
        }
      }
    }
  }

  /// SciPy resamples with a generator of its own. The standard error of a 2.5 % quantile of B means is about
  /// `2.7 s / sqrt(B)`, s the spread of the means: 0.02 s at B = 20,000, and the bound is about four of them, more for
  /// the long tail of the skewed sample.
  @Test(arguments: [UInt64(1), 2, 3]) func againstSciPyWithinTheErrorOfResampling(_ seed: UInt64) throws {
    for reference in try reference().ownResampling {
      let sample = ClusteredSample(reference.values)
      let spread = Summary(reference.values).standardDeviation / Double(reference.values.count).squareRoot()
      for (method, ends) in [
        (Bootstrap.Method.percentile, reference.intervals.percentile), (.bca, reference.intervals.bca),
      ] {
        let found = try #require(Bootstrap(resamples: 20_000, seed: seed, method: method).interval(sample))
        let bound = spread * (reference.name == "skewed" ? 0.16 : 0.08)
        #expect(
          abs(found.lowerBound - ends[0]) < bound && abs(found.upperBound - ends[1]) < bound,
          "seed \(seed), \(reference.name), \(method): \(found), expected \(ends) within \(bound)")
      }
    }
  }

  @Test func normalDistribution() throws {
    for reference in try reference().normal {
      let found = Normal.quantile(reference.share)
      #expect(abs(found - reference.quantile) < 1e-7, "\(reference.share): \(found), expected \(reference.quantile)")
      #expect(abs(Normal.cumulative(reference.quantile) - reference.share) < 1e-9)
    }
  }

  // MARK: - Coverage

  /// Of 500 samples, how many have the true mean, 0, in their interval.
  private func covered(_ bootstrap: Bootstrap, _ draw: (inout SeededGenerator) -> ClusteredSample) -> Int {
    var generator = SeededGenerator(seed: 4242)
    return (0..<500).count { round in
      let sample = draw(&generator)
      let own = Bootstrap(
        resamples: bootstrap.resamples, seed: UInt64(round), confidence: bootstrap.confidence, method: bootstrap.method)
      return own.interval(sample)?.contains(0) ?? false
    }
  }

  /// A count of 500 trials of probability 0.95 has the mean 475 and the standard deviation 4.9. Four of them below and
  /// above, 456...494, hold it in all but 1 of 10,000 draws; 90 % intervals would lie at 450, 98 % intervals at 490, and
  /// bootstrap intervals of 40 values cover 94 %, 470, in truth.
  @Test(arguments: Bootstrap.Method.allCases) func coverage(_ method: Bootstrap.Method) {
    let hits = covered(Bootstrap(resamples: 1000, method: method)) { generator in
      ClusteredSample((0..<40).map { _ in generator.normal() })
    }
    #expect((456...494).contains(hits), "seed 4242: \(hits) of 500 intervals hold the true mean")
    let narrow = covered(Bootstrap(resamples: 1000, confidence: 0.8, method: method)) { generator in
      ClusteredSample((0..<40).map { _ in generator.normal() })
    }
    // 80 %: mean 400, standard deviation 8.9.
    #expect((364...436).contains(narrow), "seed 4242: \(narrow) of 500 intervals of 80 % hold the true mean")
  }

  /// Three values of one seed share most of what they are: resampled by seed the interval covers, value by value not.
  @Test func clustersKeepTheirCoverage() {
    func draw(_ generator: inout SeededGenerator) -> [Double] {
      (0..<40).flatMap { _ in
        let shared = generator.normal()
        return (0..<3).map { _ in shared + 0.3 * generator.normal() }
      }
    }
    let bootstrap = Bootstrap(resamples: 500)
    let clustered = covered(bootstrap) { ClusteredSample(draw(&$0), clusters: (0..<120).map { $0 / 3 }) }
    let single = covered(bootstrap) { ClusteredSample(draw(&$0)) }
    #expect((456...494).contains(clustered), "seed 4242: \(clustered) of 500 by cluster")
    #expect(single < 430, "seed 4242: \(single) of 500 as if all were independent")
  }

  /// What the documentation says of few clusters, within four standard deviations of 500 trials.
  @Test(arguments: [
    (5, 0.84, 0.95), (10, 0.89, 0.95), (20, 0.92, 0.95), (6, 0.92, 0.99), (8, 0.94, 0.99), (10, 0.96, 0.99),
  ])
  func fewClustersCoverLess(_ count: Int, _ share: Double, _ confidence: Double) {
    let hits = covered(Bootstrap(resamples: 1000, confidence: confidence)) { generator in
      ClusteredSample((0..<count).map { _ in generator.normal() })
    }
    let bound = 4 * (500 * share * (1 - share)).squareRoot()
    #expect(abs(Double(hits) - 500 * share) < bound, "seed 4242, \(count) clusters, \(confidence): \(hits) of 500")
  }

  // MARK: - Edges

  @Test func sameSeedSameInterval() throws {
    let sample = ClusteredSample([0.1, 0.9, -0.4, 0.3, 0.25, -0.8, 0.6])
    let first = try #require(Bootstrap(resamples: 2000, seed: 7).interval(sample))
    #expect(Bootstrap(resamples: 2000, seed: 7).interval(sample) == first)
    #expect(Bootstrap(resamples: 2000, seed: 8).interval(sample) != first)
    #expect(first.contains(sample.mean))
  }

  @Test(arguments: Bootstrap.Method.allCases) func smallSamples(_ method: Bootstrap.Method) {
    let bootstrap = Bootstrap(resamples: 500, method: method)
    #expect(bootstrap.interval(ClusteredSample([])) == nil)
    #expect(bootstrap.interval(ClusteredSample([3])) == nil)
    #expect(bootstrap.interval(ClusteredSample([3, 4, 5], clusters: [2, 2, 2])) == nil)
    #expect(bootstrap.interval(ClusteredSample([3, 3, 3])) == 3...3)
    #expect(bootstrap.interval(ClusteredSample([1, 3])) == 1...3)
    #expect(Bootstrap(resamples: 1, method: method).interval(ClusteredSample([3, 3])) == 3...3)
    #expect(ClusteredSample([]).mean.isNaN)
  }

  /// Of 10 intervals 0.5 % each may miss, and fifty resampled means lie beyond each end.
  @Test func intervalsThatHoldTogether() {
    for one in [0, 1] { #expect(Bootstrap(jointly: 0.95, intervals: one) == Bootstrap()) }
    let ten = Bootstrap(jointly: 0.95, intervals: 10)
    #expect(abs(ten.confidence - 0.995) < 1e-15 && ten.resamples == 20_000)
    let many = Bootstrap(jointly: 0.95, intervals: 1_000_000)
    #expect(abs(many.confidence - (1 - 5e-8)) < 1e-15 && many.resamples == 1_000_000)
  }

  @Test func quantiles() {
    #expect(Bootstrap.quantile(0, ofSorted: [1, 2, 4]) == 1)
    #expect(Bootstrap.quantile(0.25, ofSorted: [1, 2, 4]) == 1.5)
    #expect(Bootstrap.quantile(0.75, ofSorted: [1, 2, 4]) == 3)
    #expect(Bootstrap.quantile(1, ofSorted: [1, 2, 4]) == 4)
    #expect(Bootstrap.quantile(0.3, ofSorted: [7]) == 7)
  }

  // MARK: - Generator

  /// The first numbers of Vigna's `splitmix64.c` for the seed 1234567, as other implementations test them.
  @Test func splitMix64() {
    var generator = SplitMix64(seed: 1_234_567)
    let expected: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
      16_408_922_859_458_223_821,
    ]
    #expect(expected.map { _ in generator.next() } == expected)
  }

  /// Chi-squared over 7 cells with 6 degrees of freedom: 22.5 is exceeded once in 1,000 draws.
  @Test(arguments: [UInt64(0), 1, 99]) func drawsAreEven(_ seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<70_000 { counts[generator.next(below: 7)] += 1 }
    let chiSquared = counts.reduce(0.0) { $0 + pow(Double($1) - 10_000, 2) / 10_000 }
    #expect(chiSquared < 22.5, "seed \(seed): \(counts)")
    #expect((0..<100).allSatisfy { _ in generator.next(below: 1) == 0 })
  }
}

/// Differences to a baseline.
@Suite struct PairedDifferenceTests {
  @Test func differencesAndMeans() throws {
    let measurements = zip([1.0, 2, 3, 4], [2.0, 4, 3, 7]).enumerated().map { index, pair in
      PairedMeasurement(baseline: pair.0, treatment: pair.1, cluster: index / 2)
    }
    let result = PairedDifference(measurements)
    #expect(result.differences == [1, 2, 0, 3])
    #expect(result.count == 4 && result.clusters == 2 && result.excluded == 0)
    #expect(result.baselineMean == 2.5 && result.treatmentMean == 4 && result.difference == 1.5)
    // Two clusters have three resampled means: both of the one, both of the other, one of each; here they are equal.
    #expect(result.interval == 1.5...1.5)
  }

  /// Of infinite values the difference would be infinite or nothing at all; they are counted and in no mean.
  @Test func infiniteAndUndefinedValuesAreExcluded() throws {
    let result = PairedDifference([
      PairedMeasurement(baseline: .infinity, treatment: .infinity, cluster: 0),
      PairedMeasurement(baseline: 5, treatment: .infinity, cluster: 1),
      PairedMeasurement(baseline: .nan, treatment: 5, cluster: 2),
      PairedMeasurement(baseline: 4, treatment: 6, cluster: 3),
      PairedMeasurement(baseline: 4, treatment: 9, cluster: 4),
    ])
    #expect(result.count == 2 && result.excluded == 3 && result.clusters == 2)
    #expect(result.baselineMean == 4 && result.treatmentMean == 7.5 && result.difference == 3.5)
    #expect(result.interval == 2...5)
  }

  @Test func nothing() {
    let result = PairedDifference([])
    #expect(result.count == 0 && result.difference.isNaN && result.treatmentMean.isNaN && result.interval == nil)
  }

  /// The sum of a resample would be infinite, and a quantile between two such no number.
  @Test(arguments: Bootstrap.Method.allCases) func valuesThatOverflow(_ method: Bootstrap.Method) {
    let bootstrap = Bootstrap(resamples: 200, method: method)
    for values in [[1e308, 1e308, -1e308], [1e308, -1e308], [.greatestFiniteMagnitude, 0, 0]] {
      #expect(bootstrap.interval(ClusteredSample(values)) == nil, "\(values)")
    }
    #expect(bootstrap.interval(ClusteredSample([1e307, 0, -1e307])) != nil)
    let pairs = [1, 2].map { PairedMeasurement(baseline: -1.5e308, treatment: 1.5e308, cluster: $0) }
    #expect(PairedDifference(pairs, bootstrap: bootstrap).interval == nil)
  }

  @Test func withoutABootstrap() {
    let pairs = [1.0, 3].map { PairedMeasurement(baseline: 0, treatment: $0, cluster: Int($0)) }
    let result = PairedDifference(pairs, bootstrap: nil)
    #expect(result.difference == 2 && result.clusters == 2 && result.interval == nil)
  }
}
