import Attention
import DiffusionModels
import Foundation
import Pipelines
import Schedulers
import Tensors
import TestSupport
import Testing

/// The example of `Pipelines.md`, line by line: `PageTests` finds it here.
@Suite struct DocumentedExampleTests {
  @Test func oneRunTakesAttentionFromAnother() throws {
    let folder = try ModelFolder(URL(filePath: "Sources/Pipelines/Models/emoji-scenes"))
    let model = try StableDiffusion(ModelDescription(folder))
    let settings = DenoisingSettings(
      seed: 1, steps: 30, guidanceScale: 5, negativePrompt: "", scheduler: .ddim, height: 128, width: 128)
    let prompts = ["a red car", "a blue car"].map(model.tokenizer.encode)

    let sites = model.unet.sites(latentHeight: 16, latentWidth: 16, tokens: 77)
    let swapped = try SiteSelector("self:4-14").resolve(sites).map(\.index)
    let steps = try StepSelector.fraction(from: 0, to: 0.8).resolve(count: 30)
    var denoising = try Denoising(model, prompts: prompts, settings: settings)
    let plan = try AttentionPlan(
      sites: sites, lanes: denoising.lanes, stepCount: denoising.timesteps.count, tokens: 77,
      operations: [
        PlannedOperation(
          operation: .replace, run: 1, sources: [0], sites: swapped, steps: steps, branches: [.conditional])
      ],
      records: [])
    while !denoising.isDone {
      try denoising.advance(probe: plan.probe(step: denoising.step))
    }
    let edited = try model.picture(denoising.latents(of: 1))
    #expect(edited.width == 128 && edited.height == 128)
  }
}
