import Comparing
import Foundation
import MapProbes
import Tensors

@testable import Probing

/// Findings that nobody measured, of a size of one's choice; the same each time.
struct Samples {
  let layers: [Int]
  let calls: [Int]
  let heads: Int
  private let samples: [ProbeSample]
  private let labels: ProbeLabels

  static let classes = ["red", "yellow", "green", "blue"]

  init(layers: [Int] = [1, 5, 9], calls: [Int] = [0, 10], heads: Int = 0, objects: Int = 3, seeds: Int = 4) throws {
    self.layers = layers
    self.calls = calls
    self.heads = heads
    let count = Self.classes.count * objects * seeds
    samples = (0..<count).map { place in
      let object = (place / Self.classes.count) % objects
      return ProbeSample(
        prompt: "a \(Self.classes[place % Self.classes.count]) thing\(object)",
        seed: Seed(UInt64(2001 + place / (Self.classes.count * objects))), template: "a <color> <thing>",
        object: "thing\(object)")
    }
    labels = try ProbeLabels(
      name: "color", classes: Self.classes, values: (0..<count).map { $0 % Self.classes.count })
  }

  /// What a probe reaches that is right with a likelihood.
  func accuracy(_ share: Double, seed: Int) throws -> ProbeAccuracy {
    let predicted = labels.values.enumerated().map { place, value in
      Double((place * 37 + seed * 11) % 100) < 100 * share ? value : (value + 1 + place % 3) % 4
    }
    return try ProbeAccuracy(predicted: predicted, labels: labels, samples: samples)
  }

  private func gain(_ share: Double, _ control: Double, seed: Int) throws -> SeedEstimate {
    let (own, other) = (try accuracy(share, seed: seed), try accuracy(control, seed: seed + 1))
    return SeedEstimate(
      samples.map { sample in
        let mean = { (accuracy: ProbeAccuracy) in accuracy.share.seeds.first { $0.seed == sample.seed }?.mean ?? 0 }
        return mean(own) - mean(other)
      }, seeds: samples.map(\.seed), confidence: 0.95, within: -1...1)
  }

  /// - Parameters:
  ///   - share: Of a layer (a place in `layers`) and a call (a place in `calls`).
  ///   - controls: By name, what each reaches.
  ///   - elsewhere: What they reach where the probe is not best; nil: the same.
  ///   - bank: Whose samples they are of; nil: the probe's.
  func probe(
    _ name: String, kind: String = "cross", says: String, controls: [(String, String, Double)] = [],
    elsewhere: Double? = nil, of bank: Samples? = nil, appliedTo other: String? = nil, share: (Int, Int) -> Double
  ) throws -> ProbeResult {
    var cells: [ProbeCell] = []
    var shares: [Double] = []
    for (row, layer) in layers.enumerated() {
      for (column, call) in calls.enumerated() {
        for head in heads == 0 ? [nil] : [nil] + (0..<heads).map(Optional.some) {
          let share = share(row, column) * (head.map { 1 - 0.08 * Double($0) } ?? 1)
          shares.append(share)
          cells.append(
            ProbeCell(
              site: "\(kind):\(layer)", layer: layer, kind: kind, call: call, head: head, features: 64,
              accuracy: try accuracy(share, seed: cells.count).share, p: share > 0.4 ? 0.001 : 0.4,
              familyWiseP: share > 0.4 ? 0.001 : 0.9, isRegistered: call == calls.last && head == nil))
        }
      }
    }
    let best = cells.indices.filter { cells[$0].isRegistered }.max { shares[$0] < shares[$1] } ?? 0
    let curve = try [1, 2, 4].map { count in
      LearningCurve.Point(
        trainingSeeds: count, accuracy: try accuracy(shares[best] * (0.5 + 0.12 * Double(count)), seed: 90 + count))
    }
    return ProbeResult(
      name: name, says: says, label: "color", classes: Self.classes, from: "probe-bank", samples: samples.count,
      tested: nil, seeds: samples.map(\.seed).reduce(into: []) { if !$0.contains($1) { $0.append($1) } },
      grouping: .seeds, folds: 4, strata: 12, strataOf: "seed and thing", permutations: 999, classifier: "ridge",
      features: .init(
        record: "words", quantity: "probabilities", word: kind == "cross" ? "<label>" : nil, value: "map"),
      chance: 0.25, confidence: 0.95, cells: cells, best: best,
      confusion: try accuracy(shares[best], seed: best).confusion, curve: curve, information: [],
      controls: try controls.map { name, says, reached in
        ProbeControl(
          name: name, says: says, samples: (bank ?? self).samples.count, seeds: 4,
          cells: try cells.indices.filter { name != "null_cell" || $0 == 0 }.map { index -> ProbeControl.Cell in
            let there = index == best ? reached : elsewhere ?? reached
            return ProbeControl.Cell(
              cell: index, accuracy: try (bank ?? self).accuracy(there, seed: 40 + index).share,
              gain: try gain(shares[index], there, seed: index))
          })
      },
      applied: try other.map { other in
        try cells.indices.filter { cells[$0].head == nil }.map { index in
          ProbeApplication(
            to: other, intervention: "words of another color", cell: index, samples: samples.count,
            toward: [
              .init(label: "word", share: try accuracy(shares[index] * 0.9, seed: index).share),
              .init(label: "picture", share: try accuracy(0.2, seed: 70 + index).share),
            ])
        }
      } ?? [])
  }

  func findings() throws -> ProbeFindings {
    let word = try probe(
      "word", says: "Does the map of the color word tell the color?",
      controls: [
        ("shuffled", "Labels that were shuffled within a seed and thing", 0.25),
        ("mass", "How much each head looks at the word, not where", 0.6),
        ("null_cell", "Layer 1 at the first call cannot know it", 0.26),
      ], appliedTo: "cross-read"
    ) { 0.5 + 0.15 * Double($0) + 0.1 * Double($1) }
    let layout = try probe("layout", kind: "self", says: "Do self maps tell the color?") { row, column in
      0.25 + 0.1 * Double(row) * Double(column)
    }
    return ProbeFindings(
      probes: [word, layout],
      tests: [
        ProbeTestResult(
          says: "the word's map tells the color", probe: "word", over: "chance", measure: "accuracy",
          cells: "registered cells", side: "above", threshold: 0.2, estimate: 0.61, interval: 0.5...0.72, seeds: 4,
          samples: samples.count, p: 0.0005, correctedP: 0.001, verdict: .shown, problem: nil),
        ProbeTestResult(
          says: "it tells more than the mass does", probe: "word", over: "mass", measure: "bits",
          cells: "registered cells", side: "above", threshold: 0.1, estimate: nil, interval: nil, seeds: 0, samples: 0,
          p: nil, correctedP: nil, verdict: .notTestable, problem: "the probe has no bits"),
      ], missing: ["article"])
  }
}
