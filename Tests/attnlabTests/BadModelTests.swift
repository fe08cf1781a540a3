import Foundation
import TestSupport
import Testing

/// Model folders that cannot be used: what is wrong with which file, exit code 1, and nothing written.
@Suite struct BadModelTests {
  private static let damaged =
    "The file is damaged, cut short or not in the safetensors format: fetch or save it again.\n"

  /// Changes a copy of the bundled model, and expects `generate`, `heatmap` and `models` to say the same of it.
  private func expect(_ message: String, _ change: (URL) throws -> Void) throws {
    try Program.inFolder { attnlab in
      let model = try attnlab.copyModel(to: "model")
      try change(model)
      let before = attnlab.files
      let picture = try attnlab("generate", "--prompt", "a", "--model", "model", "--steps", "1", "--out", "x.png")
      #expect(picture.errors == "error: \(message)")
      #expect(picture.code == 1)
      let heatMap = try attnlab("heatmap", "a", "--model", "model", "--steps", "1")
      #expect(heatMap.errors == "error: \(message)")
      #expect(heatMap.code == 1)
      let check = try attnlab("models", "model", "--json")
      #expect(check.errors == "error: model: 1 problem\n\(message)")
      #expect(check.code == 1)
      #expect(try check.json()["problems"] as? [String] == [String(message.dropLast())])
      #expect(attnlab.files == before)
    }
  }

  @Test func truncatedWeights() throws {
    try expect(
      "unet/diffusion_pytorch_model.safetensors: file size is 1000000 bytes, expected 25081160, the 79968 of the header "
        + "and the 25001192 of the tensors\n" + Self.damaged
    ) { model in
      let file = try FileHandle(forUpdating: model.appending(path: "unet/diffusion_pytorch_model.safetensors"))
      try file.truncate(atOffset: 1_000_000)
      try file.close()
    }
  }

  @Test func lyingHeader() throws {
    try expect(
      "vae/diffusion_pytorch_model.safetensors: header length is 1152921504606846976, expected 2 to 100000000\n"
        + Self.damaged
    ) { model in
      let file = try FileHandle(forUpdating: model.appending(path: "vae/diffusion_pytorch_model.safetensors"))
      try file.write(contentsOf: Data([0, 0, 0, 0, 0, 0, 0, 0x10]))
      try file.close()
    }
  }

  @Test func lyingOffsets() throws {
    try expect(
      "unet/diffusion_pytorch_model.safetensors: data_offsets of tensor \"conv_in.bias\" is [0, 98], 98 bytes, expected 96 "
        + "bytes for F16 [48]\n" + Self.damaged
    ) { model in
      let url = model.appending(path: "unet/diffusion_pytorch_model.safetensors")
      var data = try Data(contentsOf: url)
      let place = try #require(data.range(of: Data("\"data_offsets\":[0,96]".utf8)))
      data.replaceSubrange(place, with: Data("\"data_offsets\":[0,98]".utf8))
      try data.write(to: url)
    }
  }

  @Test func mixedModels() throws {
    try expect(
      "unet/config.json: cross_attention_dim is 24, expected 128, the hidden_size of text_encoder/config.json\n"
        + "The folders come from different models: fetch all of one model.\n"
    ) { model in
      let unet = model.appending(path: "unet")
      try FileManager.default.removeItem(at: unet)
      try FileManager.default.copyItem(at: Fixtures.folder.appending(path: "tiny-sd2/unet"), to: unet)
    }
  }

  /// Headers cannot tell that weights are no numbers; reading them does.
  @Test func weightsThatAreNoNumbers() throws {
    try Program.inFolder { attnlab in
      let model = try attnlab.copyModel(to: "model")
      let sound = try attnlab("models", "model", "--weights")
      #expect(sound.code == 0 && sound.output.contains("tensors are finite"), "\(sound.output)\(sound.errors)")
      let url = model.appending(path: "vae/diffusion_pytorch_model.safetensors")
      var data = try Data(contentsOf: url)
      data.replaceSubrange((data.count - 4)..<data.count, with: [0, 0x7C, 0, 0xFC])
      try data.write(to: url)
      #expect(try attnlab("models", "model").code == 0)
      let outcome = try attnlab("models", "model", "--weights", "--json")
      #expect(outcome.code == 1)
      #expect(outcome.errors.hasPrefix("error: model: 1 problem\nvae: 1 of "), "\(outcome.errors)")
      #expect(outcome.errors.contains(": 2 of "))
      #expect((try outcome.json()["weights"] as? [[String: Any]])?.count == 3)
      #expect(try attnlab("models", "--weights").code == 2)
    }
  }

  @Test func missingScheduler() throws {
    try Program.inFolder { attnlab in
      let model = try attnlab.copyModel(to: "model")
      let file = model.appending(path: "scheduler/scheduler_config.json")
      try FileManager.default.removeItem(at: file)
      let outcome = try attnlab("generate", "--prompt", "a", "--model", "model")
      #expect(outcome.errors.hasPrefix("error: "))
      #expect(outcome.errors.contains("scheduler/scheduler_config.json"))
      #expect(!outcome.errors.contains("NSCocoaErrorDomain"))
      #expect(outcome.code == 1)
    }
  }

  @Test func folderWithoutModel() throws {
    try Program.inFolder { attnlab in
      for arguments in [["models", "."], ["tokens", "a", "--model", "."]] {
        let outcome = try attnlab.shell("\"$attnlab\" \(arguments.joined(separator: " "))")
        #expect(outcome.errors.contains("model_index.json"))
        #expect(outcome.code == 1)
        #expect(outcome.output == "")
      }
    }
  }
}
