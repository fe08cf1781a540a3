import Foundation
import Tensors
import TestSupport
import Testing

@testable import Probing

/// One hat matrix against scikit-learn's `Ridge`, refitted for every fold; permutations against refits for every draw.
@Suite struct RidgeTests {
  private let fixture: ProbesFixture
  private let folds: Folds

  init() throws {
    fixture = try ProbesFixture.read()
    folds = try Folds(fixture.samples, by: .seeds)
  }

  /// Few features, more than half as many as samples, more than samples, and noise.
  @Test(arguments: 0..<4) func heldOutScoresAreThoseOfRefits(_ index: Int) throws {
    let hat = try HatMatrix(fixture.features(index), folds: folds, penalty: fixture.penalty)
    let found = try hat.predictions(fixture.probeLabels())
    let off = largestDifference(found.scores, fixture.blocks[index].heldOut)
    #expect(off < 1e-6, "block \(index): \(off)")
    #expect(zip(found.predicted, fixture.labels).count { $0 == $1 } == fixture.permutations.correct[index])
  }

  @Test(arguments: 0..<4) func aKeptProbeSaysWhatScikitLearnSays(_ index: Int) throws {
    let block = try fixture.features(index)
    let model = try RidgeModel(block, labels: fixture.probeLabels(), penalty: fixture.penalty)
    let again = try JSONDecoder().decode(RidgeModel.self, from: JSONEncoder().encode(model))
    #expect(again == model)
    let off = largestDifference(try again(block).scores, fixture.blocks[index].whole)
    #expect(off < 1e-6, "block \(index): \(off)")
  }

  @Test(arguments: 0..<4) func fewerTrainingSeeds(_ index: Int) throws {
    let curve = try LearningCurve(
      fixture.features(index), labels: fixture.probeLabels(), samples: fixture.samples, penalty: fixture.penalty)
    #expect(curve.points.map(\.trainingSeeds) == [1, 2, 4, 6])
    for (point, expected) in zip(curve.points, fixture.blocks[index].curve) {
      #expect(point.trainingSeeds == expected.trainingSeeds)
      #expect(point.accuracy.confusion.counts == expected.confusion, "block \(index), \(point.trainingSeeds) seeds")
      #expect(point.accuracy.confusion.count == 42)
    }
  }

  @Test func permutationsAreThoseOfRefits() throws {
    let strata = fixture.samples.strata([.seeds, .objects])
    let draws = try LabelPermutations(fixture.probeLabels(), within: strata, count: 999, seed: 5)
    let scan = try RidgeScan(samples: fixture.samples, folds: folds, permutations: draws, penalty: fixture.penalty)
    let blocks = try (0..<4).map(fixture.features)
    let family = try scan(4) { blocks[$0] }
    #expect(largestDifference(family.sites.map(\.p), fixture.permutations.p) < 1e-12, "\(family.sites.map(\.p))")
    #expect(
      largestDifference(family.sites.map(\.familyWiseP), fixture.permutations.familyWiseP) < 1e-12,
      "\(family.sites.map(\.familyWiseP))")
    #expect(family.found() == ["block 0", "block 2"])
    #expect(family.samples == 42 && family.folds == 7 && family.strata == 14 && family.permutations == 999)
    let accuracy = family.sites[0].accuracy
    let interval = try #require(accuracy.share.interval)
    // SciPy's ends where t does, a share's at 1.
    let within = fixture.interval.map { min(1, $0) }
    #expect(largestDifference([interval.lowerBound, interval.upperBound], within) < 1e-9, "\(interval)")
    #expect(accuracy.share.count == 42 && accuracy.share.seeds.count == 7 && accuracy.share.seeds[0].count == 6)
    #expect(accuracy.confusion.count == 42 && abs(accuracy.chance - 1.0 / 3) < 1e-12)
    // The same bits whatever runs beside it, and through JSON.
    #expect(try scan(4) { blocks[$0] } == family)
    #expect(try JSONDecoder().decode(ProbeFamily.self, from: JSONEncoder().encode(family)) == family)
  }

  /// What is the same under every label of a seed and object tells nothing, and every draw says so: the null cell.
  @Test func mapsThatCannotKnowAreAtChance() throws {
    var generator = SeededGenerator(seed: 3)
    let own = (0..<14).map { _ in (0..<5).map { _ in Float(generator.normal()) } }
    let strata = fixture.samples.strata([.seeds, .objects])
    let block = try FeatureBlock(name: "null", samples: 42, width: 5, values: strata.flatMap { own[$0] })
    let same = try FeatureBlock(name: "same", samples: 42, width: 2, values: [Float](repeating: 0.1, count: 84))
    let blocks = [block, same]
    let draws = try LabelPermutations(fixture.probeLabels(), within: strata)
    let scan = try RidgeScan(samples: fixture.samples, folds: folds, permutations: draws, penalty: 1)
    let family = try scan(2) { blocks[$0] }
    for site in family.sites {
      #expect(abs(site.accuracy.share.mean - 1.0 / 3) < 1e-12 && site.p == 1 && site.familyWiseP == 1, "\(site)")
    }
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let (block, labels) = (try fixture.features(0), try fixture.probeLabels())
    for penalty in [0, -1, Double.nan, .infinity] {
      #expect(throws: ProbingError.self) { try HatMatrix(block, folds: folds, penalty: penalty) }
      #expect(throws: ProbingError.self) { try RidgeModel(block, labels: labels, penalty: penalty) }
    }
    let short = try FeatureBlock(name: "cross:5", samples: 41, width: 1, values: [Float](repeating: 0, count: 41))
    #expect {
      try HatMatrix(short, folds: folds, penalty: 1)
    } throws: {
      "\($0)" == "features cross:5, samples: expected 42 values, found 41"
    }
    let wide = try RidgeModel(block, labels: labels, penalty: 1)
    #expect(throws: ProbingError.count(of: "features block 1, of one sample", expected: 8, found: 30)) {
      try wide(fixture.features(1))
    }
    #expect {
      try FeatureBlock(name: "self:2", samples: 2, width: 2, values: [1, 2, 3, .nan])
    } throws: {
      "\($0)"
        == "features self:2: sample 1 has no finite number as feature 1; leave the sample out of every block"
    }
  }
}
