import Checkpoints
import Foundation
import Pipelines
import Tensors
import TestSupport
import Testing

/// The components of diffusers' own fast tests, whole folders of them: latents against diffusers', calls counted.
///
/// Their weights are drawn here as `Tests/Fixtures/oracle/fast_tests.py` draws them, so that none is kept.
@Suite struct FastTestsTests {
  struct Run: Decodable, CustomTestStringConvertible {
    let name, components, pipeline: String
    let seed: Seed
    let steps, calls: Int
    let guidanceScale: Double
    /// In pixels; nil: the model's own.
    let side: Int?
    let useAttentionMask: Bool

    var testDescription: String { name }
  }

  private struct Document: Decodable {
    let prompt, negativePrompt: String
    let runs: [Run]
  }

  private static let runs = (try? Fixtures.json("fast_tests", as: Document.self))?.runs ?? []
  private static let libraries = [
    "unet": "diffusers", "vae": "diffusers", "scheduler": "diffusers", "text_encoder": "transformers",
    "tokenizer": "transformers",
  ]

  private func object(_ value: Any?, _ key: String) throws -> [String: Any] {
    try #require((value as? [String: Any])?[key] as? [String: Any])
  }

  private func write(_ value: Any, to url: URL) throws {
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try JSONSerialization.data(withJSONObject: value).write(to: url)
  }

  /// Writes the folder of a run as `save_pretrained` would.
  private func make(_ run: Run, in folder: URL) throws {
    let document = try JSONSerialization.jsonObject(
      with: Data(contentsOf: Fixtures.folder.appending(path: "fast_tests.json")))
    let parts = try object(object(document, "components"), run.components)
    for (seed, (part, file)) in [
      ("unet", "diffusion_pytorch_model"), ("vae", "diffusion_pytorch_model"), ("text_encoder", "model"),
    ].enumerated() {
      var config = try object(parts[part], "config")
      if part == "text_encoder" { config["use_attention_mask"] = run.useAttentionMask }
      try write(config, to: folder.appending(path: "\(part)/config.json"))
      let weights = try #require((parts[part] as? [String: Any])?["weights"] as? [[Any]])
      try SafetensorsWriter.write(
        drawn(weights, seed: Seed(UInt64(seed))), to: folder.appending(path: "\(part)/\(file).safetensors"))
    }
    let all = try #require((document as? [String: Any])?["runs"] as? [[String: Any]])
    let scheduler = try object(all.first { $0["name"] as? String == run.name }, "scheduler")
    try write(scheduler, to: folder.appending(path: "scheduler/scheduler_config.json"))
    let tokenizer = Fixtures.repository.appending(path: "Sources/Pipelines/Models/emoji-scenes/tokenizer")
    try FileManager.default.copyItem(at: tokenizer, to: folder.appending(path: "tokenizer"))
    let classes = [
      "unet": "UNet2DConditionModel", "vae": "AutoencoderKL", "text_encoder": "CLIPTextModel",
      "tokenizer": "CLIPTokenizer", "scheduler": scheduler["_class_name"] as? String ?? "",
    ]
    let components = classes.map { ($0.key, [Self.libraries[$0.key] ?? "", $0.value]) }
    let index = Dictionary(uniqueKeysWithValues: components) as [String: Any]
    try write(
      index.merging(["_class_name": run.pipeline]) { $1 }, to: folder.appending(path: "model_index.json"))
  }

  private func drawn(_ weights: [[Any]], seed: Seed) throws -> [(String, Tensor)] {
    var generator = TorchGenerator(seed: seed)
    return try weights.map { entry in
      let name = try #require(entry[0] as? String)
      let shape = try #require(entry[1] as? [Int])
      let (mean, spread) = (try #require(entry[2] as? Double), try #require(entry[3] as? Double))
      var tensor = generator.randn(shape)
      tensor.withUnsafeMutableValues { values in
        for index in values.indices { values[index] = values[index] * Float(spread) + Float(mean) }
      }
      return (name, tensor)
    }
  }

  @Test(arguments: runs) func latentsAreThoseOfDiffusers(_ run: Run) throws {
    let document = try Fixtures.json("fast_tests", as: Document.self)
    try Fixtures.withTemporaryFolder { folder in
      try make(run, in: folder)
      #expect(try ModelFolder(folder).problems() == [])
      let model = try StableDiffusion(folder: ModelFolder(folder))
      var denoising = try Denoising(
        model, prompts: [model.tokenizer.encode(document.prompt)],
        settings: DenoisingSettings(
          seed: run.seed, steps: run.steps, guidanceScale: run.guidanceScale, negativePrompt: document.negativePrompt,
          scheduler: model.defaultScheduler, height: run.side ?? model.defaultSize.height,
          width: run.side ?? model.defaultSize.width))
      #expect(denoising.timesteps.count == run.calls)
      while !denoising.isDone { try denoising.advance() }
      let expected = try Fixtures.safetensors("fast_tests").tensor(named: run.name).channelsLast()
      expectClose(denoising.latents, expected, tolerance: 1e-3, run.name)
    }
  }

  @Test func everyRunIsThere() {
    #expect(Self.runs.count == 8)
  }
}
