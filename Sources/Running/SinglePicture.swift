import Attention
import Checkpoints
import ExperimentFiles
import Foundation
import Generation
import Pipelines
import Planning
import Plotting
import Results
import Schedulers
import Tensors

/// One picture by itself: an experiment of one run, so that it has the same bits and the same content hash as
/// in an experiment.
package struct SinglePicture {
  package let prompt: PromptTokens
  private let single: SingleGroup

  package var plan: ExperimentPlan { single.plan }
  package var model: StableDiffusion { single.model }
  package var run: PlannedRun { single.group.runs[0] }
  package var settings: DenoisingSettings { single.group.settings }

  /// - Parameters:
  ///   - folder: the model's.
  ///   - name: what the user calls the model.
  ///   - height, width: in pixels; nil: the model's own.
  ///   - record: attention of the prompt that is kept in memory.
  /// - Throws: `SizeError` for sizes that the model cannot make; `ExperimentError` for a picture that needs more
  ///   memory than there is; what loading throws.
  package init(
    _ folder: ModelFolder, named name: String, prompt: String, negativePrompt: String = "", seed: Seed,
    settings: GenerationSettings, height: Int?, width: Int?, record: (PromptTokens) -> [RecordSpec] = { _ in [] }
  ) throws {
    single = try SingleGroup(folder, height: height, width: width) { model in
      ExperimentSpec(
        name: "picture", model: name,
        generate: GenerateSpec(
          prompts: [prompt], seeds: [seed], settings: [settings], negativePrompt: negativePrompt, height: height,
          width: width),
        record: record(model.tokenizer.encode(prompt)))
    }
    self.prompt = single.group.runs[0].prompt
  }

  /// Denoises, and gives each step's maps to `observe`.
  /// - Returns: The final latents, `[1, height, width, channels]`.
  package func denoise(
    progress: some RunProgress, observe: (Int, StepProbe) throws -> Void = { _, _ in }
  ) throws -> Tensor {
    try single.denoise(work: "\"\(prompt.prompt)\", seed \(settings.seed)", progress: progress, observe: observe)
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
