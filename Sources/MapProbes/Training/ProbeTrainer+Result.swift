import Attention
import ExperimentFiles
import Formatting
import Foundation
import Planning
import Probing
import Tensors

extension ProbeTrainer {
  /// Puts together what was found at all places, and trains what is kept.
  func result(_ found: [Found]) throws -> (ProbeResult, SavedProbe) {
    let judged = probe.judged
    let scan = try RidgeScan(
      samples: judged.samples, folds: probe.folds, permutations: labellings, penalty: 1,
      confidence: plan.spec.confidence)
    let flat = found.flatMap { one in
      one.cells.map { (place: one.place, head: $0.head, found: $0.found, held: $0.held) }
    }
    let family = scan.family(of: flat.map(\.found))
    let cells = zip(flat, family.sites).map { one, site in
      ProbeCell(
        site: one.place.siteName, layer: one.place.site.layer, kind: one.place.site.kind.rawValue, call: one.place.call,
        head: one.head, features: site.features, accuracy: site.accuracy.share, p: site.p,
        familyWiseP: site.familyWiseP,
        isRegistered: one.head == nil && probe.registered.contains(one.place))
    }
    let candidates = cells.indices.filter { cells[$0].isRegistered || !cells.contains(where: \.isRegistered) }
    // Of equal ones the first.
    let best = candidates.max { cells[$0].accuracy.mean < cells[$1].accuracy.mean } ?? 0
    let chosen = flat[best]
    let block = try self.block(chosen.place, head: chosen.head)
    let isBySeeds = probe.tested == nil && probe.spec.folds == .seeds && scan.folds.tests.count > 2
    let curve =
      isBySeeds
      ? try LearningCurve(
        block, labels: judged.labels, samples: judged.samples, penalty: Double(block.width),
        confidence: plan.spec.confidence
      ).points : []
    let model = try trained(block, probe.trained.labels)
    let saved = SavedProbe(
      name: probe.spec.name, label: probe.spec.label, record: probe.record.name, site: chosen.place.siteName,
      call: chosen.place.call, head: chosen.head, model: model)
    let features = probe.spec.features
    let result = ProbeResult(
      name: probe.spec.name, says: probe.spec.says, label: probe.spec.label, classes: judged.labels.classes,
      from: source.name, samples: probe.trained.samples.count, tested: probe.tested?.samples.count,
      seeds: judged.samples.map(\.seed).uniqued, grouping: scan.folds.grouping, folds: scan.folds.tests.count,
      strata: labellings.strata, strataOf: "seed and object", permutations: labellings.count,
      classifier: probe.spec.classifier.rawValue,
      features: .init(
        record: probe.record.name, quantity: probe.record.of.rawValue,
        word: probe.trained.positions == nil ? nil : features.word, value: features.value.rawValue,
        heads: features.heads.numbers),
      chance: judged.labels.chance, confidence: plan.spec.confidence, cells: cells, best: best,
      confusion: chosen.found.accuracy.confusion, curve: curve, information: try bits(flat, cells, best),
      controls: controls(found, cells), applied: try applied(saved, block, cell: best))
    return (result, saved)
  }

  /// The features of one cell.
  private func block(_ place: ProbePlace, head: Int?) throws -> FeatureBlock {
    let maps = try shown(self.maps(of: source, probe.record, place, probe.trained))
    return try head.map { try maps.head($0) } ?? maps.whole()
  }

  /// The features that a trained probe was trained on.
  func block(of saved: SavedProbe) throws -> FeatureBlock {
    guard let place = probe.places.first(where: { $0.siteName == saved.site && $0.call == saved.call }) else {
      throw MapProbeError.unreadable("the trained probe \(quoted(saved.name))", reason: "it is of another place")
    }
    return try block(place, head: saved.head)
  }

  // MARK: Bits

  private func bits(
    _ flat: [(place: ProbePlace, head: Int?, found: RidgeScan.Probed, held: HeldOutProbabilities?)],
    _ cells: [ProbeCell], _ best: Int
  ) throws -> [ProbeBits] {
    // Bits are of predictions with probabilities, which ridge does not give.
    guard probe.tested == nil else { return [] }
    let registered = cells.indices.filter { cells[$0].isRegistered }
    let (labels, samples) = (probe.trained.labels, probe.trained.samples)
    return try (registered.isEmpty ? [best] : registered).map { cell in
      let one = flat[cell]
      let isNetwork = probe.spec.classifier == .network
      let held =
        try one.held ?? LogisticProbe()(block(one.place, head: one.head), labels: labels, folds: probe.folds)
      let accuracy = try ProbeAccuracy(
        predicted: held.predicted, labels: labels, samples: samples, confidence: plan.spec.confidence)
      return ProbeBits(
        cell: cell, classifier: isNetwork ? "network" : "logistic",
        information: try ProbeInformation(held, labels: labels, samples: samples, confidence: plan.spec.confidence),
        accuracy: accuracy.share)
    }
  }

  // MARK: Controls

  private func controls(_ found: [Found], _ cells: [ProbeCell]) -> [ProbeControl] {
    let seeds = probe.judged.samples.map(\.seed)
    // The cell of all heads of each place.
    var whole: [Int] = []
    var next = 0
    for one in found {
      whole.append(next)
      next += one.cells.count
    }
    let names = found.flatMap { $0.controls.map(\.name) }.uniqued
    var controls = names.map { name -> ProbeControl in
      let entries = zip(found, whole).compactMap { one, cell in
        one.controls.first { $0.name == name }.map { (cell: cell, control: $0) }
      }
      return ProbeControl(
        name: name, says: says(name), samples: entries.map(\.control.samples.count).max() ?? 0,
        seeds: Set(entries.first?.control.samples.map { seeds[$0] } ?? []).count,
        cells: entries.map { entry in
          let of = entry.control.samples.map { seeds[$0] }
          return ProbeControl.Cell(
            cell: entry.cell, accuracy: share(entry.control.right.map { $0 ? 1 : 0 }, of),
            gain: gain(zip(entry.control.own, entry.control.right).map { ($0 ? 1 : 0) - ($1 ? 1 : 0) }, of))
        })
    }
    if probe.has(.nullCell), let null = found.first(where: { probe.isNull($0.place) }) {
      let labels = probe.judged.labels.values
      let right = zip(null.cells[0].found.predicted, labels).map { $0 == $1 ? 1.0 : 0 }
      controls.append(
        ProbeControl(
          name: ProbeControlName.nullCell.rawValue, says: says(ProbeControlName.nullCell.rawValue),
          samples: labels.count,
          seeds: Set(seeds).count,
          cells: zip(found, whole).map { one, cell in
            let own = zip(one.cells[0].found.predicted, labels).map { $0 == $1 ? 1.0 : 0 }
            return ProbeControl.Cell(
              cell: cell, accuracy: share(right, seeds), gain: gain(zip(own, right).map { $0 - $1 }, seeds))
          }))
    }
    return controls
  }

  private func share(_ values: [Double], _ seeds: [Seed]) -> SeedEstimate {
    SeedEstimate(values, seeds: seeds, confidence: plan.spec.confidence, within: 0...1)
  }

  private func gain(_ values: [Double], _ seeds: [Seed]) -> SeedEstimate {
    SeedEstimate(values, seeds: seeds, confidence: plan.spec.confidence, within: -1...1)
  }

  private func says(_ name: String) -> String {
    switch ProbeControlName(rawValue: name) {
    case .shuffled: "labels are shuffled among the pictures of one seed and object"
    case .mass: "each head's mass on the word alone, one number a head"
    case .permuted: "the values of each map in an order of its own"
    case .nullCell: "the first layer at the first call, where nothing of the label can be"
    case nil: plan.spec.banks.first { $0.name == name }?.says ?? ""
    }
  }

  // MARK: Applications

  private func applied(_ saved: SavedProbe, _ block: FeatureBlock, cell: Int) throws -> [ProbeApplication] {
    try probe.spec.apply.compactMap { use in
      try plan.sources[use.to].map {
        try application(saved, block, to: $0, intervention: use.intervention, cell: cell)
      }
    }
  }

  /// The probe that was not trained on a seed: pictures of one seed share their noise.
  private func model(_ saved: SavedProbe, _ block: FeatureBlock, without seed: Seed) throws -> TrainedProbe {
    let set = probe.trained
    let rows = set.samples.indices.filter { set.samples[$0].seed != seed }
    if rows.count == set.samples.count { return saved.model }
    return try trained(block.rows(rows), set.choosing(rows).labels)
  }

  /// The file's classifier, trained on all samples that are given.
  private func trained(_ block: FeatureBlock, _ labels: ProbeLabels) throws -> TrainedProbe {
    switch probe.spec.classifier {
    case .ridge: .ridge(try RidgeModel(block, labels: labels, penalty: Double(block.width)))
    case .logistic: .logistic(try LogisticModel(block, labels: labels, probe: LogisticProbe()))
    case .network: .network(try NetworkModel(block, labels: labels, probe: NetworkProbe()))
    }
  }

  /// What the trained probe says of the runs of an intervention: toward the label of the run's own prompt, whose word is read,
  /// and toward that of its source, whose picture it is.
  /// - Parameters:
  ///   - block: the features of the probe's own training samples, of which those of a picture's seed are left out.
  ///   - other: of one setting, which ``ProbePlan`` has checked.
  func application(
    _ saved: SavedProbe, _ block: FeatureBlock, to other: ProbeSource, intervention: String, cell: Int
  ) throws -> ProbeApplication {
    let place = "probes.probes.\(probe.spec.name).apply"
    guard let index = other.plan.spec.record.firstIndex(where: { $0.name == saved.record }),
      other.plan.settings.first?.records[index].steps.contains(saved.call) == true,
      let site = other.plan.sites.first(where: { "\($0.kind.rawValue):\($0.layer)" == saved.site })
    else {
      throw ExperimentError(
        ExperimentFault(
          "\(quoted(other.name)) has no \(quoted(saved.record)) of \(saved.site) at call \(saved.call)", at: place,
          advice: "record it there as here"))
    }
    let record = other.plan.spec.record[index]
    let list = plan.spec.list(probe.spec.label)
    var runs: [PlannedRun] = []
    var told: [(word: Int, picture: Int)] = []
    for run in other.plan.groups.flatMap(\.runs) where run.intervention == intervention {
      guard let word = list?.word(in: run.prompt.prompt), let at = saved.model.classes.firstIndex(of: word) else {
        continue
      }
      let shown = run.key.source.map { list?.word(in: $0) } ?? word
      guard let shown, let picture = saved.model.classes.firstIndex(of: shown) else { continue }
      // Where the two agree nothing is decided.
      if run.key.source != nil, picture == at { continue }
      runs.append(run)
      told.append((at, picture))
    }
    guard !runs.isEmpty else {
      throw ExperimentError(
        ExperimentFault(
          "no run of \(quoted(intervention)) in \(quoted(other.name)) names a class of \(quoted(probe.spec.label))",
          at: place))
    }
    let resolver = ProbeResolver(probes: plan.spec, place: "probes.probes.\(probe.spec.name)")
    let positions = try probe.trained.positions.map { _ in
      try zip(runs, told).map { run, told in
        try resolver.positions(probe.spec, of: run.prompt, label: saved.model.classes[told.word], record)
      }
    }
    let set = ProbeSet(
      runs: runs,
      samples: runs.map { ProbeSample(prompt: $0.prompt.prompt, seed: $0.key.seed, template: "", object: "") },
      labels: try ProbeLabels(name: probe.spec.label, classes: saved.model.classes, values: told.map(\.word)),
      positions: positions)
    let maps = try shown(self.maps(of: other, record, ProbePlace(site: site, call: saved.call), set))
    let features = try saved.head.map { try maps.head($0) } ?? maps.whole()
    let seeds = set.samples.map(\.seed)
    var predicted = [Int](repeating: 0, count: seeds.count)
    for seed in seeds.uniqued {
      let rows = seeds.indices.filter { seeds[$0] == seed }
      let said = try model(saved, block, without: seed).predicted(features.rows(rows))
      for (row, label) in zip(rows, said) { predicted[row] = label }
    }
    func toward(_ label: String, _ classes: [Int]) -> ProbeApplication.Toward {
      .init(label: label, share: share(zip(predicted, classes).map { $0 == $1 ? 1 : 0 }, seeds))
    }
    return ProbeApplication(
      to: other.name, intervention: intervention, cell: cell, samples: runs.count,
      toward: [toward("word", told.map(\.word)), toward("picture", told.map(\.picture))])
  }
}
