import Attention
import AttentionStore
import Foundation
import Pipelines
import Schedulers
import Tensors

/// Everything that an experiment will make, resolved against its model, before anything is computed.
public struct ExperimentPlan: Sendable {
  public let spec: ExperimentSpec
  public let model: StableDiffusion
  public let modelHash: String
  /// Library, version and kernels: what else decides the bits. The number of threads does not.
  public let engine: String
  /// Of the UNet, at the size of the pictures.
  public let sites: [AttentionSite]
  /// Of the pictures, in pixels.
  public let height: Int
  public let width: Int
  /// In the order they are made.
  public let groups: [PlannedGroup]
  /// Words that the tokenizer splits, whose pieces' maps are summed, words that a model never sees, and programs that
  /// metrics are taken by.
  public let remarks: [String]

  public var runCount: Int { groups.reduce(0) { $0 + $1.runs.count } }
  /// Steps of all runs.
  public var stepCount: Int { groups.reduce(0) { $0 + $1.runs.count * $1.stepCount } }
  public var mapCount: Int { saturatingSum(groups.map(\.mapCount)) }
  public var mapBytes: Int { saturatingSum(groups.map(\.mapBytes)) }

  /// Bytes of the results folder: maps with what SQLite adds to each, pictures and latents at most as large as raw.
  public var diskBytes: Int {
    let picture = height * width * 3 + 1024
    let latents = sites.first.map { $0.latentHeight * $0.latentWidth * 4 * 4 + 1024 } ?? 0
    let pictures = groups.reduce(0) { $0 + $1.runs.count * (1 + $1.predictedSteps.count) }
    return saturatingSum([
      mapBytes, saturatingProduct(mapCount, Self.rowOverhead), saturatingProduct(pictures, picture),
      saturatingProduct(runCount, latents), 1 << 20,
    ])
  }

  /// Bytes of a row of `attention_map` and its index entry beside the data: measured at 100 to 160.
  private static let rowOverhead = 160
}

/// Runs that are made in one batch: a source and its targets, or single prompts.
public struct PlannedGroup: Sendable {
  public let hash: String
  public let settings: DenoisingSettings
  /// What the file calls the settings; empty where there is but one.
  public let settingsLabel: String
  /// Calls of the model a run: the number of steps, more for schedulers that call it more often.
  public let stepCount: Int
  /// The source first, where there is one; each names its place in the batch.
  public let runs: [PlannedRun]
  /// What is denoised beside the runs because an operation takes from it; not recorded, and no picture is made of it.
  public let references: [PlannedReference]
  /// What is changed of encoded prompts.
  public let emptied: [EmptiedPrompt]
  /// The steps after which each run leaves a predicted picture.
  public let predictedSteps: [Int]
  public let mapCount: Int
  public let mapBytes: Int
}

extension PlannedGroup {
  /// Elements of the batch: with guidance two a run.
  public var laneCount: Int { (runs.count + references.count) * (settings.isGuided ? 2 : 1) }

  /// Its first prompt and how many others: `a red car -> 9 targets` of pairs, `a red car and 9 others` of single prompts.
  public var promptSummary: String {
    let prompts = runs.map(\.prompt.prompt).uniqued
    let kind = runs[0].member.isSourceOfPairs ? (between: " -> ", many: "targets") : (between: " and ", many: "others")
    let others = prompts.count > 2 ? "\(prompts.count - 1) \(kind.many)" : prompts.dropFirst().first
    return prompts[0] + (others.map { kind.between + $0 } ?? "")
  }

  /// The group before its first step.
  /// - Throws: as `Denoising`.
  public func denoising(_ model: StableDiffusion) throws -> Denoising {
    try Denoising(
      model, prompts: runs.map(\.prompt) + references.map(\.prompt),
      seeds: runs.map { _ in settings.seed } + references.map(\.seed), settings: settings, emptied: emptied)
  }
}

/// A prompt and a start noise that operations take attention from.
public struct PlannedReference: Hashable, Sendable {
  public let prompt: PromptTokens
  public let seed: UInt64
}

/// One picture to be made.
public struct PlannedRun: Hashable, Sendable {
  public let hash: String
  public let role: RunRole
  /// The intervention's name; `source` for a source.
  public let intervention: String
  public let prompt: PromptTokens
  /// The hash of its group's source, for a target of a pair.
  public let source: String?
}
