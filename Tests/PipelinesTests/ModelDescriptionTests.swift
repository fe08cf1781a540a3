import Checkpoints
import DiffusionModels
import Foundation
import Pipelines
import Tensors
import TestSupport
import Testing

/// What is known of a folder before its weights are read.
@Suite struct ModelDescriptionTests {
  @Test func theBundledModel() throws {
    let description = try Bundled.model.description
    #expect(description.defaultSize == GridSize(height: 128, width: 128) && description.scale == 8)
    #expect(description.components.map(\.name) == ["text_encoder", "unet", "vae"])
    #expect(description.components.allSatisfy { $0.dtypes == ["F16"] && $0.bytes == 2 * $0.parameters })
    let model = try Bundled.model
    #expect(description.unet == model.unet.configuration && description.vae == model.vae.configuration)
    #expect(description.text == model.textEncoder.configuration)
    #expect(description.memory.weights == 4 * description.components.reduce(0) { $0 + $1.parameters })
  }

  /// Headers say of weights that do not fit what loading them says, word for word, in each network.
  @Test(arguments: [
    ("unet", "\"layers_per_block\": 2", "\"layers_per_block\": 1"),
    ("unet", "\"out_channels\": 4", "\"out_channels\": 5"),
    ("unet", "\"use_linear_projection\": false", "\"use_linear_projection\": true"),
    ("vae", "\"layers_per_block\": 1", "\"layers_per_block\": 2"),
    ("vae", "\"mid_block_add_attention\": true", "\"mid_block_add_attention\": false"),
    ("text_encoder", "\"num_hidden_layers\": 4", "\"num_hidden_layers\": 5"),
    ("text_encoder", "\"max_position_embeddings\": 77", "\"max_position_embeddings\": 78"),
  ])
  func misfits(component: String, old: String, new: String) throws {
    try withModel {
      try replace(old, with: new, in: $0.appending(path: "\(component)/config.json"))
    } _: { url in
      let folder = url.appending(path: component)
      let loading = message {
        switch component {
        case "unet": _ = try UNet(folder: folder)
        case "vae": _ = try VAE(folder: folder)
        default: _ = try CLIPTextEncoder(folder: folder)
        }
      }
      let headers = message {
        let store = try WeightStore(folder: folder)
        switch component {
        case "unet": try UNet.checkHeaders(UNet.configuration(folder), store)
        case "vae": try VAE.checkHeaders(VAE.configuration(folder), store)
        default: try CLIPTextEncoder.checkHeaders(CLIPTextEncoder.configuration(folder), store)
        }
      }
      #expect(headers == loading && loading != nil)
      #expect(message { _ = try ModelDescription(ModelFolder(url)) }?.contains(headers ?? "-") == true)
    }
  }

  /// Every part is looked at, whatever is wrong with another.
  @Test func allPartsAtOnce() throws {
    try withModel {
      try replace("\"act_fn\": \"silu\"", with: "\"act_fn\": \"relu\"", in: $0.appending(path: "unet/config.json"))
      try replace(
        "\"num_hidden_layers\": 4", with: "\"num_hidden_layers\": 3", in: $0.appending(path: "text_encoder/config.json")
      )
      try FileManager.default.removeItem(at: $0.appending(path: "tokenizer/merges.txt"))
      try FileManager.default.removeItem(at: $0.appending(path: "vae/diffusion_pytorch_model.safetensors"))
      try replace(
        "\"beta_start\"", with: "\"beta_start\": \"small\", \"x\"",
        in: $0.appending(path: "scheduler/scheduler_config.json"))
    } _: { url in
      let error = #expect(throws: ModelFolderError.self) { _ = try ModelDescription(ModelFolder(url)) }
      let problems = try #require(error?.problems)
      let parts = [
        "scheduler/", "tokenizer", "unet/config.json: act_fn", "text_encoder/model", "vae: weights is missing",
      ]
      #expect(problems.count == parts.count, "\(problems)")
      for part in parts { #expect(problems.contains { $0.contains(part) }, "\(part) in \(problems)") }
    }
  }

  /// Nothing of the weights is read: those of Stable Diffusion 1.5, holes in files without a byte on the disk, leave the
  /// process as large as it was.
  @Test func stableDiffusion15WithoutReading() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let url = folder.appending(path: "sd15")
      try StableDiffusion15.write(to: url)
      let before = try residentBytes()
      let clock = ContinuousClock()
      var described: ModelDescription?
      let time = try clock.measure { described = try ModelDescription(ModelFolder(url)) }
      let grown = try residentBytes() - before
      let description = try #require(described)
      #expect(description.components.map(\.parameters) == [123_060_480, 859_520_964, 83_653_863])
      #expect(description.defaultSize == GridSize(height: 512, width: 512))
      #expect(description.memory.weights == 4_264_941_228)
      print("SD 1.5's headers: \(time), \(grown >> 10) KiB")
      #expect(grown < 64 << 20)
    }
  }

  private func residentBytes() throws -> Int {
    let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
    return try #require(Int(fields[1])) * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  private func message(_ body: () throws -> Void) -> String? {
    do { try body() } catch { return "\(error)" }
    return nil
  }
}
