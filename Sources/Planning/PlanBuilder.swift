import Attention
import AttentionStore
import ExperimentFiles
import Formatting
import Generation
import Pipelines
import Tensors

/// Resolves what an experiment asks in one of its settings, and collects everything that is wrong with it.
struct PlanBuilder {
  let spec: ExperimentSpec
  let sites: [AttentionSite]
  let residuals: [ResidualSite]
  /// Of each site, the values of a vector of all heads.
  let siteChannels: [Int]
  let label: String
  /// Whatever the seed.
  let denoising: DenoisingSettings
  /// Calls of the model: what steps of selectors are.
  let callCount: Int
  let tokenizer: (String) -> PromptTokens

  /// What a set of `dataset_mean` is of where it names no prompts.
  private let ownPromptCount: Int

  private(set) var faults: [ExperimentFault] = []
  private(set) var remarks: [PlanRemark] = []
  private var knownFaults: Set<ExperimentFault> = []
  private var knownRemarks: Set<PlanRemark> = []
  private var tokens: [String: PromptTokens] = [:]

  init(
    spec: ExperimentSpec, sites: [AttentionSite], residuals: [ResidualSite], siteChannels: [Int], label: String,
    denoising: DenoisingSettings, callCount: Int, tokenizer: @escaping (String) -> PromptTokens
  ) {
    self.spec = spec
    self.sites = sites
    self.residuals = residuals
    self.siteChannels = siteChannels
    self.label = label
    self.denoising = denoising
    self.callCount = callCount
    self.tokenizer = tokenizer
    ownPromptCount = spec.generate.ownPrompts.count
  }

  /// Notes what a body throws, under the place it belongs to.
  private mutating func attempt<T>(_ place: String, _ body: () throws -> T) -> T? {
    do { return try body() } catch {
      note(ExperimentFault("\(error)", at: place))
      return nil
    }
  }

  private mutating func note(_ fault: ExperimentFault) {
    if knownFaults.insert(fault).inserted { faults.append(fault) }
  }

  private mutating func note(_ remark: PlanRemark) {
    if knownRemarks.insert(remark).inserted { remarks.append(remark) }
  }

  // MARK: - Selectors

  /// The settings with every selector of the file resolved. What cannot be is noted and left out.
  mutating func resolve() -> ResolvedSettings {
    let (sites, siteChannels, callCount, stop) = (sites, siteChannels, callCount, spec.generate.stopAfterCalls)
    let scheduler = denoising.scheduler
    var operations: [String: [ResolvedOperation]] = [:]
    for intervention in spec.interventions {
      checkWords(of: intervention)
      operations[intervention.name] = intervention.operations.enumerated().compactMap { index, operation in
        let place = "interventions.\(intervention.name).\(index)"
        guard let (chosen, features) = selected(operation, place) else { return nil }
        // What is changed before the first step, the prompt or the start, has no steps.
        let steps =
          operation.op.isOfAttention ? attempt(place) { try Self.steps(operation.steps, of: callCount, stop) } : []
        guard let steps else { return nil }
        if operation.op.changesStart { _ = attempt(place) { try NoisedStart.check(scheduler) } }
        let resolved = ResolvedOperation(spec: operation, sites: chosen, residuals: features, steps: steps)
        let problems = resolved.problems(sites)
        for problem in problems { note(ExperimentFault(problem, at: place)) }
        checkHalf(operation.branch, place)
        if operation.op.onlyObserves { explainCrossRead(place) }
        // What is refused here would be refused again where it is planned.
        return problems.isEmpty ? resolved : nil
      }
    }
    let records = spec.record.map { record in
      let place = "record.\(record.name)"
      let chosen = attempt(place) { try SiteSelector(record.sites).resolve(sites).map(\.index) }
      let steps = attempt(place) { try Self.steps(record.steps, of: callCount, stop) }
      checkHalf(record.branch, place)
      if let refusal = chosen?.lazy.compactMap({ record.of.refusal(at: sites[$0]) }).first {
        note(ExperimentFault(refusal, at: place, advice: "select cross:* or a part of it"))
      }
      return ResolvedRecord(
        sites: chosen ?? [], steps: steps ?? [],
        channels: record.of.isMap ? nil : (chosen ?? []).map { siteChannels[$0] })
    }
    if !denoising.isGuided, !spec.generate.negativePrompt.isEmpty {
      note(
        .note(
          "generate.negative_prompt is not used at guidance_scale \(denoising.guidanceScale): it is of the unconditional "
            + "half"))
    }
    let predictedSteps =
      spec.predictedClean.flatMap { selector in
        attempt("predicted_clean") { try Self.steps(selector, of: callCount, stop) }
      } ?? []
    let inputLatentSteps = spec.inputLatents.flatMap { selector in
      attempt("input_latents") { try Self.steps(selector, of: callCount, stop) }
    }
    if let stop, stop > callCount {
      note(
        ExperimentFault(
          "\(stop) is more than the \(callCount) calls of the model that a run makes", at: "generate.stop_after_calls",
          advice: "leave it out for whole runs with pictures"))
    }
    return ResolvedSettings(
      label: label, denoising: denoising, callCount: callCount, stopAfterCalls: spec.generate.stopAfterCalls,
      operations: operations, records: records, predictedSteps: predictedSteps, inputLatentSteps: inputLatentSteps)
  }

  /// The selected steps of the whole schedule that a run makes. One that is named and not made is a mistake; a range or a
  /// part of all is a wish for what there is of it.
  private static func steps(
    _ selector: StepSelector, of callCount: Int, _ stop: Int?
  ) throws(SelectionError) -> [Int] {
    let steps = try selector.resolve(count: callCount)
    guard let stop else { return steps }
    if case .list = selector, let beyond = steps.first(where: { $0 >= stop }) {
      throw SelectionError(
        "steps", problem: "\(beyond) is not made: runs end after \(stop) calls of the model (stop_after_calls)")
    }
    return steps.filter { $0 < stop }
  }

  /// Refuses random words of several seeds, since those of a run are replaced together, and beside emptied words, which
  /// would take their places.
  private mutating func checkWords(of intervention: InterventionSpec) {
    let drawn = intervention.operations.enumerated().filter { $0.element.op.changesWords }
    guard let first = drawn.first else { return }
    for other in drawn where other.element.change != first.element.change {
      note(
        ExperimentFault(
          "\(other.element.change.identityText), and operation \(first.offset) is \(first.element.change.identityText)",
          at: "interventions.\(intervention.name).\(other.offset)",
          advice: "name all the words in one operation, which has one seed"))
    }
    for (offset, operation) in intervention.operations.enumerated() where operation.change.emptiesWords {
      note(
        ExperimentFault(
          "the words become the empty prompt's, and operation \(first.offset) puts random vectors there",
          at: "interventions.\(intervention.name).\(offset).text", advice: "make them two interventions"))
    }
  }

  /// Says what is recorded where an operation reads across two runs.
  private mutating func explainCrossRead(_ place: String) {
    let keeps = spec.record.contains { $0.randomUNet == nil && $0.of.isMap }
    note(
      .note(
        keeps
          ? "\(place): recorded maps are a cross-read, of the source's queries and the target's keys; the target does not use "
            + "them"
          : "\(place): cross_read changes only what is recorded, and `record` keeps no probabilities, scores or log ratios"
      ))
  }

  /// The indices of the attentions that an operation changes, and the paths of the residual features; nil for a selector
  /// that cannot be.
  private mutating func selected(_ operation: OperationSpec, _ place: String) -> (sites: [Int], residuals: [String]?)? {
    guard operation.op.isOfAttention else { return ([], nil) }
    let (sites, residuals) = (sites, residuals)
    return attempt(place) {
      let selector = try SiteSelector(operation.sites)
      if selector.isOfResiduals { return ([], try selector.resolveResiduals(residuals).map(\.path)) }
      return (try selector.resolve(sites).map(\.index), nil)
    }
  }

  /// Notes what asks for the unconditional half of guidance where there is none.
  private mutating func checkHalf(_ branch: BranchChoice, _ place: String) {
    guard !denoising.isGuided else { return }
    let scale = "at guidance_scale \(denoising.guidanceScale) there is no unconditional half"
    switch branch {
    case .conditional: return
    case .both: note(.note("\(place): \(scale); `branch: both` is the conditional one alone"))
    case .unconditional:
      note(
        ExperimentFault(
          "branch is unconditional, and \(scale): guidance begins above 1", at: place,
          advice: "raise guidance_scale, or write `branch: conditional`"))
    }
  }

  // MARK: - Groups

  /// The make-ups of groups of at most `batch` runs: of a source prompt with the targets of all its pairs, and of single
  /// prompts, which share a group since small batches are slow.
  /// - Parameter index: of the settings in the plan.
  /// - Returns: each with the seeds that it is made with.
  mutating func makeUps(_ settings: ResolvedSettings, at index: Int) -> [(makeUp: MakeUp, seeds: [Seed])] {
    let batch = spec.generate.batch
    var members: [(members: [GroupMember], seeds: [Seed])] = []
    var singles: [GroupMember] = []
    for family in spec.families {
      guard let source = family.source else {
        singles += family.runs.map { prompt, intervention in
          GroupMember(
            role: intervention.operations.isEmpty ? .source : .target, intervention: intervention.name,
            prompt: encoded(prompt))
        }
        continue
      }
      explainAlignment(source, family.runs.map(\.prompt).uniqued, settings)
      let first = GroupMember(role: .source, intervention: InterventionSpec.sourceName, prompt: encoded(source))
      let targets = family.runs.map { GroupMember(role: .target, intervention: $1.name, prompt: encoded($0)) }
      members += targets.chunks(of: batch - 1).map { ([first] + $0, family.seeds) }
    }
    members += singles.chunks(of: batch).map { ($0, spec.generate.seeds) }
    return members.compactMap { members, seeds in makeUp(members, settings, at: index).map { ($0, seeds) } }
  }

  private mutating func makeUp(_ members: [GroupMember], _ settings: ResolvedSettings, at index: Int) -> MakeUp? {
    guard explainReferences(members, settings) else { return nil }
    explainEdits(members)
    let references = references(members, settings)
    do throws(ExperimentError) {
      let attention = try settings.attention(members, references: references, spec: spec, sites: sites)
      return MakeUp(
        settings: index, members: members, references: references, promptChanges: attention.promptChanges,
        starts: attention.starts, mapCount: attention.mapCount, mapBytes: attention.mapBytes,
        sharedRuns: attention.sharedRuns)
    } catch {
      for fault in error.faults { note(fault) }
      return nil
    }
  }

  private mutating func encoded(_ prompt: String) -> PromptTokens {
    if let known = tokens[prompt] { return known }
    let new = tokenizer(prompt)
    tokens[prompt] = new
    for word in new.words.indices where new.positions(ofWord: word).count > 1 {
      note(.split(word: new.words[word], pieces: new.positions(ofWord: word).map(new.label)))
    }
    if !new.truncatedWords.isEmpty {
      note(.truncated(prompt: prompt, tokens: new.tokens.count, words: new.truncatedWords))
    }
    return new
  }

  /// Says how words are matched where cross-attention is taken between prompts whose tokens stand at other positions.
  private mutating func explainAlignment(_ source: String, _ targets: [String], _ settings: ResolvedSettings) {
    let takesTokens = settings.operations.values.joined().contains { operation in
      operation.takesTokens && operation.sites.contains { sites[$0].kind == .cross }
    }
    guard takesTokens else { return }
    let from = encoded(source)
    for target in targets {
      let to = encoded(target)
      guard let alignment = TokenAlignment(source: from, target: to) else { continue }
      note(.aligned(alignment.summary(source: from, target: to)))
    }
  }

  /// Says which runs have none of the words of an edit, or no padding, that are recorded, and where a source's targets differ
  /// in them.
  private mutating func explainEdits(_ members: [GroupMember]) {
    let prompts = members.map(\.prompt)
    let hasSource = members[0].isSourceOfPairs
    for record in spec.record where record.tokens.mayLackKeys {
      let place = "record.\(record.name)"
      for (prompt, edit) in zip(prompts, record.tokens.edits(of: prompts, hasSource: hasSource)) {
        for name in record.tokens.missing(prompt, edit) {
          let reason =
            name.reasonOfAbsence.map { "its pair \($0)" } ?? "it fills all \(prompt.tokens.count) tokens"
          note(
            .note(
              hasSource || !name.isOfEdits
                ? "\(place): \"\(prompt.prompt)\" has no \(name), since \(reason)"
                : "\(place): prompts without a source have no \(name)"))
        }
      }
      guard hasSource, record.tokens.isOfEdits else { continue }
      let all = EditedWords(of: prompts[0], targets: Array(prompts.dropFirst()))
      if prompts.dropFirst().contains(where: { EditedWords(of: prompts[0], targets: [$0]) != all }) {
        note(
          .note(
            "\(place): the targets of \"\(prompts[0].prompt)\" change different words; of the source <edited> is what any of "
              + "them changes, and <kept> what all keep"))
      }
    }
  }

  // MARK: - References

  /// What runs beside a group, each once.
  private mutating func references(_ members: [GroupMember], _ settings: ResolvedSettings) -> [GroupReference] {
    let source = members[0].sourcePrompt?.prompt
    return members.flatMap { member in
      (settings.operations[member.intervention] ?? []).flatMap { operation in
        operation.references(source: source, spec.generate).map {
          GroupReference(prompt: encoded($0.prompt), noise: $0.noise)
        }
      }
    }.uniqued
  }

  /// Notes sets of `dataset_mean` that are too large, and says what the others cost.
  /// - Returns: whether none is too large.
  private mutating func explainReferences(_ members: [GroupMember], _ settings: ResolvedSettings) -> Bool {
    var areMade = true
    for name in members.map(\.intervention).uniqued {
      for (index, operation) in (settings.operations[name] ?? []).enumerated() {
        let place = "interventions.\(name).\(index)"
        guard let dataset = operation.spec.dataset else { continue }
        let count = saturatingProduct(
          dataset.prompts?.count ?? ownPromptCount, dataset.seeds?.count ?? spec.generate.allSeeds.count)
        if count > DatasetSpec.mostRuns {
          areMade = false
          note(
            ExperimentFault(
              "the mean of \(count) runs", at: place,
              expected: "at most \(DatasetSpec.mostRuns), since they run beside each group",
              advice: "name fewer prompts or seeds"))
        } else {
          note(
            .note("\(place): \(count) runs are denoised beside each group for their mean, token by token position"))
        }
      }
    }
    return areMade
  }
}

extension Array {
  /// The elements in their order, so many at a time.
  fileprivate func chunks(of size: Int) -> [[Element]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}
