import Foundation
import TestSupport
import Testing

@testable import Probing

/// Logistic regression on components of the training folds against scikit-learn's `PCA` and `LogisticRegression`.
@Suite struct LogisticTests {
  @Test(arguments: 0..<4) func probabilitiesAreScikitLearns(_ index: Int) throws {
    let fixture = try ProbesFixture.read()
    let (labels, samples) = (try fixture.probeLabels(), fixture.samples)
    let probe = try LogisticProbe(penalty: fixture.penalty, components: fixture.components)
    let held = try probe(fixture.features(index), labels: labels, folds: Folds(samples, by: .seeds))
    let expected = fixture.blocks[index].logistic
    let off = largestDifference(held.logarithms.map(exp), expected.probabilities)
    #expect(off < 1e-4, "block \(index): \(off)")
    let told = try ProbeInformation(held, labels: labels, samples: samples)
    let interval = try #require(told.gain.interval)
    let numbers = [
      told.crossEntropy, told.priorCrossEntropy, told.gain.mean, interval.lowerBound, interval.upperBound,
    ]
    let all = [expected.crossEntropy, expected.priorCrossEntropy, expected.gain] + expected.interval
    #expect(largestDifference(numbers, all) < 1e-4, "block \(index): \(numbers), expected \(all)")
    #expect(told.gain.count == 42 && told.gain.seeds.count == 7)
    #expect(abs(told.share - told.gain.mean / log2(3)) < 1e-12)
    #expect(try probe(fixture.features(index), labels: labels, folds: Folds(samples, by: .seeds)) == held)
  }

  /// Trained on all samples but a fold's it says of the fold what the probe of the folds says; components and weights are one.
  @Test(arguments: 0..<4) func aKeptProbeSaysWhatTheFoldsDo(_ index: Int) throws {
    let fixture = try ProbesFixture.read()
    let (labels, samples, block) = (try fixture.probeLabels(), fixture.samples, try fixture.features(index))
    let probe = try LogisticProbe(penalty: fixture.penalty, components: fixture.components)
    let model = try LogisticModel(block, labels: labels, probe: probe)
    let features = try Standardization(block)(block)
    let all = Array(samples.indices)
    let components = try TrainingComponents(features, training: all, most: probe.components)
    let expected = try LogisticRegression(
      components.scores(features, of: all), labels: labels.values, classes: labels.classes.count, penalty: probe.penalty
    ).logarithms(components.scores(features, of: all))
    let winners = all.map { row in HeldOutScores.winner((0..<labels.classes.count).map { expected[row, $0] }) }
    let kept = TrainedProbe.logistic(model)
    #expect(try kept.predicted(block) == winners && kept.isSound)
    let again = try JSONDecoder().decode(TrainedProbe.self, from: JSONEncoder().encode(kept))
    #expect(again == kept)
  }

  /// A stranger's file may say anything: what does not fit is no probe, and is not multiplied with.
  @Test(arguments: ["ridge", "logistic"]) func aProbeThatDoesNotFitIsNone(_ kind: String) throws {
    let fixture = try ProbesFixture.read()
    let (labels, block) = (try fixture.probeLabels(), try fixture.features(0))
    let probe = try LogisticProbe(penalty: fixture.penalty, components: fixture.components)
    let kept: TrainedProbe =
      kind == "ridge"
      ? .ridge(try RidgeModel(block, labels: labels, penalty: fixture.penalty))
      : .logistic(try LogisticModel(block, labels: labels, probe: probe))
    func changed(_ key: String, _ change: ([Any]) -> [Any]) throws -> Bool {
      try isSoundOnceChanged(kept, kind) { $0[key] = change($0[key] as? [Any] ?? []) }
    }
    #expect(try changed("weights") { $0 })
    for key in ["weights", "intercepts", "classes"] {
      #expect(try !changed(key) { Array($0.dropLast()) }, "\(key), one too few")
      #expect(try !changed(key) { $0 + $0.prefix(1) }, "\(key), one too many")
    }
    for key in ["means", "deviations"] {
      let isSound = try isSoundOnceChanged(kept, kind) { model in
        guard var standard = model["standardization"] as? [String: Any], let values = standard[key] as? [Any] else {
          return
        }
        standard[key] = Array(values.dropLast())
        model["standardization"] = standard
      }
      #expect(!isSound, "\(key), one too few")
    }
  }

  /// Held-out samples have no part in the components: others in their place change nothing.
  @Test func componentsAreOfTheTrainingSamplesAlone() throws {
    let fixture = try ProbesFixture.read()
    let features = try Standardization(fixture.features(2))(fixture.features(2))
    var other = features
    for place in 0..<(6 * features.columns) { other.values[place] = Double(place) }
    let training = Array(6..<42)
    let a = try TrainingComponents(features, training: training, most: 64)
    let b = try TrainingComponents(other, training: training, most: 64)
    #expect(a.count == 35)
    #expect(a.scores(features, of: training).values == b.scores(other, of: training).values)
  }

  @Test func gradientsAreFiniteDifferences() throws {
    var generator = SeededGenerator(seed: 8)
    var inputs = Matrix(rows: 15, columns: 5)
    for place in inputs.values.indices { inputs.values[place] = place % 5 == 4 ? 1 : generator.normal() }
    let labels = (0..<15).map { $0 % 3 }
    let weights = (0..<15).map { _ in generator.normal() }
    func loss(_ weights: [Double]) -> (value: Double, gradient: [Double]) {
      LogisticRegression.loss(weights, inputs, labels: labels, classes: 3, penalty: 0.7)
    }
    let gradient = loss(weights).gradient
    for place in weights.indices {
      var (up, down) = (weights, weights)
      up[place] += 1e-5
      down[place] -= 1e-5
      let slope = (loss(up).value - loss(down).value) / 2e-5
      #expect(abs(slope - gradient[place]) < 1e-7, "seed 8, \(place): \(gradient[place]), by differences \(slope)")
    }
  }

  /// A regression that hardly any penalty bounds still ends, at the minimum.
  @Test func aNearlySeparableFoldConverges() throws {
    var features = Matrix(rows: 40, columns: 2)
    for row in 0..<40 {
      features[row, 0] = Double(row % 4) * 100
      features[row, 1] = Double(row % 7) * 0.01
    }
    let labels = (0..<40).map { $0 % 4 }
    let regression = try LogisticRegression(features, labels: labels, classes: 4, penalty: 1e-3)
    let found = regression.logarithms(features)
    for (row, label) in labels.enumerated() { #expect(found[row, label] > log(0.9), "row \(row)") }
  }

  @Test func otherNumbersAreRefused() {
    #expect(throws: ProbingError.components(65)) { try LogisticProbe(components: 65) }
    #expect(throws: ProbingError.components(0)) { try LogisticProbe(components: 0) }
    #expect(throws: ProbingError.penalty(0)) { try LogisticProbe(penalty: 0) }
  }
}

/// Whether a kept probe can still be used after its file was changed: it is read, and its numbers fit one another.
/// - Parameters:
///   - kind: its key in the file.
///   - change: of what stands under it.
func isSoundOnceChanged(
  _ probe: TrainedProbe, _ kind: String, _ change: (inout [String: Any]) -> Void
) throws -> Bool {
  let data = try JSONEncoder().encode(probe)
  var file = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  var model = try #require(file[kind] as? [String: Any])
  change(&model)
  file[kind] = model
  let written = try JSONSerialization.data(withJSONObject: file)
  guard let read = try? JSONDecoder().decode(TrainedProbe.self, from: written) else { return false }
  return read.isSound
}
