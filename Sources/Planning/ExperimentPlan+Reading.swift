import ExperimentFiles
import Formatting

extension ExperimentPlan {
  /// The plan of an experiment that reads what the runs of this plan have left: of its groups the runs that are asked for.
  ///
  /// Runs are found by their keys, so both files call settings and interventions alike. What is recorded, the sites and the
  /// size of pictures are this plan's.
  /// - Parameter modelHash: of the model that the reading file names.
  /// - Throws: `ExperimentError` with what the two files do not agree in, and for runs that this plan does not have.
  package func read(by spec: ExperimentSpec, modelHash: String) throws(ExperimentError) -> ExperimentPlan {
    let keys = Set(spec.runKeys)
    let faults = disagreements(with: spec, modelHash) + missing(keys)
    guard faults.isEmpty else { throw ExperimentError(faults) }
    var spec = spec
    spec.record = self.spec.record
    spec.predictedClean = self.spec.predictedClean
    spec.inputLatents = self.spec.inputLatents
    let settings = spec.generate.settings.compactMap { wanted in self.settings.first { $0.label == wanted.label } }
    var places: [Int: Int] = [:]
    var makeUps: [MakeUp] = []
    var groups: [PlannedGroup] = []
    for group in self.groups {
      let read = group.runs.indices.filter { keys.contains(group.runs[$0].key) }
      guard !read.isEmpty, let at = settings.firstIndex(where: { $0.label == group.settingsLabel }) else { continue }
      let makeUp = self.makeUps[group.makeUp]
      let place = places[group.makeUp] ?? makeUps.count
      if place == makeUps.count {
        places[group.makeUp] = place
        makeUps.append(makeUp.of(settings: at))
      }
      groups.append(
        PlannedGroup(
          hash: group.hash, seed: group.settings.seed, makeUp, at: place, settings[at],
          places: read.count == group.runs.count ? nil : read))
    }
    return ExperimentPlan(
      spec: spec, modelName: modelName, modelHash: self.modelHash, engine: engine, memory: memory, sites: sites,
      height: height, width: width, negativePrompt: negativePrompt, settings: settings, makeUps: makeUps,
      groups: groups, planRemarks: planRemarks.filter { !$0.isNote })
  }

  /// The same plan, whose file asks of one of its probes what it says of other maps.
  package func applying(_ probe: String, to use: ProbeApplySpec) -> ExperimentPlan {
    var spec = spec
    spec.apply(probe, to: use)
    return ExperimentPlan(
      spec: spec, modelName: modelName, modelHash: modelHash, engine: engine, memory: memory, sites: sites,
      height: height, width: width, negativePrompt: negativePrompt, settings: settings, makeUps: makeUps,
      groups: groups, planRemarks: planRemarks)
  }

  private func disagreements(with spec: ExperimentSpec, _ modelHash: String) -> [ExperimentFault] {
    let (own, name) = (self.spec.generate, quoted(self.spec.name))
    var faults: [ExperimentFault] = []
    if let further = self.spec.mapsFrom {
      faults.append(
        ExperimentFault("\(name) reads its maps from \(quoted(further))", at: "maps_from", advice: "name that one"))
    }
    if modelHash != self.modelHash {
      faults.append(
        ExperimentFault(
          "\(quoted(spec.model)) (\(modelHash.prefix(8))) is another model than the one of \(name), "
            + "\(quoted(self.spec.model)) (\(self.modelHash.prefix(8)))", at: "model"))
    }
    let same: [(String, Bool)] = [
      ("height", spec.generate.height.map { $0 == height } ?? true),
      ("width", spec.generate.width.map { $0 == width } ?? true),
      ("negative_prompt", spec.generate.negativePrompt == own.negativePrompt),
    ]
    let others = spec.generate.settings.filter { !own.settings.contains($0) }
    faults += same.filter { !$0.1 }.map { ExperimentFault("is not that of \(name)", at: "generate.\($0.0)") }
    faults += others.map {
      ExperimentFault(
        "the settings\($0.label.isEmpty ? "" : " " + quoted($0.label)) are not those of \(name)", at: "generate",
        advice: "write steps, guidance, scheduler and names of settings as there")
    }
    if !hasPictures, let metric = spec.metrics.first {
      faults.append(
        ExperimentFault(
          "\(metric.name) is of pictures, and runs of \(name) have none: they end after \(own.stopAfterCalls ?? 0) calls of the "
            + "model", at: "metrics"))
    }
    faults += spec.interventions.filter { !self.spec.interventions.contains($0) }.map {
      ExperimentFault("\(name) has no intervention of this name that does the same", at: "interventions.\($0.name)")
    }
    return faults
  }

  private func missing(_ keys: Set<RunKey>) -> [ExperimentFault] {
    let missing = keys.subtracting(groups.flatMap(\.runs).map(\.key))
    guard let first = missing.map(\.description).min() else { return [] }
    return [
      ExperimentFault(
        "\(grouped(missing.count)) of \(grouped(keys.count)) runs are not among those of \(quoted(spec.name)), as "
          + quoted(first), at: "generate", advice: "ask for pairs, prompts and seeds that its last plan has")
    ]
  }
}

extension MakeUp {
  /// The same, made of other settings by number.
  fileprivate func of(settings: Int) -> MakeUp {
    MakeUp(
      settings: settings, members: members, references: references, promptChanges: promptChanges, starts: starts,
      mapCount: mapCount, mapBytes: mapBytes, sharedRuns: sharedRuns)
  }
}
