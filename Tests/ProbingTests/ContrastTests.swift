import Foundation
import Tensors
import Testing

@testable import Probing

/// Sites against one another, seed by seed, and one task against another.
@Suite struct ContrastTests {
  private static func means(_ values: [Double]) -> [SeedMean] {
    values.enumerated().map { SeedMean(seed: Seed(UInt64($0)), count: 4, mean: $1) }
  }

  @Test func signsOfSeedsAreTurned() throws {
    let first = Self.means([0.9, 0.8, 0.9, 1, 0.7, 0.9])
    let second = Self.means([0.5, 0.6, 0.4, 0.5, 0.6, 0.5])
    let same = Self.means([0.9, 0.8, 0.9, 1, 0.8, 0.8])
    let found = try ProbeContrasts()([.init("a", first, less: second), .init("b", first, less: same.reversed())])
    #expect(abs(found[0].difference - 2.1 / 6) < 1e-12 && found[0].seeds == 6)
    // All six differ in one direction: 2 of 64 signs.
    #expect(found[0].p == 2.0 / 64 && found[0].familyWiseP == 2.0 / 64 && found[0].signs == "all 64 signs of clusters")
    #expect(abs(found[1].difference) < 1e-12 && found[1].p == 1)
    // Mean 0.35, deviation sqrt(0.135 / 5) and t(0.975, 5) = 2.570582.
    let interval = try #require(found[0].interval)
    let reach = 2.5705818366147395 * (0.135 / 30).squareRoot()
    #expect(largestDifference([interval.lowerBound, interval.upperBound], [0.35 - reach, 0.35 + reach]) < 1e-6)
    #expect {
      try ProbeContrasts()([.init("short", first, less: Array(second.dropLast()))])
    } throws: {
      "\($0)" == "contrast short: its sides do not have the same seeds; measure both on all seeds"
    }
    #expect(throws: ProbingError.self) { try ProbeContrasts(permutations: 998) }
  }

  /// Six seeds of four pictures, all right: no width by Student's t, and that of 24 pictures by their number.
  @Test func seedsThatAgree() throws {
    let right = Self.means([1, 1, 1, 1, 1, 1])
    let threshold = Self.means([0.5, 0.5, 0.5, 0.5, 0.5, 0.5])
    let found = try ProbeContrasts()([
      .init("point", right, less: threshold), .init("share", right, less: threshold, within: -0.5...0.5),
    ])
    #expect(found[0].interval == 0.5...0.5 && found[1].interval?.upperBound == 0.5)
    let own = SeedEstimate(
      [Double](repeating: 1, count: 24), seeds: (0..<24).map { Seed(UInt64($0 / 4)) }, confidence: 0.95, within: 0...1)
    let low = try #require(own.interval?.lowerBound)
    #expect(low > 0.7 && low < 0.9 && own.interval?.upperBound == 1)
    #expect(abs(try #require(found[1].interval).lowerBound - (low - 0.5)) < 1e-12)
  }

  /// The interval is of the values in their own range, and p of a threshold: 24 pictures of which none differs leave little room,
  /// and all six seeds lie below 0.05.
  @Test func aThresholdMovesNoInterval() throws {
    let right = Self.means([1, 1, 1, 1, 1, 1])
    let found = try ProbeContrasts()([.init("gain", right, less: right, within: -1...1, against: 0.05)])[0]
    let plain = try ProbeContrasts()([.init("gain", right, less: right, within: -1...1)])[0]
    #expect(found.difference == 0 && found.interval == plain.interval && found.p == 2.0 / 64 && plain.p == 1)
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

  /// Labels with known probabilities: of two classes a gain of 1 - h bits, of four of 2 - h, each over log2 of the classes.
  @Test func differenceOfDifferences() throws {
    let samples = (0..<32).map {
      ProbeSample(prompt: "p\($0 % 4)", seed: Seed(UInt64($0 / 4)), template: "t", object: "o")
    }
    func information(_ classes: Int, _ probability: (Int) -> Double) throws -> ProbeInformation {
      let labels = try ProbeLabels(
        name: "label", classes: (0..<classes).map { "\($0)" }, values: (0..<32).map { $0 % classes })
      let rows = (0..<32).flatMap { sample in
        (0..<classes).map { label in
          let p = probability(sample / 4)
          return log(label == sample % classes ? p : (1 - p) / Double(classes - 1))
        }
      }
      let folds = try Folds(samples, by: .seeds)
      let held = HeldOutProbabilities(
        folds.tests.map { test in
          Matrix(
            rows: test.count, columns: classes,
            values: test.flatMap { Array(rows[($0 * classes)..<(($0 + 1) * classes)]) })
        }, labels: labels, folds: folds)
      return try ProbeInformation(held, labels: labels, samples: samples)
    }
    let (color, colorSelf) = (try information(4) { $0 < 4 ? 0.5 : 0.75 }, try information(4) { _ in 0.25 })
    let (shape, shapeSelf) = (try information(2) { _ in 0.5 }, try information(2) { _ in 0.75 })
    #expect(abs(colorSelf.gain.mean) < 1e-12 && colorSelf.priorCrossEntropy == 2 && shape.priorCrossEntropy == 1)
    #expect(abs(color.crossEntropy - (1 - log2(0.75)) / 2) < 1e-12)
    let found = try ProbeContrasts().differenceOfDifferences(
      "C3", task: (color, colorSelf), otherTask: (shape, shapeSelf))
    let expected = (2 - color.crossEntropy) / 2 - (0 - (1 + log2(0.75)))
    #expect(abs(found.difference - expected) < 1e-12, "\(found.difference), expected \(expected)")
    #expect(found.seeds == 8 && found.p == 2.0 / 256)
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
