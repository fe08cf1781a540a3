import Foundation
import Pipelines
import TestSupport
import Testing

/// Folders that must not load: each with its message.
@Suite struct ModelFolderTests {
  /// A copy of the bundled model, changed.
  private func withModel(_ change: (URL) throws -> Void, _ body: (URL) throws -> Void) throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let url = folder.appending(path: "model")
      try FileManager.default.copyItem(at: #require(BundledModels.url(of: "emoji-scenes")), to: url)
      try change(url)
      try body(url)
    }
  }

  private func replace(_ text: String, with new: String, in file: URL) throws {
    let before = try String(contentsOf: file, encoding: .utf8)
    let after = before.replacingOccurrences(of: text, with: new)
    #expect(after != before, "\(file.lastPathComponent) does not hold \(text)")
    try after.write(to: file, atomically: true, encoding: .utf8)
  }

  private func loadingMessage(_ url: URL) -> String {
    do {
      _ = try StableDiffusion(folder: ModelFolder(url))
      return "it loaded"
    } catch {
      return "\(error)"
    }
  }

  @Test func theBundledModelHasNoProblems() throws {
    #expect(BundledModels.names == ["emoji-scenes"])
    let url = try #require(BundledModels.url(of: "emoji-scenes"))
    #expect(try ModelFolder(url).problems() == [])
    #expect(BundledModels.url(of: "../emoji-scenes") == nil)
  }

  @Test func mixedModels() throws {
    try withModel {
      try replace(
        "\"cross_attention_dim\": 128", with: "\"cross_attention_dim\": 768", in: $0.appending(path: "unet/config.json")
      )
    } _: { url in
      let message = loadingMessage(url)
      #expect(
        message.hasPrefix(
          "unet/config.json: cross_attention_dim is 768, expected 128, the hidden_size of text_encoder/config.json"),
        "\(message)")
      #expect(message.contains("The folders come from different models"), "\(message)")
    }
  }

  @Test func weightsOfAnotherShape() throws {
    try withModel {
      try replace(
        "\"layers_per_block\": 2", with: "\"layers_per_block\": 1", in: $0.appending(path: "unet/config.json"))
    } _: { url in
      let message = loadingMessage(url)
      #expect(
        message.hasPrefix(
          "unet/diffusion_pytorch_model.safetensors: 244 tensors are not part of the model:"), "\(message)")
      let problems = try ModelFolder(url).problems()
      #expect(problems.count == 1, "\(problems)")
    }
  }

  @Test func anotherArchitecture() throws {
    try withModel {
      let file = $0.appending(path: "unet/config.json")
      try replace("\"addition_embed_type\": null", with: "\"addition_embed_type\": \"text_time\"", in: file)
      try replace("\"act_fn\": \"silu\"", with: "\"act_fn\": \"relu\"", in: file)
    } _: { url in
      let message = loadingMessage(url)
      for part in ["addition_embed_type is \"text_time\"", "act_fn is \"relu\""] {
        #expect(message.contains(part), "\(message)")
      }
    }
  }

  @Test func damagedWeights() throws {
    try withModel {
      let file = $0.appending(path: "vae/diffusion_pytorch_model.safetensors")
      try Data(contentsOf: file).dropLast(1000).write(to: file)
    } _: { url in
      let message = loadingMessage(url)
      #expect(message.contains("vae/diffusion_pytorch_model.safetensors"), "\(message)")
    }
  }

  @Test func notAFolderOfAModel() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      #expect {
        _ = try ModelFolder(folder)
      } throws: {
        "\($0)".contains("model_index.json") && "\($0)".contains("save_pretrained")
      }
    }
    try withModel {
      try replace(
        "\"UNet2DConditionModel\"", with: "\"FluxTransformer2DModel\"", in: $0.appending(path: "model_index.json"))
    } _: { url in
      #expect(loadingMessage(url).contains("FluxTransformer2DModel"))
    }
  }

  @Test func sizes() throws {
    let model = try Bundled.model
    for (height, width, message) in [
      (130, 128, "height: 130 is not a multiple of 8 pixels from 8 to 8192; the nearest is 128"),
      (128, 0, "width: 0 is not a multiple of 8 pixels from 8 to 8192; the nearest is 8"),
      (128, -8, "width: -8 is not a multiple of 8 pixels from 8 to 8192; the nearest is 8"),
      (9000, 128, "height: 9000 is not a multiple of 8 pixels from 8 to 8192; the nearest is 8192"),
    ] {
      #expect { try model.checkSize(height: height, width: width) } throws: { "\($0)" == message }
    }
    try model.checkSize(height: 8, width: 8192)
  }
}
