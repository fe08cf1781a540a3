import Checkpoints
import Foundation
import Testing

@testable import DiffusionModels

/// What the config files of the parts may say. Keys that are absent have diffusers' defaults.
@Suite struct ConfigurationTests {
  private func unet(_ json: String) -> String {
    message { _ = try UNetConfiguration(ConfigFile(json: Array(json.utf8), named: "config.json")) }
  }

  private func vae(_ json: String) -> String {
    message { _ = try VAEConfiguration(ConfigFile(json: Array(json.utf8), named: "config.json")) }
  }

  private func text(_ json: String) -> String {
    message { _ = try CLIPTextConfiguration(ConfigFile(json: Array(json.utf8), named: "config.json")) }
  }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch {
      return "\(error)".replacingOccurrences(of: "config.json: ", with: "")
    }
  }

  @Test func absentKeysHaveTheirDefaults() throws {
    #expect(unet("{}") == "no error" && vae("{}") == "no error" && text("{}") == "no error")
    let empty = try ConfigFile(json: Array("{}".utf8), named: "config.json")
    #expect(try UNetConfiguration(empty) == UNetConfiguration())
    #expect(try VAEConfiguration(empty) == VAEConfiguration())
    #expect(try CLIPTextConfiguration(empty).hiddenSize == 512)
  }

  @Test(arguments: [
    (#"{"block_out_channels": []}"#, "block_out_channels is [], expected 1 to 16 stages"),
    (
      #"{"block_out_channels": [32, 32], "down_block_types": ["DownBlock2D"], "up_block_types": ["UpBlock2D"]}"#,
      "down_block_types is [\"DownBlock2D\"], expected 2 types, one a stage"
    ),
    (#"{"norm_num_groups": 33}"#, "norm_num_groups is 33, expected a divisor of every stage's channels, such as 320"),
    (
      #"{"attention_head_dim": [8, 8, 7, 8]}"#,
      "attention_head_dim is [8, 8, 7, 8], expected a divisor of the 1280 channels of stage 2"
    ),
    (
      #"{"layers_per_block": 17}"#, "layers_per_block is 17, expected a whole number from 1 to 16, or a list of 4 such"
    ),
    (
      #"{"transformer_layers_per_block": [1, 17, 1, 1]}"#,
      "transformer_layers_per_block is [1, 17, 1, 1], expected a whole number from 1 to 16, or a list of 4 such"
    ),
    (#"{"dual_cross_attention": true}"#, "dual_cross_attention is true, expected false, as in SD 1.x and 2.x"),
    (#"{"only_cross_attention": [true]}"#, "only_cross_attention is [true], expected false, as in SD 1.x and 2.x"),
    (#"{"class_embed_type": "timestep"}"#, "class_embed_type is \"timestep\", expected null, as in SD 1.x and 2.x"),
  ])
  func unetsThatAreNotComputed(json: String, expected: String) {
    let found = unet(json)
    #expect(found.split(separator: "\n").contains(Substring(expected)), "\(found)")
  }

  /// 70 stages made the scale 0, and sizes were divided by it.
  @Test(arguments: [
    (#"{"block_out_channels": []}"#, "block_out_channels is [], expected 1 to 16 stages"),
    (#"{"up_block_types": []}"#, "up_block_types is [], expected 1 types, one a stage"),
    (#"{"down_block_types": ["X"]}"#, "down_block_types is [\"X\"], expected a list, each \"DownEncoderBlock2D\""),
    (#"{"norm_num_groups": 7}"#, "norm_num_groups is 7, expected a divisor of every stage's channels, such as 64"),
    (#"{"scaling_factor": 0}"#, "scaling_factor is 0, expected a number from 1e-06 to 1000000.0"),
    (#"{"latents_mean": [0]}"#, "latents_mean is [0], expected null, as in SD 1.x and 2.x"),
  ])
  func autoencodersThatAreNotComputed(json: String, expected: String) {
    let found = vae(json)
    #expect(found.split(separator: "\n").contains(Substring(expected)), "\(found)")
  }

  @Test(arguments: [1, 16, 17, 70]) func numbersOfStages(count: Int) {
    let channels = Array(repeating: "32", count: count).joined(separator: ", ")
    func types(_ name: String) -> String { Array(repeating: "\"\(name)\"", count: count).joined(separator: ", ") }
    let expected =
      count <= 16
      ? "no error"
      : "block_out_channels is [\(Array(repeating: "32", count: 8).joined(separator: ", ")), ... \(count) values], "
        + "expected 1 to 16 stages"
    #expect(
      vae(
        """
        {"block_out_channels": [\(channels)], "down_block_types": [\(types("DownEncoderBlock2D"))],
         "up_block_types": [\(types("UpDecoderBlock2D"))]}
        """) == expected)
    #expect(
      unet(
        """
        {"block_out_channels": [\(channels)], "down_block_types": [\(types("DownBlock2D"))],
         "up_block_types": [\(types("UpBlock2D"))]}
        """) == expected)
  }

  @Test(arguments: [
    (#"{"num_attention_heads": 7}"#, "num_attention_heads is 7, expected a divisor of hidden_size, 512"),
    (#"{"hidden_act": "relu"}"#, "hidden_act is \"relu\", expected \"quick_gelu\" or \"gelu\""),
    (#"{"max_position_embeddings": 2}"#, "max_position_embeddings is 2, expected a whole number from 3 to 4096"),
  ])
  func textEncodersThatAreNotComputed(json: String, expected: String) {
    #expect(text(json) == expected)
  }
}
