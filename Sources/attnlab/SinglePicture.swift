import Attention
import Checkpoints
import Foundation
import Pipelines
import Planning
import Plotting
import Tensors

/// One picture of the command line: an experiment of one run, so that it has the same bits and the same content hash as
/// in an experiment.
struct SinglePicture {
  let plan: ExperimentPlan
  let model: StableDiffusion
  let group: PlannedGroup
  let prompt: PromptTokens
  private let attention: AttentionPlan

  var run: PlannedRun { group.runs[0] }
  var settings: DenoisingSettings { group.settings }

  /// - Parameters:
  ///   - height, width: in pixels; nil: the model's own.
  ///   - record: attention of the prompt that is kept in memory.
  /// - Throws: `UsageError` for sizes that the model cannot make; what loading throws.
  init(
    prompt: String, negativePrompt: String = "", options: PictureOptions, height: Int?, width: Int?,
    record: (PromptTokens) -> [RecordSpec] = { _ in [] }
  ) throws {
    let folder = try commandLineModel(options.modelOption.model)
    let description = try ModelDescription(folder)
    try Self.checkSize(description, height: height, width: width)
    let spec = ExperimentSpec(
      name: "picture", model: options.modelOption.model,
      generate: GenerateSpec(
        prompts: [prompt], seeds: [options.seed],
        settings: [
          GenerationSettings(
            numInferenceSteps: options.steps, guidanceScale: options.guidance, scheduler: options.scheduler)
        ], negativePrompt: negativePrompt, height: height, width: width),
      record: record(description.tokenizer.encode(prompt)))
    plan = try ExperimentPlan(spec, model: PlanModel(description, hash: folder.contentHash(cache: .user())))
    guard let group = plan.groups.first, let run = group.runs.first else {
      throw CommandError("the plan of one picture is empty")
    }
    attention = try plan.attention(of: group)
    try plan.checkMemory(of: group, attention, available: plan.availableBesideModel)
    self.group = group
    model = try StableDiffusion(description)
    self.prompt = run.prompt
  }

  /// Each side by itself, so that both are reported.
  private static func checkSize(_ model: ModelDescription, height: Int?, width: Int?) throws {
    var problems: [String] = []
    do { try model.checkSize(height: height ?? model.scale, width: model.scale) } catch {
      problems.append("--\(error)")
    }
    do { try model.checkSize(height: model.scale, width: width ?? model.scale) } catch {
      problems.append("--\(error)")
    }
    guard problems.isEmpty else { throw UsageError(problems) }
  }

  /// Denoises, and gives each step's maps to `observe`.
  /// - Returns: The final latents, `[1, height, width, channels]`.
  func denoise(observe: (Int, StepProbe) throws -> Void = { _, _ in }) throws -> Tensor {
    let progress = TerminalProgress()
    defer { progress.finished() }
    var denoising = try group.denoising(model)
    while !denoising.isDone {
      let step = denoising.step
      let probe = attention.probe(step: step)
      if let broken = try denoising.advance(probe: probe).first { throw broken }
      try observe(step, probe)
      progress.advanced(
        done: denoising.step, total: denoising.timesteps.count, work: "\"\(prompt.prompt)\", seed \(settings.seed)")
    }
    return denoising.latents
  }

  /// What the PNG files say of themselves; the keys are those of an experiment's pictures.
  var texts: [PNG.Text] {
    [
      PNG.Text("Prompt", prompt.prompt), PNG.Text("Negative-Prompt", settings.negativePrompt),
      PNG.Text("Seed", "\(settings.seed)"), PNG.Text("Steps", "\(settings.steps)"),
      PNG.Text("Guidance-Scale", "\(settings.guidanceScale)"), PNG.Text("Scheduler", settings.scheduler.rawValue),
      PNG.Text("Model", model.folder.name), PNG.Text("Model-Hash", plan.modelHash),
      PNG.Text("Content-Hash", run.hash), PNG.Text("Software", "attnlab \(attnlabVersion)"),
    ]
  }

  /// Words that are split or that the model never sees.
  var remarks: [String] { plan.remarks }
}

/// The settings of a picture as JSON shows them.
struct PictureSettings: Encodable {
  let model, modelHash, prompt, negativePrompt: String
  let seed: Seed
  let steps: Int
  let guidanceScale: Double
  let scheduler: String
  let height, width: Int
  let contentHash: String

  init(_ picture: SinglePicture) {
    model = picture.model.folder.name
    modelHash = picture.plan.modelHash
    prompt = picture.prompt.prompt
    negativePrompt = picture.settings.negativePrompt
    seed = picture.settings.seed
    steps = picture.settings.steps
    guidanceScale = picture.settings.guidanceScale
    scheduler = picture.settings.scheduler.rawValue
    height = picture.settings.height
    width = picture.settings.width
    contentHash = picture.run.hash
  }
}
