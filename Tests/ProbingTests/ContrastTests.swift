import Tensors
import Testing

@testable import Probing

/// What seeds say of a mean, and of a difference seed by seed.
@Suite struct ContrastTests {
  private static func means(_ values: [Double]) -> [SeedMean] {
    values.enumerated().map { SeedMean(seed: Seed(UInt64($0)), count: 4, mean: $1) }
  }

  @Test func signsOfSeedsAreTurned() throws {
    let first = [0.9, 0.8, 0.9, 1, 0.7, 0.9]
    let found = try ProbeContrasts()(Self.means(zip(first, [0.5, 0.6, 0.4, 0.5, 0.6, 0.5]).map(-)))
    #expect(abs(found.mean - 2.1 / 6) < 1e-12 && found.seeds == 6)
    // All six differ in one direction: 2 of 64 signs.
    #expect(found.p == 2.0 / 64)
    // Mean 0.35, deviation sqrt(0.135 / 5) and t(0.975, 5) = 2.570582.
    let interval = try #require(found.interval)
    let reach = 2.5705818366147395 * (0.135 / 30).squareRoot()
    #expect(largestDifference([interval.lowerBound, interval.upperBound], [0.35 - reach, 0.35 + reach]) < 1e-6)
    let same = try ProbeContrasts()(Self.means(zip(first, [0.9, 0.8, 0.9, 1, 0.8, 0.8]).map(-)))
    #expect(abs(same.mean) < 1e-12 && same.p == 1)
    let one = try ProbeContrasts()(Self.means([0.5]))
    #expect(one.interval == nil && one.p == nil && one.seeds == 1)
    #expect(throws: ProbingError.self) { try ProbeContrasts(permutations: 998) }
  }

  /// Six seeds of four pictures, all right: no width by Student's t, and that of 24 pictures by their number.
  @Test func seedsThatAgree() throws {
    let half = Self.means([0.5, 0.5, 0.5, 0.5, 0.5, 0.5])
    let (point, share) = (try ProbeContrasts()(half), try ProbeContrasts()(half, within: -0.5...0.5))
    #expect(point.interval == 0.5...0.5 && share.interval?.upperBound == 0.5)
    let own = SeedEstimate(
      [Double](repeating: 1, count: 24), seeds: (0..<24).map { Seed(UInt64($0 / 4)) }, confidence: 0.95, within: 0...1)
    let low = try #require(own.interval?.lowerBound)
    #expect(low > 0.7 && low < 0.9 && own.interval?.upperBound == 1)
    #expect(abs(try #require(share.interval).lowerBound - (low - 0.5)) < 1e-12)
  }

  /// The interval is of the values in their own range, and p of a threshold: 24 pictures of which none differs leave little room,
  /// and all six seeds lie below 0.05.
  @Test func aThresholdMovesNoInterval() throws {
    let nothing = Self.means([0, 0, 0, 0, 0, 0])
    let found = try ProbeContrasts()(nothing, within: -1...1, against: 0.05)
    let plain = try ProbeContrasts()(nothing, within: -1...1)
    #expect(found.mean == 0 && found.interval == plain.interval && found.p == 2.0 / 64 && plain.p == 1)
    let interval = try #require(found.interval)
    #expect(interval.lowerBound == -interval.upperBound && (0.1...0.3).contains(interval.upperBound))
  }

  /// Two of 2^n signs are as extreme as can be; from 14 seeds on 9,999 are drawn.
  @Test func fewestSeedsOfALevel() throws {
    let contrasts = try ProbeContrasts()
    #expect([0.5, 0.05, 0.0125, 1.0 / 128, 0.001].map(contrasts.fewestSeeds) == [2, 6, 8, 8, 11])
    #expect(contrasts.fewestSeeds(level: 0.0002) == 14 && contrasts.fewestSeeds(level: 0.00005) == nil)
    // As 1 - 0.95 is computed.
    #expect(contrasts.fewestSeeds(level: (1 - 0.9375) / 1) == 5)
  }

  @Test func confusion() throws {
    let labels = try ProbeLabels(name: "color", ["blue", "red", "red", "blue"])
    let samples = (0..<4).map { ProbeSample(prompt: "p", seed: Seed(UInt64($0)), template: "t", object: "o") }
    let accuracy = try ProbeAccuracy(predicted: [0, 1, 0, 0], labels: labels, samples: samples)
    #expect(accuracy.confusion.classes == ["blue", "red"] && accuracy.confusion.counts == [[2, 0], [1, 1]])
    #expect(accuracy.share.mean == 0.75 && accuracy.share.count == 4 && accuracy.chance == 0.5)
    #expect(throws: ProbingError.count(of: "predictions", expected: 4, found: 1)) {
      try ProbeAccuracy(predicted: [0], labels: labels, samples: samples)
    }
  }
}
