import ExperimentFiles
import Foundation
import Tensors
import Testing

@testable import MapProbes
@testable import Probing

/// Verdicts on tests of a file, by made-up results of its probes.
@Suite struct ProbeJudgementTests {
  /// A probe of one registered cell.
  /// - Parameter accuracy: of each seed.
  private func result(
    _ name: String, _ accuracy: [Double], classes: Int = 2, bits: ProbeInformation? = nil
  ) throws -> ProbeResult {
    let seeds = accuracy.indices.map { Seed(UInt64($0)) }
    let estimate = SeedEstimate(accuracy, seeds: seeds, confidence: 0.95, within: 0...1)
    let labels = try ProbeLabels(
      name: "label", classes: (0..<classes).map { "\($0)" }, values: (0..<classes).map { $0 })
    let cell = ProbeCell(
      site: "cross:1", layer: 1, kind: "cross", call: 2, head: nil, features: 6, accuracy: estimate, p: 0.5,
      familyWiseP: 0.5, isRegistered: true)
    let found = bits.map { [ProbeBits(cell: 0, classifier: "logistic", information: $0, accuracy: estimate)] }
    return ProbeResult(
      name: name, says: "is it", label: "label", classes: labels.classes, from: "small", samples: accuracy.count,
      tested: nil, seeds: seeds, grouping: .seeds, folds: seeds.count, strata: 1, strataOf: "seed", permutations: 999,
      classifier: "ridge", features: .init(record: "words", quantity: "probabilities", word: nil, value: "map"),
      chance: 1 / Double(classes), confidence: 0.95, cells: [cell], best: 0,
      confusion: ConfusionMatrix(predicted: labels.values, labels: labels), curve: [], information: found ?? [],
      controls: [], applied: [])
  }

  private func judged(_ tests: [ProbeTestSpec], _ results: [ProbeResult]) throws -> [ProbeTestResult] {
    let probes = results.map {
      ProbeSpec(name: $0.name, says: "is it", label: "label", features: ProbeFeaturesSpec(record: "words"))
    }
    return try ProbeTests(ProbesSpec(probes: probes, tests: tests), results).results()
  }

  /// One seed of six lies on the other side: four of 64 signs are as extreme, and the interval by t excludes the threshold all
  /// the same. Where all six lie on one side two signs are, which is too many for two tests.
  @Test(arguments: [ClaimThreshold.above(0.5), .below(0.5)])
  func signsThatDoNotAgree(threshold: ClaimThreshold) throws {
    func test(_ probe: String) -> ProbeTestSpec {
      ProbeTestSpec(says: "it is", probe: probe, at: .registered, over: nil, threshold: threshold)
    }
    let mixed = try result("mixed", [0.8, 0.8, 0.8, 0.8, 0.8, 0.45])
    let clear = try result("clear", [0.8, 0.7, 0.8, 0.9, 0.8, 0.75])
    let doubted = try judged([test("mixed")], [mixed])[0]
    #expect(try #require(doubted.interval).lowerBound > 0.5 && doubted.p == 4.0 / 64)
    #expect(doubted.verdict == .undecided)
    #expect(doubted.problem == "turning the signs of seeds does not agree: p 0.0625")
    let sure = try judged([test("clear")], [clear])[0]
    #expect(sure.verdict.rawValue == (threshold == .above(0.5) ? "shown" : "refuted"))
    #expect(sure.p == 2.0 / 64 && sure.problem == nil)
    for one in try judged([test("clear"), test("clear")], [clear]) {
      #expect(try #require(one.interval).lowerBound > 0.5 && one.p == 2.0 / 64 && one.correctedP == 4.0 / 64)
      #expect(one.verdict == .undecided && one.problem == doubted.problem)
    }
  }

  /// An interval that holds the threshold is undecided without more words.
  @Test func anIntervalAroundTheThreshold() throws {
    let test = ProbeTestSpec(says: "it is", probe: "p", at: .registered, over: nil, threshold: .above(0.5))
    let found = try judged([test], [result("p", [0.8, 0.2, 0.6, 0.4, 0.9, 0.3])])[0]
    #expect(found.verdict == .undecided && found.problem == nil)
  }

  @Test func probesOfOtherSeeds() throws {
    let test = ProbeTestSpec(says: "it is", probe: "a", at: .registered, over: "b", threshold: .above(0))
    let six = [0.8, 0.7, 0.8, 0.9, 0.8, 0.75]
    let found = try judged([test], [result("a", six), result("b", Array(six.dropLast()))])[0]
    #expect(found.verdict == .notTestable && found.estimate == nil)
    #expect(found.problem == "the probes that are compared do not have the same seeds")
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
    let seeds = [Double](repeating: 0.5, count: 8)
    let test = ProbeTestSpec(
      says: "C3", probe: "color", measure: .bits, at: .registered, over: "color self", less: ["shape", "shape self"],
      threshold: .above(0))
    let found = try judged(
      [test],
      [
        result("color", seeds, classes: 4, bits: color), result("color self", seeds, classes: 4, bits: colorSelf),
        result("shape", seeds, bits: shape), result("shape self", seeds, bits: shapeSelf),
      ])[0]
    let expected = (2 - color.crossEntropy) / 2 - (0 - (1 + log2(0.75)))
    #expect(abs(try #require(found.estimate) - expected) < 1e-12, "\(found), expected \(expected)")
    #expect(found.seeds == 8 && found.p == 2.0 / 256 && found.verdict == .shown)
  }
}
