import Analysis
import Attention
import Foundation
import Pipelines
import Plotting
import Schedulers
import Tensors
import TestSupport
import Testing

/// Whole pictures and swaps against `StableDiffusionPipeline` of diffusers, from the same seeds.
@Suite struct GenerationParityTests {
  struct Generation: Decodable {
    let name, prompt, negativePrompt, scheduler: String
    let seed: Seed
    let steps, height, width: Int
    let guidanceScale: Double

    var settings: DenoisingSettings {
      get throws {
        DenoisingSettings(
          seed: seed, steps: steps, guidanceScale: guidanceScale, negativePrompt: negativePrompt,
          scheduler: try SchedulerKind(named: scheduler), height: height, width: width)
      }
    }
  }

  @Test func generations() throws {
    let model = try Bundled.model
    let file = try Fixtures.safetensors("generations")
    for test in try Fixtures.json("generations", as: [Generation].self) {
      let noise = try model.noise(seed: test.seed, height: test.height, width: test.width)
      expectClose(
        noise, try file.tensor(named: "\(test.name).noise").channelsLast(), tolerance: 1e-6, "\(test.name) noise")
      var denoising = try Denoising(
        model, prompts: [model.tokenizer.encode(test.prompt)], settings: test.settings)
      while !denoising.isDone { try denoising.advance() }
      let expected = try file.tensor(named: "\(test.name).latents").channelsLast()
      expectClose(denoising.latents, expected, tolerance: 1e-3, "\(test.name) latents")
      let picture = try model.picture(denoising.latents)
      let reference = try PNG.read(Fixtures.folder.appending(path: "pictures/\(test.name).png"))
      let psnr = try PictureMetrics.psnr(picture, reference)
      #expect(psnr >= 45, "\(test.name): the picture differs, PSNR \(psnr) dB")
    }
  }

  struct Swaps: Decodable {
    struct Pair: Decodable {
      let source, target: String
      let seed: Seed
    }
    struct Step: Decodable {
      let op, kind: String
      let layers, steps: [Int]
    }
    let steps: Int
    let guidanceScale: Double
    let pairs: [Pair]
    let interventions: [String: [Step]]
  }

  @Test func swaps() throws {
    let model = try Bundled.model
    let file = try Fixtures.safetensors("swaps")
    let swaps = try Fixtures.json("swaps", as: Swaps.self)
    let names = swaps.interventions.keys.sorted()
    for (index, pair) in swaps.pairs.enumerated() {
      // All interventions of a pair in one group with their source, as experiments run them.
      let settings = DenoisingSettings(
        seed: pair.seed, steps: swaps.steps, guidanceScale: swaps.guidanceScale, negativePrompt: "", scheduler: .ddim,
        height: 128, width: 128)
      let prompts = [pair.source] + names.map { _ in pair.target }
      var denoising = try Denoising(model, prompts: prompts.map(model.tokenizer.encode), settings: settings)
      let sites = model.unet.sites(latentHeight: 16, latentWidth: 16, tokens: 77)
      let operations = try names.enumerated().flatMap { run, name in
        try (swaps.interventions[name] ?? []).map { step in
          PlannedOperation(
            operation: try #require(OperationRegistry.named(step.op)), run: run + 1, sources: [0],
            sites: sites.filter { $0.kind.rawValue == step.kind && step.layers.contains($0.layer) }.map(\.index),
            steps: step.steps, branches: [.conditional])
        }
      }
      let plan = try AttentionPlan(
        sites: sites, lanes: denoising.lanes, stepCount: swaps.steps, tokens: 77, operations: operations, records: [])
      while !denoising.isDone { try denoising.advance(probe: plan.probe(step: denoising.step)) }
      for (run, name) in (["source"] + names).enumerated() {
        let expected = try file.tensor(named: "\(index).\(name)").channelsLast()
        expectClose(try denoising.latents(of: run), expected, tolerance: 1e-3, "pair \(index), \(name)")
      }
    }
  }
}
