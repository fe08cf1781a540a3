/// The pictures to make: every pair and every prompt with every seed.
public struct GenerateSpec: Hashable, Sendable {
  /// Source and target prompts, templates and files already expanded. No pair stands twice.
  public let pairs: [PromptPair]
  /// Prompts without a partner, templates already expanded. None stands twice.
  public let prompts: [String]
  /// Seeds of the start noise, as of torch's CPU generator. None stands twice; never empty.
  public let seeds: [UInt64]
  /// Denoising steps, 1...1000.
  public let numInferenceSteps: Int
  /// The weight of classifier-free guidance, 0...100.
  public let guidanceScale: Double
  /// What the unconditional branch is given.
  public let negativePrompt: String
  /// The scheduler's name, or nil for the one of the model's folder.
  public let scheduler: String?
  /// Pixels, a multiple of 8, or nil for the model's own size.
  public let height: Int?
  public let width: Int?
  public let precision: Precision

  public static let defaultNumInferenceSteps = 30
  /// As in diffusers' StableDiffusionPipeline.
  public static let defaultGuidanceScale = 7.5

  public init(
    pairs: [PromptPair] = [], prompts: [String] = [], seeds: [UInt64],
    numInferenceSteps: Int = GenerateSpec.defaultNumInferenceSteps,
    guidanceScale: Double = GenerateSpec.defaultGuidanceScale, negativePrompt: String = "", scheduler: String? = nil,
    height: Int? = nil, width: Int? = nil, precision: Precision = .fp32
  ) {
    self.pairs = pairs
    self.prompts = prompts
    self.seeds = seeds
    self.numInferenceSteps = numInferenceSteps
    self.guidanceScale = guidanceScale
    self.negativePrompt = negativePrompt
    self.scheduler = scheduler
    self.height = height
    self.width = width
    self.precision = precision
  }
}

/// A source prompt, and the target prompt that its attention may be carried into.
///
/// The two may be equal: swapping a run with itself must change nothing.
public struct PromptPair: Hashable, Sendable {
  public let source: String
  public let target: String

  public init(source: String, target: String) {
    self.source = source
    self.target = target
  }
}

/// The numbers that the model computes in.
public enum Precision: String, CaseIterable, Hashable, Sendable {
  case fp32
}
