import Foundation
import Pipelines
import TestSupport
import Testing

/// Folders that must not load: each with its message.
@Suite struct ModelFolderTests {
  @Test func theBundledModelsHaveNoProblems() throws {
    #expect(BundledModels.names == ["emoji-scenes", "emoji-scenes-first"])
    for name in BundledModels.names {
      let url = try #require(BundledModels.url(of: name))
      #expect(try ModelFolder(url).problems() == [], "\(name)")
    }
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

  /// A pipe where a file is looked for must not hold the process up; all of them are named.
  @Test func pipesAndFoldersInThePlaceOfFiles() throws {
    try withModel {
      #expect(mkfifo($0.appending(path: "unet/notes.json").path, 0o600) == 0)
      try FileManager.default.createDirectory(
        at: $0.appending(path: "tokenizer/more.txt"), withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(
        at: $0.appending(path: "vae/gone.safetensors"), withDestinationURL: URL(filePath: "/nowhere"))
    } _: { url in
      #expect(
        loadingMessage(url) == """
          tokenizer/more.txt: file is a folder, expected a file
          unet/notes.json: file is a device or a pipe, expected a file
          vae/gone.safetensors: file is absent, expected a readable file
          """)
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
