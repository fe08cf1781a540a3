import Attention
import ExperimentFiles
import Formatting
import Foundation
import Planning
import Probing
import Tensors

/// Trains one probe at all its places, beside its controls.
///
/// Ridge's penalty is the number of features, so that it weighs as much at every place.
struct ProbeTrainer: Sendable {
  let plan: ProbePlan
  let probe: PlannedProbe
  let source: ProbeSource
  private let folds: Folds
  let labellings: LabelPermutations
  private let shuffled: ProbeLabels

  private var spec: ProbeSpec { probe.spec }
  private var judged: ProbeSet { probe.judged }
  private var confidence: Double { plan.spec.confidence }

  init(_ plan: ProbePlan, _ probe: PlannedProbe, _ source: ProbeSource) throws {
    self.plan = plan
    self.probe = probe
    self.source = source
    folds = try probe.folds
    labellings = try LabelPermutations(probe.judged.labels, within: probe.strata, count: plan.spec.permutations)
    shuffled = try LabelPermutations.shuffled(probe.judged.labels, within: probe.strata, seed: 1)
  }

  // MARK: One place

  /// What was found at a place.
  struct Found: Sendable {
    let place: ProbePlace
    /// All heads together, then each.
    let cells: [Cell]
    /// By control: for each sample whether it was told right, and on which samples.
    let controls: [ControlFound]
  }

  /// Of all heads together, or of one.
  struct Cell: Sendable {
    let head: Int?
    let found: RidgeScan.Probed
    /// nil of ridge, and of other samples than those that were trained on.
    let held: HeldOutProbabilities?
  }

  struct ControlFound: Sendable {
    let name: String
    /// Indices of judged samples.
    let samples: [Int]
    /// For each of these whether the control told it right, and the probe itself on the same samples.
    let right: [Bool]
    let own: [Bool]
  }

  func callAsFunction(_ place: ProbePlace) throws -> Found {
    let maps = try maps(of: source, probe.record, place, probe.trained)
    let shown = try self.shown(maps)
    let tested = try probe.tested.map { try self.maps(of: source, probe.record, place, $0) }
    let testShown = try tested.map(self.shown)
    var blocks: [(head: Int?, block: FeatureBlock, test: FeatureBlock?)] = [
      (nil, try shown.whole(), try testShown?.whole())
    ]
    if spec.features.heads == .each {
      for head in 0..<shown.heads { blocks.append((head, try shown.head(head), try testShown?.head(head))) }
    }
    var cells: [Cell] = []
    var controls: [ControlFound] = []
    for (head, block, test) in blocks {
      let scan = try self.scan(penalty: Double(block.width))
      if spec.classifier == .ridge, test == nil {
        let (found, hat) = try scan.probe(block)
        cells.append(Cell(head: head, found: found, held: nil))
        if head == nil, probe.has(.shuffled) {
          controls.append(control("shuffled", try hat.predictions(shuffled).predicted, found, truth: shuffled.values))
        }
      } else {
        let held = test == nil ? try probabilities(block, probe.trained.labels, folds) : nil
        let found = try scan.judge(
          block.name, features: block.width,
          predicted: held?.predicted ?? predict(block, test, probe.trained, folds))
        cells.append(Cell(head: head, found: found, held: held))
        if head == nil, probe.has(.shuffled) {
          let labels = ProbeSet(
            runs: probe.trained.runs, samples: probe.trained.samples, labels: shuffled, positions: nil)
          controls.append(control("shuffled", try predict(block, nil, labels, folds), found, truth: shuffled.values))
        }
      }
    }
    let own = cells[0].found
    if probe.has(.mass), probe.hasMass(place) {
      controls.append(
        control(
          "mass", try predict(maps.mass(), tested?.mass(), probe.trained, folds), own, truth: judged.labels.values))
    }
    if probe.has(.permuted) {
      let predicted = try predict(
        shown.permuted(seed: 2).whole(), testShown?.permuted(seed: 3).whole(), probe.trained, folds)
      controls.append(control("permuted", predicted, own, truth: judged.labels.values))
    }
    if probe.tested == nil {
      for bank in plan.banks {
        if let found = try self.bank(bank, place, shown) { controls.append(found) }
      }
    }
    return Found(place: place, cells: cells, controls: controls)
  }

  /// The maps of a set, of the heads that the probe is shown.
  func maps(
    of source: ProbeSource, _ record: RecordSpec, _ place: ProbePlace, _ set: ProbeSet
  ) throws -> MapFeatures {
    let maps = try source.maps(record, place, set, meanOfHeads: spec.features.heads == .mean)
    return try spec.features.heads.numbers.map { try maps.choosing(heads: $0) } ?? maps
  }

  func shown(_ maps: MapFeatures) throws -> MapFeatures {
    switch spec.features.value {
    case .map, .logRatio: return maps
    case .pattern: return try maps.pattern()
    case .mass:
      return try MapFeatures(
        name: "\(maps.name) mass", samples: maps.samples, heads: maps.heads, cells: 1, values: maps.mass().values)
    }
  }

  private func scan(penalty: Double) throws -> RidgeScan {
    try RidgeScan(
      samples: judged.samples, folds: folds, permutations: labellings, penalty: penalty, confidence: confidence)
  }

  private func control(
    _ name: String, _ predicted: [Int], _ own: RidgeScan.Probed, truth: [Int]
  ) -> ControlFound {
    ControlFound(
      name: name, samples: Array(truth.indices), right: zip(predicted, truth).map(==),
      own: zip(own.predicted, judged.labels.values).map(==))
  }

  /// What a probe that gives probabilities says of held-out samples; nil of ridge.
  private func probabilities(
    _ block: FeatureBlock, _ labels: ProbeLabels, _ folds: Folds
  ) throws -> HeldOutProbabilities? {
    switch spec.classifier {
    case .ridge: nil
    case .logistic: try LogisticProbe()(block, labels: labels, folds: folds)
    case .network: try NetworkProbe()(block, labels: labels, folds: folds)
    }
  }

  /// What a probe says of samples that it was not trained on: of a set's own folds, or of another set's seeds.
  private func predict(
    _ block: FeatureBlock, _ test: FeatureBlock?, _ set: ProbeSet, _ folds: Folds
  ) throws -> [Int] {
    guard let test, let tested = probe.tested else {
      if let held = try probabilities(block, set.labels, folds) { return held.predicted }
      return try HatMatrix(block, folds: folds, penalty: Double(block.width)).predictions(set.labels).predicted
    }
    var predicted = [Int](repeating: 0, count: tested.samples.count)
    for rows in folds.tests {
      let held = Set(rows.map { tested.samples[$0].seed })
      let training = set.samples.indices.filter { !held.contains(set.samples[$0].seed) }
      let labels = try set.choosing(training).labels
      let model = try RidgeModel(block.rows(training), labels: labels, penalty: Double(block.width))
      for (row, label) in zip(rows, try model(test.rows(rows)).predicted) { predicted[row] = label }
    }
    return predicted
  }

  // MARK: Banks

  /// A control that another experiment holds, on the pictures that it has too, against the probe on the same pictures.
  /// - Returns: nil where the bank has not the record or the place.
  private func bank(_ bank: ProbePlan.Bank, _ place: ProbePlace, _ own: MapFeatures) throws -> ControlFound? {
    // Planning has refused banks that share no picture.
    guard let reading = bank.reading(of: probe, at: place), let shared = try bank.shared(with: probe) else {
      return nil
    }
    let truth = shared.own.labels.values
    let predicted = try predict(features(reading, of: bank, shared, place), nil, shared.own, shared.folds)
    let baseline = try predict(own.whole().rows(shared.samples), nil, shared.own, shared.folds)
    return ControlFound(
      name: bank.spec.name, samples: shared.samples, right: zip(predicted, truth).map(==),
      own: zip(baseline, truth).map(==))
  }

  private func features(
    _ reading: ProbePlan.Bank.Reading, of bank: ProbePlan.Bank, _ shared: ProbePlan.Bank.Shared, _ place: ProbePlace
  ) throws -> FeatureBlock {
    switch reading {
    case .latents: return try bank.source.latents(shared.runs, call: place.call)
    case .maps(let record, let site):
      let set = try bank.set(shared, of: probe, record, lists: plan.spec)
      return try shown(maps(of: bank.source, record, ProbePlace(site: site, call: place.call), set)).whole()
    }
  }
}

extension FeatureBlock {
  /// Some samples.
  func rows(_ samples: [Int]) throws(ProbingError) -> FeatureBlock {
    try FeatureBlock(
      name: name, samples: samples.count, width: width,
      values: samples.flatMap { values[($0 * width)..<(($0 + 1) * width)] })
  }
}
