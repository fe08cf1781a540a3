import Checkpoints
import DiffusionModels
import Foundation
import Pipelines
import Tensors
import TestSupport
import Testing

/// Other folders than the bundled one against diffusers: what SD 2.x adds, older names, and the exact SD 1.5.
@Suite struct FolderParityTests {
  struct Reference: Decodable {
    struct Generation: Decodable {
      let prompt: String
      let seed: Seed
      let steps, height, width: Int
      let guidanceScale: Double
    }
    let prompts: [String]
    let timestep: Double
    let generation: Generation?
  }

  /// A whole pipeline folder: tokens, text encoder, UNet step, VAE both ways, and a short generation where there is one.
  private func compare(_ folder: URL) throws {
    let reference: Reference = try {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try decoder.decode(Reference.self, from: Data(contentsOf: folder.appending(path: "reference.json")))
    }()
    let file = try SafetensorsFile(url: folder.appending(path: "reference.safetensors"))
    func expected(_ name: String) throws -> Tensor { try file.tensor(named: name).channelsLast() }

    let model = try StableDiffusion(folder: ModelFolder(folder))
    let tokens = reference.prompts.map { model.tokenizer.encode($0).ids }
    #expect(try file.tensor(named: "tokens").values.map { Int($0) } == tokens.flatMap { $0 })
    let context = try model.textEncoder(tokens)
    expectClose(context, try file.tensor(named: "context"), tolerance: 5e-5, "text encoder")
    let output = try model.unet(
      expected("latents"), timestep: reference.timestep, context: model.unet.context(file.tensor(named: "context")))
    expectClose(output, try expected("unet"), tolerance: 5e-5, "UNet")
    let (mean, logVariance) = try model.vae.encode(expected("picture"))
    expectClose(mean, try expected("mean"), tolerance: 5e-5, "VAE mean")
    expectClose(logVariance, try expected("logvar"), tolerance: 5e-5, "VAE log variance")
    let latents = try expected("latents").slice(0..<1)
    expectClose(try model.vae.decode(latents), try expected("decoded"), tolerance: 5e-5, "VAE decoded")

    guard let generation = reference.generation else { return }
    var denoising = try Denoising(
      model, prompts: [model.tokenizer.encode(generation.prompt)],
      settings: DenoisingSettings(
        seed: generation.seed, steps: generation.steps, guidanceScale: generation.guidanceScale, negativePrompt: "",
        scheduler: model.defaultScheduler, height: generation.height, width: generation.width))
    while !denoising.isDone { try denoising.advance() }
    expectClose(denoising.latents, try expected("final"), tolerance: 1e-3, "final latents")
  }

  /// Heads by stage, linear projections, velocity prediction, exact GELU, padding by "!".
  @Test func stableDiffusion2() throws {
    try compare(Fixtures.folder.appending(path: "tiny-sd2"))
  }

  @Test func olderAttentionNames() throws {
    let folder = Fixtures.folder.appending(path: "tiny-sd1-old-names")
    let file = try SafetensorsFile(url: folder.appending(path: "reference.safetensors"))
    let vae = try VAE(folder: folder.appending(path: "vae"))
    let (mean, _) = try vae.encode(file.tensor(named: "picture").channelsLast())
    expectClose(mean, try file.tensor(named: "mean").channelsLast(), tolerance: 5e-5, "mean")
    let decoded = try vae.decode(file.tensor(named: "latents").channelsLast())
    expectClose(decoded, try file.tensor(named: "decoded").channelsLast(), tolerance: 5e-5, "decoded")
  }

  /// The exact configuration of Stable Diffusion 1.5 with random weights, 2 GB that are not in the repository:
  /// `python Tests/Fixtures/sd15_random.py DIR`, then `ATTNLAB_SD15=DIR swift test --filter stableDiffusion15`.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["ATTNLAB_SD15"] != nil, "ATTNLAB_SD15 names no folder"))
  func stableDiffusion15() throws {
    try compare(URL(filePath: ProcessInfo.processInfo.environment["ATTNLAB_SD15"] ?? ""))
  }
}
