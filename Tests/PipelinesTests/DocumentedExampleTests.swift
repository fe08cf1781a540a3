import Attention
import DiffusionModels
import Foundation
import Pipelines
import Schedulers
import Tensors
import TestSupport
import Testing

/// The example of `Pipelines.md` compiles: it stands here too, between two marks, and the page has the same lines.
@Suite struct DocumentedExampleTests {
  private static func example() throws -> Picture {
    // begin
    let folder = try ModelFolder(URL(filePath: "Sources/Pipelines/Models/emoji-scenes"))
    let model = try StableDiffusion(folder: folder)
    let settings = DenoisingSettings(
      seed: 1, steps: 30, guidanceScale: 5, negativePrompt: "", scheduler: .ddim, height: 128, width: 128)
    let prompts = ["a red car", "a blue car"].map(model.tokenizer.encode)

    let sites = model.unet.sites(latentHeight: 16, latentWidth: 16)
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
    // end
    return edited
  }

  private func lines(_ text: some StringProtocol) -> [String] {
    text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
  }

  @Test func thePageHasTheSameLines() throws {
    let page = try String(
      contentsOf: Fixtures.repository.appending(path: "Sources/Pipelines/Pipelines.docc/Pipelines.md"), encoding: .utf8)
    let shown = page.components(separatedBy: "```swift\n")[1].components(separatedBy: "\n```")[0]
    let here = try String(contentsOfFile: #filePath, encoding: .utf8)
    let compiled = here.components(separatedBy: "// begin\n")[1].components(separatedBy: "// end\n")[0]
    #expect(lines(shown) == lines(compiled))
  }
}
