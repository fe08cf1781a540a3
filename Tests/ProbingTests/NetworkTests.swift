import Analysis
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Probing

/// The paper's network against PyTorch's, from the same first weights, order of samples and dropout.
@Suite struct NetworkTests {
  private struct Network: Decodable {
    struct Case: Decodable {
      let dropout, lastLoss: Double
      let scores: [Float]
    }
    let inputs, classes, batch, passes: Int
    let rate: Double
    let seed: UInt64
    let labels: [Int]
    let features: [Float]
    let cases: [Case]
  }

  @Test func aKeptNetworkSaysTheSame() throws {
    let fixture: Network = try ProbesFixture.json("network")
    let rows = fixture.labels.count
    let block = try FeatureBlock(name: "cross:5", samples: rows, width: fixture.inputs, values: fixture.features)
    let labels = try ProbeLabels(
      name: "label", classes: (0..<fixture.classes).map { "\($0)" }, values: fixture.labels)
    let probe = try NetworkProbe(passes: 3, batch: fixture.batch)
    let kept = TrainedProbe.network(try NetworkModel(block, labels: labels, probe: probe))
    let network = probe.train(
      try Standardization(block)(block).values.map { Float($0) }, labels: labels.values, inputs: fixture.inputs,
      classes: fixture.classes)
    let scores = network.forward(try Standardization(block)(block).values.map { Float($0) }).scores
    let winners = (0..<rows).map { row in
      HeldOutScores.winner(scores[(row * fixture.classes)..<((row + 1) * fixture.classes)].map(Double.init))
    }
    #expect(try kept.predicted(block) == winners && kept.isSound)
    let data = try JSONEncoder().encode(kept)
    #expect(try JSONDecoder().decode(TrainedProbe.self, from: data) == kept)
    // A stranger's file: what does not fit is no network.
    let wrong: [(what: String, change: (inout [String: Any]) -> Void)] = [
      ("a number too few", { $0["parameters"] = Self.bytes(of: $0) { Array($0.dropLast(4)) } }),
      ("a number too many", { $0["parameters"] = Self.bytes(of: $0) { $0 + [0, 0, 0, 0] } }),
      ("a byte too few", { $0["parameters"] = Self.bytes(of: $0) { Array($0.dropLast()) } }),
      ("not a number", { $0["parameters"] = Self.bytes(of: $0) { Array($0.dropLast(4)) + [0, 0, 0xC0, 0x7F] } }),
      ("another width", { $0["hidden"] = fixture.inputs + 4000 }),
      ("no width", { $0["hidden"] = 0 }),
      ("other features", { $0["inputs"] = fixture.inputs + 1 }),
      ("other classes", { $0["classes"] = fixture.classes + 1 }),
    ]
    #expect(try isSoundOnceChanged(kept, "network", { $0["network"] = $0["network"] }))
    for (what, change) in wrong {
      let isSound = try isSoundOnceChanged(kept, "network") { model in
        guard var network = model["network"] as? [String: Any] else { return }
        change(&network)
        model["network"] = network
      }
      #expect(!isSound, "\(what)")
    }
  }

  private static func bytes(of network: [String: Any], _ change: ([UInt8]) -> [UInt8]) -> String {
    let text = network["parameters"] as? String ?? ""
    return Data(change([UInt8](Data(base64Encoded: text) ?? Data()))).base64EncodedString()
  }

  @Test func fiftyStepsAreThoseOfPyTorch() throws {
    let fixture: Network = try ProbesFixture.json("network")
    #expect(fixture.cases.map(\.dropout) == [0, 0.1])
    for expected in fixture.cases {
      let probe = try NetworkProbe(
        passes: fixture.passes, batch: fixture.batch, learningRate: fixture.rate, dropout: expected.dropout,
        seed: fixture.seed)
      let network = probe.train(
        fixture.features, labels: fixture.labels, inputs: fixture.inputs, classes: fixture.classes)
      #expect(network.hidden == 2048)
      let shape = [fixture.labels.count, fixture.classes]
      expectClose(
        try Tensor(network.forward(fixture.features).scores, shape: shape), try Tensor(expected.scores, shape: shape),
        tolerance: 1e-4, "dropout \(expected.dropout)")
    }
  }

  @Test func gradientsAreFiniteDifferences() throws {
    var words = SplitMix64(seed: 4)
    let network = PaperNetwork(inputs: 5, classes: 3, hidden: 6, generator: &words)
    var generator = SeededGenerator(seed: 4)
    let features = (0..<40).map { _ in Float(generator.normal()) }
    let labels = (0..<8).map { $0 % 3 }
    let gradient = network.loss(features, labels: labels).gradient
    #expect(gradient.count == 6 * 6 + 3 * 7)
    let largest = gradient.map { abs($0) }.max() ?? 0
    for place in gradient.indices {
      var (up, down) = (network, network)
      up.parameters[place] += 0.01
      down.parameters[place] -= 0.01
      let slope = (up.loss(features, labels: labels).value - down.loss(features, labels: labels).value) / 0.02
      // Single precision: a loss of 1 has steps of 1e-7, over 0.02.
      #expect(abs(slope - Double(gradient[place])) < 2e-4 * Double(max(largest, 1)), "seed 4, \(place)")
    }
  }

  @Test func aPatternIsLearnedAndTheSeedDecides() throws {
    let planted = try PlantedProbes(classes: 3, objects: 2, seeds: 4, sites: 2, width: 10, strength: 2, planted: 0)
    let (samples, labels) = (planted.samples, try planted.labels())
    let folds = try Folds(samples, by: .seeds, count: 2)
    let block = try planted.blocks(0)[0]
    let probe = try NetworkProbe(passes: 6, batch: 8, seed: 1)
    let held = try probe(block, labels: labels, folds: folds)
    let accuracy = try ProbeAccuracy(predicted: held.predicted, labels: labels, samples: samples)
    #expect(accuracy.share.mean > 0.8, "\(accuracy.confusion.counts)")
    #expect(try probe(block, labels: labels, folds: folds) == held)
    #expect(try NetworkProbe(passes: 6, batch: 8, seed: 2)(block, labels: labels, folds: folds) != held)
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let planted = try PlantedProbes(classes: 2, objects: 1, seeds: 2, sites: 1, planted: 0)
    let (labels, folds) = (try planted.labels(), try Folds(planted.samples, by: .seeds))
    let wide = try FeatureBlock(name: "self:1", samples: 4, width: 4097, values: [Float](repeating: 0, count: 4 * 4097))
    #expect {
      try NetworkProbe()(wide, labels: labels, folds: folds)
    } throws: {
      "\($0)" == "network: self:1 has 4097 features, expected 4096 or fewer; pool the maps, or name fewer heads"
    }
    #expect(throws: ProbingError.self) { try NetworkProbe(dropout: 1) }
    #expect(throws: ProbingError.self) { try NetworkProbe(passes: 0) }
    #expect(throws: ProbingError.self) { try NetworkProbe(learningRate: .nan) }
  }
}
