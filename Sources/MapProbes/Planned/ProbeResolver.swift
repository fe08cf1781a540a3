import Attention
import ExperimentFiles
import Formatting
import Generation
import Planning
import Probing
import Results
import Tensors

/// Resolves probes of a file against plans of one setting, and says what they ask for that is not there.
struct ProbeResolver {
  let probes: ProbesSpec
  /// The probe's key in the file.
  let place: String
  /// Values of metrics by the hash of a run, and the metric's name; nil before any run is measured.
  var values: [String: [String: Double]]?

  /// - Parameter plan: of one setting, which ``ProbePlan`` has checked.
  /// - Returns: a probe without pictures where its label is not measured yet.
  /// - Throws: `ExperimentError` with everything of the probe that the plan does not have.
  func planned(_ spec: ProbeSpec, _ plan: ExperimentPlan) throws(ExperimentError) -> PlannedProbe {
    let (record, places) = try self.places(spec.features, plan)
    let registered = try spec.registered.map { (cells) throws(ExperimentError) in
      try chosen(cells, of: places, plan)
    }
    let readsWords = record.of.hasTokens && places.contains { $0.site.kind == .cross }
    if spec.classifier == .network {
      guard let registered else {
        throw fault("networks are trained at registered cells alone", "registered", "name some cells there")
      }
      try checkWidth(spec, plan, record, at: places.filter(registered.contains), readsWords: readsWords)
    }
    if let label = spec.measured, values == nil {
      return PlannedProbe(
        spec: spec, plan: plan, record: record, trained: try unmeasured(label, readsWords: readsWords), tested: nil,
        places: places, registered: registered ?? [])
    }
    let trained = try set(spec, spec.choice, plan, record, readsWords: readsWords, classes: nil)
    let tested =
      spec.testChoice.isEmpty
      ? nil : try set(spec, spec.testChoice, plan, record, readsWords: readsWords, classes: trained.labels.classes)
    let probe = PlannedProbe(
      spec: spec, plan: plan, record: record, trained: trained, tested: tested, places: places,
      registered: registered ?? [])
    do {
      try probe.folds.check(probe.judged.labels)
      _ = try Folds(trained.samples, by: .seeds)
    } catch { throw fault("\(error)", "folds") }
    do { _ = try LabelPermutations.shuffled(probe.judged.labels, within: probe.strata, seed: 0) } catch {
      throw fault(
        "no two classes of \(quoted(spec.label)) share a seed and an object, so labels cannot be permuted", "label",
        "give the prompts' things a list, and the same things and seeds to each class")
    }
    if tested != nil, spec.classifier != .ridge || spec.folds != .seeds {
      throw fault("test_where is for ridge probes that are split by seeds", "test_where")
    }
    return probe
  }

  private func fault(
    _ found: String, _ key: String, _ advice: String? = nil
  ) -> ExperimentError {
    ExperimentError(ExperimentFault(found, at: "\(place).\(key)", advice: advice))
  }

  // MARK: Places

  private func places(
    _ features: ProbeFeaturesSpec, _ plan: ExperimentPlan
  ) throws(ExperimentError) -> (RecordSpec, [ProbePlace]) {
    let name = quoted(plan.spec.mapsFrom ?? plan.spec.name)
    guard let index = plan.spec.record.firstIndex(where: { $0.name == features.record }),
      let resolved = plan.settings.first?.records[index]
    else {
      let known = plan.spec.record.map { quoted($0.name) }
      throw fault(
        "\(name) records no \(quoted(features.record))", "features.record",
        known.isEmpty ? "it records nothing" : "it records \(known.joined(separator: ", "))")
    }
    let record = plan.spec.record[index]
    let isLogRatio = record.of == .logRatio
    if isLogRatio != (features.value == .logRatio) {
      throw fault(
        "\(quoted(record.name)) holds \(record.of.rawValue)", "features.value",
        isLogRatio ? "write value: log_ratio" : "log ratios are recorded with of: log_ratio")
    }
    if [.mass, .pattern].contains(features.value), record.of != .probabilities {
      throw fault(
        "\(features.value.rawValue) is of probabilities, and \(quoted(record.name)) holds \(record.of.rawValue)",
        "features.value", "write value: map")
    }
    if features.heads == .each || features.heads.numbers != nil, record.heads == .mean {
      throw fault("\(quoted(record.name)) keeps the mean over heads", "features.heads", "record it with heads: all")
    }
    let recorded = plan.sites.filter { resolved.sites.contains($0.index) }
    let sites = try self.sites(features.sites, "features.sites", of: recorded, plan)
    if features.heads.numbers != nil, record.of == .output {
      throw fault("\(quoted(record.name)) holds output, which has no heads", "features.heads", "write heads: all")
    }
    if let wanted = features.heads.numbers?.last, let site = sites.first(where: { $0.heads <= wanted }) {
      throw fault(
        "\(site.kind.rawValue):\(site.layer) has no head \(wanted)", "features.heads",
        "its heads are 0 to \(site.heads - 1)")
    }
    if features.value == .mass, sites.contains(where: { $0.kind != .cross }) {
      throw fault("the mass of a self map is 1 and tells nothing", "features.value", "select cross sites")
    }
    let calls = try self.calls(features.calls, "features.calls", of: resolved.steps)
    return (record, sites.flatMap { site in calls.map { ProbePlace(site: site, call: $0) } })
  }

  /// Reports a place with more features than the classifier takes.
  private func checkWidth(
    _ spec: ProbeSpec, _ plan: ExperimentPlan, _ record: RecordSpec, at places: [ProbePlace], readsWords: Bool
  ) throws(ExperimentError) {
    let found: (place: ProbePlace, features: Int)?
    do {
      found = try spec.tooWide(of: places) {
        try spec.features.count(of: record, in: plan, at: $0, readsWords: readsWords)
      }
    } catch { throw fault("\(error)", "registered") }
    guard let wide = found else { return }
    throw fault(
      "\(wide.place.name) has \(wide.features) features, and a network takes \(NetworkProbe.mostInputs) or fewer",
      "features", "write heads: mean, name fewer heads, or record the maps with pool")
  }

  private func sites(
    _ text: String, _ key: String, of recorded: [AttentionSite], _ plan: ExperimentPlan
  ) throws(ExperimentError) -> [AttentionSite] {
    let chosen: [AttentionSite]
    do { chosen = try SiteSelector(text).resolve(plan.sites) } catch { throw fault("\(error)", key) }
    let found = chosen.filter(recorded.contains).sorted { $0.index < $1.index }
    let missing = chosen.filter { !recorded.contains($0) }
    // A pattern is a wish for what there is of it; a number is not.
    guard !found.isEmpty, missing.isEmpty || text.contains("*") else {
      let names = recorded.map { "\($0.kind.rawValue):\($0.layer)" }.joined(separator: ", ")
      throw fault(
        "\(missing.map(\.shortName).joined(separator: ", ")) \(missing.count == 1 ? "is" : "are") not recorded", key,
        "there are \(names)")
    }
    return found
  }

  private func calls(_ asked: [Int]?, _ key: String, of recorded: [Int]) throws(ExperimentError) -> [Int] {
    guard let asked else { return recorded }
    if let missing = asked.first(where: { !recorded.contains($0) }) {
      throw fault(
        "call \(missing) is not recorded", key, "there are \(recorded.map(String.init).joined(separator: ", "))")
    }
    return asked.sorted()
  }

  private func chosen(
    _ cells: ProbeCellsSpec, of places: [ProbePlace], _ plan: ExperimentPlan
  ) throws(ExperimentError) -> Set<ProbePlace> {
    let sites = try self.sites(cells.sites, "registered.sites", of: places.map(\.site).uniqued, plan)
    let calls = try self.calls(cells.calls, "registered.calls", of: places.map(\.call).uniqued.sorted())
    return Set(places.filter { sites.contains($0.site) && calls.contains($0.call) })
  }

  // MARK: Samples

  private func set(
    _ spec: ProbeSpec, _ choice: [ProbeChoice], _ plan: ExperimentPlan, _ record: RecordSpec, readsWords: Bool,
    classes: [String]?
  ) throws(ExperimentError) -> ProbeSet {
    let key = classes == nil ? "where" : "test_where"
    var found: [(run: PlannedRun, sample: ProbeSample, label: String)] = []
    var seen: Set<ProbeSample.Key> = []
    let isOfInterventions = spec.label == "intervention"
    let untouched = plan.spec.interventions.filter(\.operations.isEmpty).map(\.name) + [InterventionSpec.sourceName]
    for run in plan.groups.flatMap(\.runs)
    where isOfInterventions ? run.intervention != InterventionSpec.sourceName : untouched.contains(run.intervention) {
      guard let (sample, label) = self.sample(run, spec, choice), classes?.contains(label) ?? true else { continue }
      // A source is made again for each group of its targets.
      guard isOfInterventions || seen.insert(sample.key).inserted else { continue }
      found.append((run, sample, label))
    }
    if let measured = spec.measured { found = self.classes(of: found, measured) }
    let known =
      spec.measured?.classes
      ?? (isOfInterventions ? plan.spec.interventions.map(\.name) : probes.list(spec.label)?.words ?? [])
    let told = classes ?? known.filter { word in found.contains { $0.label == word } }
    let numbers = Dictionary(told.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let labels: ProbeLabels
    do {
      labels = try ProbeLabels(name: spec.label, classes: told, values: found.compactMap { numbers[$0.label] })
    } catch {
      throw fault(
        "\(found.count) pictures name \(told.count) of the classes of \(quoted(spec.label))", key,
        "a probe tells two or more apart; the prompts are those of generate, or of the experiment in from")
    }
    guard !found.isEmpty else { throw fault("no picture is left", key) }
    return ProbeSet(
      runs: found.map(\.run), samples: found.map(\.sample), labels: labels,
      positions: readsWords
        ? try found.map { (one) throws(ExperimentError) in
          try positions(spec, of: one.run.prompt, label: one.label, record)
        } : nil)
  }

  /// No pictures yet, and the classes that will be told apart.
  private func unmeasured(_ label: MeasuredLabel, readsWords: Bool) throws(ExperimentError) -> ProbeSet {
    do {
      return ProbeSet(
        runs: [], samples: [], labels: try ProbeLabels(name: label.rawValue, classes: label.classes, values: []),
        positions: readsWords ? [] : nil)
    } catch { throw fault("\(error)", "label") }
  }

  /// The samples that have a value, each with its class.
  private func classes(
    of found: [(run: PlannedRun, sample: ProbeSample, label: String)], _ label: MeasuredLabel
  ) -> [(run: PlannedRun, sample: ProbeSample, label: String)] {
    let values = found.map { self.values?[$0.run.hash]?[label.metric] ?? .nan }
    let known = found.indices.filter { values[$0].isFinite }
    guard !known.isEmpty else { return [] }
    return zip(known, label.classes(of: known.map { values[$0] })).map { place, number in
      (found[place].run, found[place].sample, label.classes[number])
    }
  }

  /// What a run is as a sample, whose measured label is not known yet; nil where the probe is not about it.
  private func sample(
    _ run: PlannedRun, _ spec: ProbeSpec, _ choice: [ProbeChoice]
  ) -> (ProbeSample, label: String)? {
    let text = run.prompt.prompt
    for part in choice {
      guard let word = probes.list(part.list)?.word(in: text), part.words.contains(word) else { return nil }
    }
    let own =
      spec.measured != nil
      ? "" : spec.label == "intervention" ? run.intervention : probes.list(spec.label)?.word(in: text)
    guard let own else { return nil }
    let others = probes.lists.filter { $0.name != spec.label }.compactMap { $0.word(in: text) }.filter { $0 != own }
    // Of other labels no word of the prompt tells the class.
    let template =
      ProbeSpec.ownLabels.contains(spec.label) ? text : Self.replacing(own, in: text, with: "{\(spec.label)}")
    let sample = ProbeSample(
      prompt: text, seed: run.key.seed, template: template,
      object: others.isEmpty ? template : others.uniqued.joined(separator: " "))
    return (sample, own)
  }

  /// A prompt with a placeholder for a word or phrase of a list, where `ProbeList.word(in:)` first finds it: as whole
  /// words, in any case.
  /// - Returns: the prompt as it is if it does not name the word.
  static func replacing(_ word: String, in prompt: String, with placeholder: String) -> String {
    let list = ProbeList(name: "", words: [word])
    func isNamed(in part: Substring) -> Bool { list.word(in: String(part)) != nil }
    let words = prompt.split { !$0.isLetter && !$0.isNumber }
    // The shortest beginning of the prompt that names it, and the shortest end of that.
    guard let last = words.first(where: { isNamed(in: prompt[..<$0.endIndex]) }),
      let first = words.last(where: { word in
        word.startIndex < last.endIndex && isNamed(in: prompt[word.startIndex..<last.endIndex])
      })
    else { return prompt }
    return "\(prompt[..<first.startIndex])\(placeholder)\(prompt[last.endIndex...])"
  }

  /// The token positions that are read of a prompt.
  func positions(
    _ spec: ProbeSpec, of prompt: PromptTokens, label: String, _ record: RecordSpec
  ) throws(ExperimentError) -> [Int] {
    let key = "features.word"
    if ProbeSpec.ownLabels.contains(spec.label), ProbeFeaturesSpec.ownWords.contains(spec.features.word) {
      throw fault("no word of a prompt tells \(quoted(spec.label))", key, "name the word itself")
    }
    do { return try located(spec, in: prompt, label: label, record) } catch { throw fault("\(error)", key) }
  }

  /// - Throws: why the word is not in the prompt, or not kept of it.
  func located(_ spec: ProbeSpec, in prompt: PromptTokens, label: String, _ record: RecordSpec) throws -> [Int] {
    let word = spec.features.word
    let name: TokenName
    switch word {
    case "<label>": name = try TokenName(label)
    case "<after label>": name = try TokenName("<after \(label)>")
    default:
      if let list = ProbeFeaturesSpec.list(word) {
        guard let other = probes.list(list)?.word(in: prompt.prompt) else {
          throw SelectionError(problem: "\"\(prompt.prompt)\" names no word of \(list)")
        }
        name = try TokenName(other)
      } else {
        name = try Int(word).map { .position($0) } ?? TokenName(word)
      }
    }
    let wanted = try name.positions(in: prompt)
    let recorded = try record.tokens.resolve(prompt)
    guard RecordedWord.keys(covering: wanted, in: recorded.map(\.positions)) != nil else {
      throw SelectionError(
        problem: "\(quoted(record.name)) keeps no \(name) of \"\(prompt.prompt)\"",
        hint: "it keeps " + recorded.map(\.label).joined(separator: ", "))
    }
    return wanted
  }
}
