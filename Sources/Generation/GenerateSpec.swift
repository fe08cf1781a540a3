import Formatting
import Schedulers
import Tensors

/// The pictures to make: every pair and every prompt with every seed, in all settings.
public struct GenerateSpec: Codable, Hashable, Sendable {
  /// Source and target prompts, templates and files already expanded. No pair stands twice.
  public internal(set) var pairs: [PromptPair]
  /// Prompts without a partner, templates already expanded. None stands twice.
  public internal(set) var prompts: [String]
  /// Seeds of the start noise, as of torch's CPU generator, of prompts and of pairs that have none of their own. None stands
  /// twice; empty where each pair has its own and there are no prompts.
  public internal(set) var seeds: [Seed]
  /// Steps, guidance and scheduler: one, or those of a sweep. Never empty; labels differ.
  public internal(set) var settings: [GenerationSettings]
  /// What the unconditional branch is given.
  public internal(set) var negativePrompt: String
  /// Pixels, a multiple of 8, or nil for the model's own size.
  public internal(set) var height: Int?
  public internal(set) var width: Int?
  public internal(set) var precision: Precision
  /// The most runs of one group: more targets of one source are made in several groups, each with the source again.
  public internal(set) var batch: Int
  /// After how many calls of the model each run ends, without a picture; nil: after all.
  public internal(set) var stopAfterCalls: Int?

  public static let defaultNumInferenceSteps = 30
  /// As in diffusers' StableDiffusionPipeline.
  public static let defaultGuidanceScale = 7.5
  /// A source and 23 targets: at 64x64 latents of Stable Diffusion 1.5 about 16 GiB.
  public static let defaultBatch = 24

  public init(
    pairs: [PromptPair] = [], prompts: [String] = [], seeds: [Seed],
    settings: [GenerationSettings] = [GenerationSettings()], negativePrompt: String = "", height: Int? = nil,
    width: Int? = nil, precision: Precision = .fp32, batch: Int = GenerateSpec.defaultBatch,
    stopAfterCalls: Int? = nil
  ) {
    precondition(!settings.isEmpty, "pictures are made in one setting at least")
    self.pairs = pairs
    self.prompts = prompts
    self.seeds = seeds
    self.settings = settings
    self.negativePrompt = negativePrompt
    self.height = height
    self.width = width
    self.precision = precision
    self.batch = batch
    self.stopAfterCalls = stopAfterCalls
  }
}

/// Settings of the denoising that a sweep may vary: one combination of them.
public struct GenerationSettings: Codable, Hashable, Sendable {
  /// Denoising steps, 1...1000.
  public internal(set) var numInferenceSteps: Int
  /// The weight of classifier-free guidance, 0...100.
  public internal(set) var guidanceScale: Double
  /// The scheduler's name, or nil for the one of the model's folder.
  public internal(set) var scheduler: String?
  /// Keys of the scheduler's configuration that take other values than the folder's.
  public internal(set) var schedulerSettings: SchedulerSettings
  /// What results call it, as `guidance_scale=3, scheduler=ddim`; empty where there is but one.
  public internal(set) var label: String

  public init(
    numInferenceSteps: Int = GenerateSpec.defaultNumInferenceSteps,
    guidanceScale: Double = GenerateSpec.defaultGuidanceScale, scheduler: String? = nil,
    schedulerSettings: SchedulerSettings = SchedulerSettings(), label: String = ""
  ) {
    self.numInferenceSteps = numInferenceSteps
    self.guidanceScale = guidanceScale
    self.scheduler = scheduler
    self.schedulerSettings = schedulerSettings
    self.label = label
  }
}

extension GenerateSpec {
  /// The sources of pairs and the prompts without a partner, each once: what a set of `dataset_mean` is of where it names none.
  package var ownPrompts: [String] { (pairs.map(\.source) + prompts).uniqued }

  /// The seeds that a pair is made with.
  package func seeds(of pair: PromptPair) -> [Seed] { pair.seeds ?? seeds }

  /// Every seed, each once: the shared ones before those of single pairs.
  public var allSeeds: [Seed] { seeds + pairs.flatMap { $0.seeds ?? [] } }

  /// Whether all that is made is made with seeds that no other pair has.
  package var haveOwnSeeds: Bool { prompts.isEmpty && !pairs.isEmpty && pairs.allSatisfy { $0.seeds != nil } }
}

/// A source prompt, and the target prompt that its attention may be carried into.
///
/// The two may be equal: swapping a run with itself must change nothing.
public struct PromptPair: Codable, Hashable, Sendable {
  public internal(set) var source: String
  public internal(set) var target: String
  /// Seeds of its own, which nothing else of the file is made with; nil: those of `generate`.
  public internal(set) var seeds: [Seed]?

  public init(source: String, target: String, seeds: [Seed]? = nil) {
    self.source = source
    self.target = target
    self.seeds = seeds
  }

  /// `a red car → a blue car`
  package var label: String { "\(source) → \(target)" }
}

/// The numbers that the model computes in.
public enum Precision: String, CaseIterable, Codable, Hashable, Sendable {
  case fp32
}
