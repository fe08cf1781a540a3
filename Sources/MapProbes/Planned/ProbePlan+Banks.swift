import Attention
import ExperimentFiles
import Formatting
import Planning
import Probing
import Tensors

extension ProbePlan.Bank {
  /// The pictures that a probe and the bank have both.
  struct Shared {
    /// Indices of the probe's own pictures.
    let samples: [Int]
    /// These, with the classes that are among them.
    let own: ProbeSet
    /// The bank's, in the same order.
    let runs: [PlannedRun]
    let folds: Folds
  }

  /// Prompt and seed tell a picture, since probe and bank each have one setting, which ``ProbePlan`` has checked.
  /// - Returns: nil where they have no picture in common.
  /// - Throws: ``ProbingError`` where these pictures are of one class, or a fold has no other picture of a class.
  func shared(with probe: PlannedProbe) throws(ProbingError) -> Shared? {
    let held = Dictionary(
      source.plan.groups.flatMap(\.runs).filter { $0.intervention == spec.intervention }.map {
        (RunKey(prompt: $0.key.prompt, seed: $0.key.seed, intervention: ""), $0)
      }, uniquingKeysWith: { first, _ in first })
    let found = probe.trained.runs.map { held[RunKey(prompt: $0.key.prompt, seed: $0.key.seed, intervention: "")] }
    let samples = found.indices.filter { found[$0] != nil }
    guard !samples.isEmpty else { return nil }
    let own = try probe.trained.narrowed(to: samples)
    let folds = try Folds(own.samples, by: probe.spec.folds)
    try folds.check(own.labels)
    return Shared(samples: samples, own: own, runs: found.compactMap(\.self), folds: folds)
  }

  /// The bank's pictures as the probe reads them.
  /// - Throws: why the word is not in a prompt or not kept of it.
  func set(_ shared: Shared, of probe: PlannedProbe, _ record: RecordSpec, lists: ProbesSpec) throws -> ProbeSet {
    let labels = shared.own.labels
    let resolver = ProbeResolver(probes: lists, place: "probes.banks.\(spec.name)")
    // The same prompt stands there with each of its seeds.
    var known: [String: [Int]] = [:]
    let positions = try shared.own.positions.map { _ in
      try shared.runs.enumerated().map { at, run in
        if let found = known[run.prompt.prompt] { return found }
        let found = try resolver.located(
          probe.spec, in: run.prompt, label: labels.classes[labels.values[at]], record)
        known[run.prompt.prompt] = found
        return found
      }
    }
    return ProbeSet(runs: shared.runs, samples: shared.own.samples, labels: labels, positions: positions)
  }

  /// What a probe is shown of a bank in place of its own maps.
  enum Reading {
    case latents
    case maps(RecordSpec, AttentionSite)
  }

  /// What there is of a probe at a place; nil where the bank kept nothing.
  func reading(of probe: PlannedProbe, at place: ProbePlace) -> Reading? {
    guard probe.tested == nil else { return nil }
    let plan = source.plan
    if spec.reads == .latents { return latentCalls.contains(place.call) ? .latents : nil }
    guard let name = spec.record(for: probe.record.name),
      let index = plan.spec.record.firstIndex(where: { $0.name == name }),
      let resolved = plan.settings.first?.records[index], resolved.steps.contains(place.call),
      let site = plan.sites.first(where: { $0.path == place.site.path }), resolved.sites.contains(site.index)
    else { return nil }
    return .maps(plan.spec.record[index], site)
  }

  /// How many features a probe is shown of the bank at a place; nil where the bank kept nothing.
  /// - Throws: `ExperimentError`, which a plan that was made does not.
  fileprivate func features(of probe: PlannedProbe, at place: ProbePlace) throws -> Int? {
    switch reading(of: probe, at: place) {
    case .maps(let record, let site)?:
      return try probe.spec.features.count(
        of: record, in: source.plan, at: ProbePlace(site: site, call: place.call),
        readsWords: probe.trained.positions != nil)
    case .latents?:
      // Of four channels, as the plan counts them too.
      return source.plan.sites.first.map { saturatingProduct(4, $0.latentHeight, $0.latentWidth) }
    case nil: return nil
    }
  }

  /// The calls whose latents it keeps.
  fileprivate var latentCalls: [Int] { source.plan.groups.first?.inputLatentSteps ?? [] }
}

extension ProbePlan {
  /// Banks that no probe finds anything in, and tests over a bank that has nothing of their probe: both would be left out of a
  /// report without a word.
  static func problems(of banks: [Bank], probes: [PlannedProbe], in spec: ProbesSpec) -> [ExperimentFault] {
    var faults: [ExperimentFault] = []
    for bank in banks {
      let place = "probes.banks.\(bank.spec.name)"
      let asking = probes.filter { probe in probe.places.contains { bank.reading(of: probe, at: $0) != nil } }
      if asking.isEmpty {
        faults.append(
          ExperimentFault(
            "\(quoted(bank.source.name)) keeps nothing that a probe reads", at: place,
            advice: bank.spec.reads == .latents
              ? "\(listed(bank.latentCalls)); give its file `input_latents` with a call of the probes"
              : "its `record` has \(bank.source.plan.spec.record.map { quoted($0.name) }.joined(separator: ", ")); name them "
                + "in `records`, at sites and calls of the probes"))
      }
      for probe in asking {
        // A probe of all heads apart or together needs what the bank keeps of each.
        let isMean = probe.spec.features.heads == .mean || probe.record.heads == .mean
        guard case .maps(let record, _) = probe.places.lazy.compactMap({ bank.reading(of: probe, at: $0) }).first,
          record.heads == .mean, !isMean
        else { continue }
        faults.append(
          ExperimentFault(
            "\(quoted(record.name)) of \(quoted(bank.source.name)) keeps the mean over heads, and the probe "
              + "\(quoted(probe.spec.name)) reads heads", at: place,
            advice: "record it with heads: all, or write heads: mean for the probe"))
      }
      for probe in asking { faults += Self.problems(of: bank, shownTo: probe, lists: spec, at: place) }
      for (index, test) in spec.tests.enumerated() where test.over == bank.spec.name && !asking.isEmpty {
        guard let probe = probes.first(where: { $0.spec.name == test.probe }) else { continue }
        let places = test.at == .registered ? probe.places.filter(probe.registered.contains) : probe.places
        guard !places.contains(where: { bank.reading(of: probe, at: $0) != nil }) else { continue }
        faults.append(
          ExperimentFault(
            "\(quoted(bank.source.name)) keeps nothing of the probe \(quoted(probe.spec.name))"
              + (test.at == .registered ? " at its registered cells" : ""), at: "probes.tests.\(index).over",
            advice: "record it there, or compare the probe with another control"))
      }
    }
    return faults
  }

  /// Pictures that cannot be told apart in a bank, words that it does not keep, and more features than a network takes.
  private static func problems(
    of bank: Bank, shownTo probe: PlannedProbe, lists: ProbesSpec, at place: String
  ) -> [ExperimentFault] {
    func fault(_ found: String, _ advice: String) -> [ExperimentFault] {
      [ExperimentFault("the probe \(quoted(probe.spec.name)): \(found)", at: place, advice: advice)]
    }
    do {
      guard let shared = try bank.shared(with: probe) else {
        return fault(
          "no picture of \(quoted(bank.source.name)) is among those that it is trained on",
          "give that experiment the same prompts and some of the seeds")
      }
      let readings = probe.places.lazy.compactMap { bank.reading(of: probe, at: $0) }
      if case .maps(let record, _) = readings.first { _ = try bank.set(shared, of: probe, record, lists: lists) }
      let registered = probe.places.filter(probe.registered.contains)
      guard let wide = try probe.spec.tooWide(of: registered, { try bank.features(of: probe, at: $0) }) else {
        return []
      }
      return fault(
        "\(quoted(bank.source.name)) has \(wide.features) features at \(wide.place.name), and a network takes "
          + "\(NetworkProbe.mostInputs) or fewer",
        "name fewer heads, record its maps with pool, or leave the bank out")
    } catch let error as ProbingError {
      return fault(
        "of its pictures that \(quoted(bank.source.name)) has too, \(error)",
        "give that experiment more of the prompts and seeds")
    } catch {
      return fault("\(error)", "give the record of that experiment this word")
    }
  }

  private static func listed(_ calls: [Int]) -> String {
    calls.isEmpty
      ? "it keeps no latents" : "it keeps latents of calls \(calls.map(String.init).joined(separator: ", "))"
  }
}
