import Attention
import AttentionStore
import Files
import Formatting
import Foundation
import Pipelines
import Schedulers
import Tensors

extension ExperimentPlan {
  /// Resolves an experiment against a model.
  /// - Parameter engine: what computes; part of every hash.
  /// - Throws: `ExperimentError` with every site, step, word, size, scheduler and half of guidance that does not exist.
  public init(
    _ spec: ExperimentSpec, model: StableDiffusion, modelHash: String, engine: String = Engine.current.description
  ) throws {
    let generate = spec.generate
    let height = generate.height ?? model.defaultSize.height
    let width = generate.width ?? model.defaultSize.width
    do { try model.checkSize(height: height, width: width) } catch {
      throw ExperimentError("generate.\(error)")
    }
    let sites = model.unet.sites(
      latentHeight: height / model.scale, latentWidth: width / model.scale, tokens: model.tokenizer.maxLength)
    var (problems, remarks): ([String], [String]) = ([], [])
    var made: [(settings: DenoisingSettings, label: String, builder: PlanBuilder)] = []
    for chosen in generate.settings {
      let settings: DenoisingSettings
      let stepCount: Int
      do throws(SchedulerError) {
        settings = DenoisingSettings(
          seed: 0, steps: chosen.numInferenceSteps, guidanceScale: chosen.guidanceScale,
          negativePrompt: generate.negativePrompt, scheduler: try chosen.schedulerKind(of: model),
          schedulerSettings: chosen.schedulerSettings, height: height, width: width)
        stepCount = try settings.makeScheduler(model.schedulerConfiguration).timesteps.count
      } catch {
        problems += error.problems
        continue
      }
      if chosen.scheduler == nil, let remark = model.folder.schedulerRemark(model.schedulerConfiguration) {
        remarks.append(remark)
      }
      var builder = PlanBuilder(
        spec: spec, sites: sites, stepCount: stepCount, settings: settings, tokenizer: model.tokenizer.encode)
      builder.resolveSelectors()
      made.append((settings, chosen.label, builder))
    }
    try Self.checkMapCount(made.map { ($0.builder, $0.settings.isGuided) })
    var groups: [PlannedGroup] = []
    for (settings, label, prepared) in made {
      var builder = prepared
      let identity = GroupIdentity(model: modelHash, engine: engine, records: builder.recordTexts)
      groups += builder.groups(identity, seeds: generate.seeds, settings: settings, label: label)
      problems += builder.problems
      remarks += builder.remarks
    }
    // Remarks are of plans that hold; but which scheduler was meant may be why a step does not exist.
    let explanation = model.folder.schedulerRemark(model.schedulerConfiguration).map {
      remarks.contains($0) ? [$0] : []
    }
    guard problems.isEmpty else { throw ExperimentError((problems + (explanation ?? [])).uniqued) }
    self.init(
      spec: spec, model: model, modelHash: modelHash, engine: engine, sites: sites, height: height, width: width,
      groups: groups, remarks: firstOnes(remarks.uniqued) + spec.programRemarks)
  }

  /// Refuses more maps than an experiment may store, before any group is made.
  private static func checkMapCount(_ settings: [(builder: PlanBuilder, isGuided: Bool)]) throws(ExperimentError) {
    guard let spec = settings.first?.builder.spec else { return }
    var count = RunCount(spec)
    count.settings = 1
    let each = settings.map { $0.builder.mapsOfRun(guided: $0.isGuided) }
    let all = saturatingSum(each.map { saturatingProduct(count.runs, $0) })
    guard all > PlanLimits.maps else { return }
    throw ExperimentError(
      "record: up to \(grouped(each.max() ?? 0)) maps (sites x heads x steps x guidance halves) of each of "
        + "\(grouped(RunCount(spec).runs)) runs are \(grouped(all)) maps; at most \(grouped(PlanLimits.maps)): record fewer "
        + "sites or steps, as steps: { from: 0, to: 30, every: 10 }, reduce with `heads: mean`, or make fewer runs")
  }

  /// What every attention of a group does at every step.
  /// - Throws: `ExperimentError`, which a plan that was made does not.
  public func attention(of group: PlannedGroup) throws -> AttentionPlan {
    var builder = builder(of: group)
    guard let plan = builder.attention(group.runs.map(\.member), guided: group.settings.isGuided) else {
      throw ExperimentError(builder.problems)
    }
    return plan
  }

  /// The text whose SHA-256 is the hash of a group; the hash of its run `i` is that of the text `<group's hash> <i>`.
  ///
  /// Stored results are found again by these hashes, so the text never changes; a test holds it byte for byte.
  public func identityText(of group: PlannedGroup) -> String {
    let builder = builder(of: group)
    let identity = GroupIdentity(model: modelHash, engine: engine, records: builder.recordTexts)
    return identity.text(
      group.settings, members: builder.memberTexts(group.runs.map(\.member), references: group.references))
  }
}

extension ExperimentPlan {
  /// What resolved the selectors of a group.
  private func builder(of group: PlannedGroup) -> PlanBuilder {
    var builder = PlanBuilder(
      spec: spec, sites: sites, stepCount: group.stepCount, settings: group.settings, tokenizer: model.tokenizer.encode)
    builder.resolveSelectors()
    return builder
  }
}

/// A run of a group before it has a hash.
package struct GroupMember: Hashable {
  package let role: RunRole
  package let intervention: String
  package let prompt: PromptTokens

  /// Whether targets take attention from it.
  package var isSourceOfPairs: Bool { intervention == InterventionSpec.sourceName }

  /// Its prompt, where targets take attention from it.
  package var sourcePrompt: PromptTokens? { isSourceOfPairs ? prompt : nil }
}

extension PlannedRun {
  package var member: GroupMember { GroupMember(role: role, intervention: intervention, prompt: prompt) }
}

/// Collects what an experiment asks and everything that is wrong with it.
package struct PlanBuilder {
  package let spec: ExperimentSpec
  package let sites: [AttentionSite]
  /// Calls of the model: what steps of selectors are.
  package let stepCount: Int
  /// Whatever the seed.
  package let settings: DenoisingSettings
  package let tokenizer: (String) -> PromptTokens
  /// What a set of `dataset_mean` is of where it names no prompts.
  private let ownPrompts: [String]

  package private(set) var problems: [String] = []
  package private(set) var remarks: [String] = []
  /// What is in `problems` or `remarks` already.
  private var said: Set<String> = []
  private var tokens: [String: PromptTokens] = [:]
  /// By intervention, in the order of its operations.
  private var operations: [String: [ResolvedOperation]] = [:]
  private var records: [(sites: [Int], steps: [Int])] = []
  private var predictedSteps: [Int] = []

  package init(
    spec: ExperimentSpec, sites: [AttentionSite], stepCount: Int, settings: DenoisingSettings,
    tokenizer: @escaping (String) -> PromptTokens
  ) {
    self.spec = spec
    self.sites = sites
    self.stepCount = stepCount
    self.settings = settings
    self.tokenizer = tokenizer
    ownPrompts = (spec.generate.pairs.map(\.source) + spec.generate.prompts).uniqued
  }

  /// Notes what a body throws, under the place it belongs to.
  private mutating func attempt<T>(_ place: String, _ body: () throws -> T) -> T? {
    do { return try body() } catch {
      note(problem: "\(place): \(error)")
      return nil
    }
  }

  private mutating func note(problem: String) {
    if said.insert(problem).inserted { problems.append(problem) }
  }

  private mutating func note(remark: String) {
    if said.insert(remark).inserted { remarks.append(remark) }
  }

  package mutating func resolveSelectors() {
    let (sites, stepCount) = (sites, stepCount)
    for intervention in spec.interventions {
      operations[intervention.name] = intervention.operations.enumerated().compactMap { index, operation in
        let place = "interventions.\(intervention.name).\(index)"
        // A change of the encoded prompt is made once, before the first step, for all sites.
        let isOfPrompt = operation.op.changesPrompt
        let chosen = isOfPrompt ? [] : attempt(place) { try SiteSelector(operation.sites).resolve(sites).map(\.index) }
        let steps = isOfPrompt ? [] : attempt(place) { try operation.steps.resolve(count: stepCount) }
        guard let chosen, let steps else { return nil }
        let resolved = ResolvedOperation(spec: operation, sites: chosen, steps: steps)
        for problem in resolved.problems(sites) { note(problem: "\(place): \(problem)") }
        checkHalf(operation.branch, place)
        return resolved
      }
    }
    records = spec.record.map { record in
      let place = "record.\(record.name)"
      let chosen = attempt(place) { try SiteSelector(record.sites).resolve(sites).map(\.index) }
      let steps = attempt(place) { try record.steps.resolve(count: stepCount) }
      checkHalf(record.branch, place)
      return (chosen ?? [], steps ?? [])
    }
    if !settings.isGuided, !spec.generate.negativePrompt.isEmpty {
      note(
        remark: "generate.negative_prompt is not used at guidance_scale \(settings.guidanceScale): it is of the "
          + "unconditional half"
      )
    }
    predictedSteps =
      spec.predictedClean.flatMap { selector in
        attempt("predicted_clean") { try selector.resolve(count: stepCount) }
      } ?? []
  }

  /// Notes what asks for the unconditional half of guidance where there is none.
  private mutating func checkHalf(_ branch: BranchChoice, _ place: String) {
    guard !settings.isGuided else { return }
    let scale = "at guidance_scale \(settings.guidanceScale) there is no unconditional half"
    switch branch {
    case .conditional: return
    case .both: note(remark: "\(place): \(scale); `branch: both` is the conditional one alone")
    case .unconditional:
      note(
        problem:
          "\(place): branch is unconditional, and \(scale): guidance begins above 1; raise guidance_scale, or write "
          + "`branch: conditional`")
    }
  }

  /// Maps that a run leaves, one a head or one of the mean.
  package func mapsOfRun(guided: Bool) -> Int {
    saturatingSum(
      zip(spec.record, records).map { record, resolved in
        let heads = saturatingSum(resolved.sites.map { record.heads == .mean ? 1 : sites[$0].heads })
        let branches = guided ? record.branch.branches.count : record.branch == .unconditional ? 0 : 1
        return saturatingProduct(heads, resolved.steps.count, branches)
      })
  }

  /// Each entry of `record` as it decides which maps there are, and the steps of predicted pictures.
  package var recordTexts: [String] {
    zip(spec.record, records).map { record, resolved in
      "\(record.name) \(resolved.sites) \(resolved.steps) \(record.heads.rawValue) \(record.tokens) "
        + "\(record.branch.rawValue) \(record.pool ?? 0) \(record.dtype.rawValue)"
    } + (predictedSteps.isEmpty ? [] : ["predicted clean \(predictedSteps)"])
  }

  // MARK: - Groups

  /// Groups of at most `batch` runs, for each seed: of a source prompt with the targets of all its pairs, and of single
  /// prompts, which share a group since small batches are slow.
  package mutating func groups(
    _ identity: GroupIdentity, seeds: [UInt64], settings: DenoisingSettings, label: String
  ) -> [PlannedGroup] {
    var makeUps: [[GroupMember]] = []
    let pairs = Dictionary(grouping: spec.generate.pairs, by: \.source)
    for source in spec.generate.pairs.map(\.source).uniqued {
      let targets = (pairs[source] ?? []).map(\.target)
      explainAlignment(source, targets)
      let first = GroupMember(role: .source, intervention: InterventionSpec.sourceName, prompt: encoded(source))
      let members = targets.flatMap { target in
        spec.interventions.map { GroupMember(role: .target, intervention: $0.name, prompt: encoded(target)) }
      }
      makeUps += members.chunks(of: spec.generate.batch - 1).map { [first] + $0 }
    }
    let singles = spec.generate.prompts.flatMap { prompt in
      spec.interventions.map { intervention in
        GroupMember(
          role: intervention.operations.isEmpty ? .source : .target, intervention: intervention.name,
          prompt: encoded(prompt))
      }
    }
    makeUps += singles.chunks(of: spec.generate.batch)
    var groups: [PlannedGroup] = []
    for members in makeUps {
      guard explainReferences(members) else { continue }
      let references = references(members)
      guard let attention = attention(members, guided: settings.isGuided) else { continue }
      let (count, bytes) = (attention.mapCount, attention.mapBytes)
      for seed in seeds {
        var settings = settings
        settings.seed = seed
        let text = identity.text(settings, members: memberTexts(members, references: references))
        let hash = sha256(Data(text.utf8))
        let runs = members.enumerated().map { index, member in
          let hasSource = members[0].isSourceOfPairs && index > 0
          return PlannedRun(
            hash: sha256(Data("\(hash) \(index)".utf8)), role: member.role, intervention: member.intervention,
            prompt: member.prompt, source: hasSource ? sha256(Data("\(hash) 0".utf8)) : nil)
        }
        groups.append(
          PlannedGroup(
            hash: hash, settings: settings, settingsLabel: label, stepCount: stepCount, runs: runs,
            references: references, emptied: attention.emptied,
            predictedSteps: predictedSteps, mapCount: count, mapBytes: bytes))
      }
    }
    return groups
  }

  /// The members of a group and what runs beside them, as they decide its bits.
  package func memberTexts(_ members: [GroupMember], references: [PlannedReference]) -> [String] {
    members.map(text) + references.map { "reference \($0.seed) \($0.prompt.prompt) \($0.prompt.ids)" }
  }

  /// A member as it decides its bits.
  private func text(_ member: GroupMember) -> String {
    let operations = operations[member.intervention] ?? []
    let texts = operations.map(\.text)
    return "\(member.role.rawValue) \(member.intervention) \(member.prompt.prompt) \(member.prompt.ids) \(texts)"
  }

  private mutating func encoded(_ prompt: String) -> PromptTokens {
    if let known = tokens[prompt] { return known }
    let new = tokenizer(prompt)
    tokens[prompt] = new
    for word in new.words.indices where new.positions(ofWord: word).count > 1 {
      let pieces = new.positions(ofWord: word).map(new.label).joined(separator: " + ")
      note(remark: "\"\(new.words[word])\" is split into \(pieces); their maps are summed")
    }
    if !new.truncatedWords.isEmpty {
      note(
        remark: "\"\(prompt)\" is longer than \(new.tokens.count) tokens; the model never sees: "
          + new.truncatedWords.joined(separator: " "))
    }
    return new
  }

  /// Says how words are matched where cross-attention is taken between prompts whose tokens stand at other positions.
  private mutating func explainAlignment(_ source: String, _ targets: [String]) {
    let takesTokens = operations.values.joined().contains { operation in
      operation.takesTokens && operation.sites.contains { sites[$0].kind == .cross }
    }
    guard takesTokens else { return }
    let from = encoded(source)
    for target in targets {
      let to = encoded(target)
      guard let alignment = TokenAlignment(source: from, target: to) else { continue }
      note(remark: alignment.summary(source: from, target: to))
    }
  }

  // MARK: - References

  /// What runs beside a group, each once.
  private mutating func references(_ members: [GroupMember]) -> [PlannedReference] {
    members.flatMap { member in
      (operations[member.intervention] ?? []).flatMap { references(of: $0, source: members[0].sourcePrompt) }
    }.uniqued
  }

  private mutating func references(of operation: ResolvedOperation, source: PromptTokens?) -> [PlannedReference] {
    // A set that is too large is refused by its number, and not made.
    guard let dataset = operation.spec.dataset, datasetSize(dataset) <= DatasetSpec.mostRuns else {
      return operation.references(source: source, dataset: [])
    }
    let prompts = dataset.prompts ?? ownPrompts
    let references = prompts.flatMap { prompt in
      (dataset.seeds ?? spec.generate.seeds).map { PlannedReference(prompt: encoded(prompt), seed: $0) }
    }
    return operation.references(source: source, dataset: references)
  }

  private func datasetSize(_ dataset: DatasetSpec) -> Int {
    saturatingProduct(dataset.prompts?.count ?? ownPrompts.count, dataset.seeds?.count ?? spec.generate.seeds.count)
  }

  /// Notes sets of `dataset_mean` that are too large, and says what the others cost.
  /// - Returns: whether none is too large.
  private mutating func explainReferences(_ members: [GroupMember]) -> Bool {
    var areMade = true
    for name in members.map(\.intervention).uniqued {
      for (index, operation) in (operations[name] ?? []).enumerated() {
        let place = "interventions.\(name).\(index)"
        guard let dataset = operation.spec.dataset else { continue }
        let count = datasetSize(dataset)
        if count > DatasetSpec.mostRuns {
          areMade = false
          note(
            problem:
              "\(place): the mean of \(count) runs; at most \(DatasetSpec.mostRuns), since they run beside each group: "
              + "name fewer prompts or seeds")
        } else {
          note(
            remark: "\(place): \(count) runs are denoised beside each group for their mean, token by token position")
        }
      }
    }
    return areMade
  }

  /// The compiled plan of a group; nil if there is a problem, which is noted.
  package mutating func attention(_ members: [GroupMember], guided: Bool) -> AttentionPlan? {
    let before = problems.count
    let references = references(members)
    let source = members[0].sourcePrompt
    let planned = members.enumerated().flatMap { run, member -> [PlannedOperation] in
      if source != nil && run == 0 { return [] }
      return (operations[member.intervention] ?? []).enumerated().compactMap { index, operation in
        let own = self.references(of: operation, source: source)
        let lanes = own.compactMap { references.firstIndex(of: $0) }.map { members.count + $0 }
        return attempt("interventions.\(member.intervention).\(index)") {
          try operation.planned(
            run: run, sources: lanes.isEmpty && source != nil ? [0] : lanes, source: source, prompt: member.prompt)
        }
      }
    }
    let entries = zip(spec.record, records).enumerated().map { index, entry in
      let (record, resolved) = entry
      let keys = members.map { member in
        attempt("record.\(record.name)") { try record.tokens.resolve(member.prompt) } ?? []
      }
      return PlannedRecord(
        record: index, sites: resolved.sites, steps: resolved.steps, branches: Set(record.branch.branches),
        meanOfHeads: record.heads == .mean, tokens: keys, pool: record.pool, type: record.dtype)
    }
    guard problems.count == before else { return nil }
    let (sites, stepCount) = (sites, stepCount)
    return attempt("interventions") {
      try AttentionPlan(
        sites: sites, lanes: Lane.batch(runs: members.count + references.count, guided: guided), stepCount: stepCount,
        tokens: members[0].prompt.tokens.count, operations: planned, records: entries)
    }
  }
}

/// What decides the bits of a group beside its settings and runs.
package struct GroupIdentity {
  package let model: String
  package let engine: String
  package let records: [String]

  package func text(_ settings: DenoisingSettings, members: [String]) -> String {
    let lines =
      [
        "attnlab group 1", model, engine, settings.schedulerText, "seed \(settings.seed)", "steps \(settings.steps)",
        "guidance \(settings.guidanceScale)", "size \(settings.height) \(settings.width)",
        "negative \(settings.negativePrompt)",
      ] + records + members
    // Lengths keep one field from running into the next.
    return lines.map { "\($0.utf8.count) \($0)\n" }.joined()
  }
}

extension Array {
  /// The elements in their order, so many at a time.
  fileprivate func chunks(of size: Int) -> [[Element]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}

extension PlannedGroup {
  /// The scheduler with what differs from the folder's configuration.
  public var schedulerText: String { settings.schedulerText }
}

extension GenerationSettings {
  /// The scheduler that is named, or the model's own.
  /// - Throws: `SchedulerError` if it is not computed here.
  fileprivate func schedulerKind(of model: StableDiffusion) throws(SchedulerError) -> SchedulerKind {
    guard let scheduler else { return try model.defaultScheduler }
    return try SchedulerKind(named: scheduler)
  }
}

extension DenoisingSettings {
  /// The scheduler with what differs from the folder's configuration: `euler`, `euler, use_karras_sigmas true`.
  package var schedulerText: String {
    scheduler.rawValue + (schedulerSettings.values.isEmpty ? "" : ", \(schedulerSettings)")
  }
}
