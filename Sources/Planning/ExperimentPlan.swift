import Attention
import AttentionStore
import ExperimentFiles
import Files
import Formatting
import Foundation
import Generation
import Pipelines
import Tensors

/// Everything that an experiment will make, resolved against its model, before anything is computed.
///
/// The plan is what is handed over: it holds no weights, is written down when a run begins, and is read back by whatever
/// looks at the results.
public struct ExperimentPlan: Sendable {
  public let spec: ExperimentSpec
  /// Of the model's folder.
  public let modelName: String
  public let modelHash: String
  /// Library, version and kernels: what else decides the bits; with oneDNN the number of threads does too,
  /// from three on, which `Building.md` says.
  public let engine: String
  /// What the model takes.
  public let memory: MemoryEstimate
  /// Of the UNet, at the size of the pictures.
  public let sites: [AttentionSite]
  /// Of the pictures, in pixels.
  public let height: Int
  public let width: Int
  /// What the unconditional half of guidance is given.
  public let negativePrompt: PromptTokens
  /// In the order of the file.
  public let settings: [ResolvedSettings]
  let makeUps: [MakeUp]
  /// In the order they are made.
  public let groups: [PlannedGroup]
  /// Each once: words that the tokenizer splits, words that a model never sees, words that are matched between prompts, and
  /// what asks for more than there is.
  public let planRemarks: [PlanRemark]

  /// What a reader should know before a run, a line each: the first remarks, and what metrics are taken by.
  public var remarks: [String] {
    firstOnes(planRemarks.map(\.description)) + spec.instrumentRemarks + spec.programRemarks
  }

  /// The SHA-256 of its runs' hashes, in their order: two plans that make the same are the same.
  public var hash: String {
    sha256(Data(groups.flatMap { $0.runs.map(\.hash) }.joined(separator: "\n").utf8))
  }

  public var runCount: Int { groups.reduce(0) { $0 + $1.runs.count } }
  /// Steps of all runs.
  public var stepCount: Int { groups.reduce(0) { $0 + $1.runs.count * $1.stepCount } }
  /// Steps that are computed: one for runs that are still the same.
  public var computedStepCount: Int { groups.reduce(0) { $0 + $1.computedStepCount(0..<$1.stepCount) } }
  public var mapCount: Int { saturatingSum(groups.map(\.mapCount)) }
  public var mapBytes: Int { saturatingSum(groups.map(\.mapBytes)) }

  /// Bytes of the results folder, but for a plan that reads maps: maps as the database holds them, pictures and latents at
  /// most as large as raw.
  public var diskBytes: Int {
    if spec.mapsFrom != nil { return 1 << 20 }
    let picture = height * width * 3 + 1024
    let latents = sites.first.map { $0.latentHeight * $0.latentWidth * 4 * 4 + 1024 } ?? 0
    let pictures = groups.reduce(0) { $0 + $1.runs.count * (($1.hasPictures ? 1 : 0) + $1.predictedSteps.count) }
    let latentFiles = groups.reduce(0) { $0 + $1.runs.count * (1 + $1.inputLatentSteps.count) }
    return saturatingSum([
      rowBytes, saturatingProduct(pictures, picture), saturatingProduct(latentFiles, latents), Self.emptyBytes,
    ])
  }

  /// Whether runs end with a picture.
  package var hasPictures: Bool { settings.allSatisfy { $0.stopAfterCalls == nil } }

  /// Bytes of a results folder without runs, at most.
  package static let emptyBytes = 4 << 20

  /// Bytes of all rows of maps.
  private var rowBytes: Int {
    var ofMakeUp: [Int: Int] = [:]
    return groups.reduce(0) { sum, group in
      let known = ofMakeUp[group.makeUp] ?? (try? attention(of: group))?.total(Self.rowBytes) ?? group.mapBytes
      ofMakeUp[group.makeUp] = known
      return saturatingSum([sum, known])
    }
  }

  /// Of all heads of a map.
  private static func rowBytes(_ map: PlannedMap) -> Int {
    saturatingProduct(map.heads, RowSize.bytes(ofMap: map.bytes / max(1, map.heads)))
  }

  /// What every attention of a group does at every step.
  /// - Throws: `ExperimentError`, which a plan that was made does not.
  public func attention(of group: PlannedGroup) throws -> AttentionPlan {
    let makeUp = makeUps[group.makeUp]
    return try settings[makeUp.settings].attention(
      makeUp.members, references: makeUp.references, spec: spec, sites: sites)
  }

  /// The text whose SHA-256 is the hash of a group; the hash of its run `i` is that of the text `<group's hash> <i>`.
  public func identityText(of group: PlannedGroup) -> String {
    let makeUp = makeUps[group.makeUp]
    return GroupIdentity(model: modelHash, engine: engine, spec: spec, settings[makeUp.settings])
      .text(group.settings, makeUp)
  }
}

/// Runs that are made in one batch: a source and its targets, or single prompts.
public struct PlannedGroup: Sendable {
  public let hash: String
  public let settings: DenoisingSettings
  /// What the file calls the settings; empty where there is but one.
  public let settingsLabel: String
  /// Calls of the model a run: the number of steps, more for schedulers that call it more often, fewer where runs stop.
  public let stepCount: Int
  /// The source first, where there is one; each names its place in the batch.
  public let runs: [PlannedRun]
  /// What is denoised beside the runs because an operation takes from it; not recorded, and no picture is made of it.
  public let references: [PlannedReference]
  /// What is changed of encoded prompts.
  public let promptChanges: [PromptChange]
  /// The runs that start from their source's picture.
  public let starts: [NoisedStart]
  /// The steps after which each run leaves a predicted picture.
  public let predictedSteps: [Int]
  /// The steps at which each run writes the latents that the model is given.
  public let inputLatentSteps: [Int]
  /// Whether runs end with a picture; those that stop before the last call have none.
  public let hasPictures: Bool
  public let mapCount: Int
  public let mapBytes: Int
  /// At each call, how many runs are not computed since they are still the same as another one; empty where there are none.
  let sharedRuns: [Int]
  /// An index into the plan's make-ups.
  package let makeUp: Int
  /// The members of the make-up that a plan reads; nil for all.
  let places: [Int]?

  /// - Parameter index: of the make-up in the plan.
  init(
    hash: String, seed: Seed, _ makeUp: MakeUp, at index: Int, _ settings: ResolvedSettings, places: [Int]? = nil
  ) {
    var denoising = settings.denoising
    denoising.seed = seed
    let source = makeUp.members[0].sourcePrompt?.prompt
    self.hash = hash
    self.settings = denoising
    settingsLabel = settings.label
    stepCount = settings.madeCalls
    runs = makeUp.members.enumerated().filter { places?.contains($0.offset) ?? true }.map { place, member in
      let hasSource = source != nil && place > 0
      return PlannedRun(
        hash: PlannedRun.hash(ofGroup: hash, place), role: member.role, prompt: member.prompt,
        key: RunKey(
          source: hasSource ? source : nil, prompt: member.prompt.prompt, seed: seed,
          intervention: member.intervention, settings: settings.label),
        source: hasSource ? PlannedRun.hash(ofGroup: hash, 0) : nil)
    }
    references = makeUp.references.map {
      PlannedReference(prompt: $0.prompt, seed: $0.noise.seed(beside: seed))
    }
    promptChanges = makeUp.promptChanges
    starts = makeUp.starts
    predictedSteps = settings.predictedSteps
    inputLatentSteps = settings.inputLatentSteps ?? []
    hasPictures = settings.stopAfterCalls == nil
    mapCount = makeUp.mapCount
    mapBytes = makeUp.mapBytes
    sharedRuns = makeUp.sharedRuns
    self.makeUp = index
    self.places = places
  }
}

extension PlannedGroup {
  /// Lanes of the largest batch: with guidance two a run.
  public var laneCount: Int { (runs.count + references.count) * (settings.isGuided ? 2 : 1) }

  /// Lanes that a step is computed with.
  public func laneCount(step: Int) -> Int {
    (computedRuns(step: step) + references.count) * (settings.isGuided ? 2 : 1)
  }

  /// Runs that a step is computed of.
  public func computedRuns(step: Int) -> Int {
    runs.count - (sharedRuns.isEmpty ? 0 : min(sharedRuns[step], runs.count - 1))
  }

  /// How often a step of a run is computed in some steps of the group.
  public func computedStepCount(_ steps: Range<Int>) -> Int { steps.reduce(0) { $0 + computedRuns(step: $1) } }

  /// Whether its first run is the source of all others.
  package var hasSource: Bool { runs[0].intervention == InterventionSpec.sourceName }

  /// The scheduler with what differs from the folder's configuration.
  public var schedulerText: String { settings.schedulerText }

  /// Its first prompt and how many others: `a red car -> 9 targets` of pairs, `a red car and 9 others` of single prompts.
  public var promptSummary: String {
    let prompts = runs.map(\.prompt.prompt).uniqued
    let kind = hasSource ? (between: " -> ", many: "targets") : (between: " and ", many: "others")
    let others = prompts.count > 2 ? "\(prompts.count - 1) \(kind.many)" : prompts.dropFirst().first
    return prompts[0] + (others.map { kind.between + $0 } ?? "")
  }

  /// The group before its first step.
  /// - Throws: as `Denoising`.
  public func denoising(_ model: StableDiffusion) throws -> Denoising {
    try Denoising(
      model, prompts: runs.map(\.prompt) + references.map(\.prompt),
      seeds: runs.map { _ in settings.seed } + references.map(\.seed), settings: settings,
      promptChanges: promptChanges, starts: starts, callCount: stepCount)
  }
}

/// A prompt and a start noise that operations take attention from.
public struct PlannedReference: Hashable, Sendable {
  public let prompt: PromptTokens
  public let seed: Seed
}

/// One picture to be made.
public struct PlannedRun: Hashable, Sendable {
  public let hash: String
  public let role: RunRole
  public let prompt: PromptTokens
  /// Unique in a plan, but for a source that is made again in several groups.
  public let key: RunKey
  /// The hash of its group's source, for a target of a pair.
  public let source: String?

  /// The intervention's name; `source` for a source.
  public var intervention: String { key.intervention }
}
