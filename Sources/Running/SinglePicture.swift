import Attention
import Checkpoints
import ExperimentFiles
import Foundation
import Pipelines
import Planning
import Plotting
import Results
import Schedulers
import Tensors

/// One picture by itself: an experiment of one run, so that it has the same bits and the same content hash as
/// in an experiment.
package struct SinglePicture {
  package let plan: ExperimentPlan
  package let model: StableDiffusion
  let group: PlannedGroup
  package let prompt: PromptTokens
  private let attention: AttentionPlan

  package var run: PlannedRun { group.runs[0] }
  package var settings: DenoisingSettings { group.settings }

  /// - Parameters:
  ///   - folder: the model's.
  ///   - name: what the user calls the model.
  ///   - height, width: in pixels; nil: the model's own.
  ///   - record: attention of the prompt that is kept in memory.
  /// - Throws: `PictureSizeError` for sizes that the model cannot make; `ExperimentError` for a picture that needs more
  ///   memory than there is; what loading throws.
  package init(
    _ folder: ModelFolder, named name: String, prompt: String, negativePrompt: String = "", seed: Seed,
    settings: GenerationSettings, height: Int?, width: Int?, record: (PromptTokens) -> [RecordSpec] = { _ in [] }
  ) throws {
    let description = try ModelDescription(folder)
    try Self.checkSize(description, height: height, width: width)
    let spec = ExperimentSpec(
      name: "picture", model: name,
      generate: GenerateSpec(
        prompts: [prompt], seeds: [seed], settings: [settings], negativePrompt: negativePrompt, height: height,
        width: width),
      record: record(description.tokenizer.encode(prompt)))
    plan = try ExperimentPlan(spec, model: PlanModel(description, hash: folder.contentHash(cache: .user())))
    guard let group = plan.groups.first, let run = group.runs.first else {
      throw ExperimentError("the plan of one picture is empty")
    }
    attention = try plan.attention(of: group)
    try plan.checkMemory(of: group, attention, available: plan.availableBesideModel)
    self.group = group
    model = try StableDiffusion(description)
    self.prompt = run.prompt
  }

  /// Each side by itself, so that both are reported.
  private static func checkSize(_ model: ModelDescription, height: Int?, width: Int?) throws {
    let sides = [(height ?? model.scale, model.scale), (model.scale, width ?? model.scale)]
    let problems = sides.compactMap { height, width -> String? in
      do {
        try model.checkSize(height: height, width: width)
        return nil
      } catch {
        return "\(error)"
      }
    }
    guard problems.isEmpty else { throw PictureSizeError(problems: problems) }
  }

  /// Denoises, and gives each step's maps to `observe`.
  /// - Returns: The final latents, `[1, height, width, channels]`.
  package func denoise(
    progress: some RunProgress, observe: (Int, StepProbe) throws -> Void = { _, _ in }
  ) throws -> Tensor {
    defer { progress.finished() }
    var denoising = try group.denoising(model)
    while !denoising.isDone {
      let step = denoising.step
      let probe = attention.probe(step: step)
      if let broken = try denoising.advance(probe: probe).first { throw broken }
      try observe(step, probe)
      progress.advanced(
        done: denoising.step, total: denoising.callCount, work: "\"\(prompt.prompt)\", seed \(settings.seed)")
    }
    return denoising.latents
  }

  /// What the PNG files say of themselves; the keys are those of an experiment's pictures.
  package var texts: [PNG.Text] {
    .origin(
      prompts: [prompt.prompt], negativePrompt: settings.negativePrompt, seeds: [settings.seed],
      details: [
        PNG.Text("Steps", "\(settings.steps)"), PNG.Text("Guidance-Scale", "\(settings.guidanceScale)"),
        PNG.Text("Scheduler", settings.scheduler.rawValue), PNG.Text("Model", model.folder.name),
        PNG.Text("Model-Hash", plan.modelHash),
      ], hashes: [run.hash])
  }

  /// Words that are split or that the model never sees.
  package var remarks: [String] { plan.remarks }
}

/// Sides that a model cannot make.
package struct PictureSizeError: Error, Hashable {
  /// Never empty; each begins with the side's name.
  package let problems: [String]
}

/// The settings of a picture as JSON shows them.
package struct PictureSettings: Encodable {
  let model, modelHash, prompt, negativePrompt: String
  let seed: Seed
  let steps: Int
  let guidanceScale: Double
  let scheduler: String
  let height, width: Int
  let contentHash: String

  package init(_ picture: SinglePicture) {
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
