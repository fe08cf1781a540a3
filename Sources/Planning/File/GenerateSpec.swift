import Formatting
import Tensors

/// The pictures to make: every pair and every prompt with every seed, in all settings.
public struct GenerateSpec: Codable, Hashable, Sendable {
  /// Source and target prompts, templates and files already expanded. No pair stands twice.
  public let pairs: [PromptPair]
  /// Prompts without a partner, templates already expanded. None stands twice.
  public let prompts: [String]
  /// Seeds of the start noise, as of torch's CPU generator. None stands twice; never empty.
  public let seeds: [Seed]
  /// Steps, guidance and scheduler: one, or those of a sweep. Never empty; labels differ.
  public let settings: [GenerationSettings]
  /// What the unconditional branch is given.
  public let negativePrompt: String
  /// Pixels, a multiple of 8, or nil for the model's own size.
  public let height: Int?
  public let width: Int?
  public let precision: Precision
  /// The most runs of one group: more targets of one source are made in several groups, each with the source again.
  public let batch: Int

  public static let defaultNumInferenceSteps = 30
  /// As in diffusers' StableDiffusionPipeline.
  public static let defaultGuidanceScale = 7.5
  /// A source and 23 targets: at 64x64 latents of Stable Diffusion 1.5 about 16 GiB.
  public static let defaultBatch = 24

  public init(
    pairs: [PromptPair] = [], prompts: [String] = [], seeds: [Seed],
    settings: [GenerationSettings] = [GenerationSettings()], negativePrompt: String = "", height: Int? = nil,
    width: Int? = nil, precision: Precision = .fp32, batch: Int = GenerateSpec.defaultBatch
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
  }
}

extension GenerateSpec {
  /// The sources of pairs and the prompts without a partner, each once: what a set of `dataset_mean` is of where it names none.
  package var ownPrompts: [String] { (pairs.map(\.source) + prompts).uniqued }
}

/// A source prompt, and the target prompt that its attention may be carried into.
///
/// The two may be equal: swapping a run with itself must change nothing.
public struct PromptPair: Codable, Hashable, Sendable {
  public let source: String
  public let target: String

  public init(source: String, target: String) {
    self.source = source
    self.target = target
  }
}

/// The numbers that the model computes in.
public enum Precision: String, CaseIterable, Codable, Hashable, Sendable {
  case fp32
}
