import Attention
import Checkpoints
import Foundation
import Tensors
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

  /// Of a whole CLIP's file the text tower's section counts, as in transformers.
  @Test func aTextTowersSectionIsRead() throws {
    let json =
      #"{"model_type": "clip", "hidden_size": 64, "text_config": {"hidden_size": 768, "num_attention_heads": 12}}"#
    let configuration = try CLIPTextConfiguration(ConfigFile(json: Array(json.utf8), named: "config.json"))
    #expect(configuration.hiddenSize == 768 && configuration.heads == 12)
    #expect(text(#"{"text_config": {"hidden_size": 5}}"#).hasPrefix("text_config.num_attention_heads"))
  }

  /// Sites need no weights: those of Stable Diffusion 1.5, and of latents with an odd side.
  @Test func sitesFollowFromTheConfiguration() throws {
    let sites = UNetConfiguration().sites(latentHeight: 63, latentWidth: 64, tokens: 77)
    #expect(sites.map(\.index) == Array(0..<32) && sites.map(\.layer) == (0..<32).map { $0 / 2 + 1 })
    let paths = [
      "down_blocks.0.attentions.0", "mid_block.attentions.0", "up_blocks.1.attentions.0", "up_blocks.3.attentions.2",
    ]
    for (path, index) in zip(paths, [0, 12, 14, 30]) {
      #expect(sites[index].path == path + ".transformer_blocks.0.attn1")
      #expect(sites[index + 1].path == path + ".transformer_blocks.0.attn2")
    }
    for (layer, grid) in [(1, (63, 64)), (3, (32, 32)), (5, (16, 16)), (7, (8, 8)), (8, (16, 16)), (16, (63, 64))] {
      let picture = AttentionAxis.picture(height: grid.0, width: grid.1)
      let (own, cross) = (sites[2 * layer - 2], sites[2 * layer - 1])
      #expect(own.queries == picture && own.keys == picture, "layer \(layer)")
      #expect(cross.queries == picture && cross.keys == .text(tokens: 77), "layer \(layer)")
    }
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
    (
      #"{"sample_size": [12, 20, 4]}"#,
      "sample_size is [12, 20, 4], expected a whole number from 1 to 4096, or a list of 2 such, or null"
    ),
    (
      #"{"cross_attention_dim": [128, 128, 128, 64]}"#,
      "cross_attention_dim is [128, 128, 128, 64], expected the same number for every stage, as one text encoder feeds them all"
    ),
    (
      #"{"cross_attention_dim": [128, 128]}"#,
      "cross_attention_dim is [128, 128], expected a whole number from 1 to 65536, or a list of 4 such"
    ),
    (#"{"mid_block_type": null}"#, "mid_block_type is null, expected \"UNetMidBlock2DCrossAttn\""),
    (#"{"downsample_padding": 0}"#, "downsample_padding is 0, expected 1"),
    (#"{"mid_block_scale_factor": 2}"#, "mid_block_scale_factor is 2, expected 1.0"),
    (#"{"dual_cross_attention": true}"#, "dual_cross_attention is true, expected false, as in SD 1.x and 2.x"),
    (
      #"{"mid_block_only_cross_attention": true}"#,
      "mid_block_only_cross_attention is true, expected false, as in SD 1.x and 2.x"
    ),
    (#"{"only_cross_attention": [true]}"#, "only_cross_attention is [true], expected false, as in SD 1.x and 2.x"),
    (#"{"num_attention_heads": 8}"#, "num_attention_heads is 8, expected null, as in SD 1.x and 2.x"),
    (#"{"class_embed_type": "timestep"}"#, "class_embed_type is \"timestep\", expected null, as in SD 1.x and 2.x"),
  ])
  func unetsThatAreNotComputed(json: String, expected: String) {
    let found = unet(json)
    #expect(found.split(separator: "\n").contains(Substring(expected)), "\(found)")
  }

  /// What diffusers takes as one number or as a list.
  @Test func listsAndNumbers() throws {
    func read(_ json: String) throws -> UNetConfiguration {
      try UNetConfiguration(ConfigFile(json: Array(json.utf8), named: "config.json"))
    }
    #expect(try read(#"{"sample_size": 12}"#).sampleSize == GridSize(height: 12, width: 12))
    #expect(try read(#"{"sample_size": [12, 20]}"#).sampleSize == GridSize(height: 12, width: 20))
    #expect(try read(#"{"sample_size": null}"#).sampleSize == nil)
    #expect(try read(#"{"cross_attention_dim": [128, 128, 128, 128]}"#).crossAttentionDim == 128)
    #expect(try read(#"{"attention_head_dim": [5, 10, 20, 20]}"#).heads == [5, 10, 20, 20])
  }

  /// StableDiffusionPipeline takes 64 where a file of diffusers before 0.9 has less.
  @Test(arguments: [
    (#"{"sample_size": 32, "_diffusers_version": "0.6.0"}"#, 64),
    (#"{"sample_size": 32, "_diffusers_version": "0.8.1"}"#, 64),
    (#"{"sample_size": 96, "_diffusers_version": "0.6.0"}"#, 96),
    (#"{"sample_size": 32, "_diffusers_version": "0.9.0"}"#, 32),
    (#"{"sample_size": 32, "_diffusers_version": "1.0.0"}"#, 32),
    (#"{"sample_size": 32, "_diffusers_version": "new"}"#, 32), (#"{"sample_size": 32}"#, 32),
    (#"{"sample_size": [32, 32], "_diffusers_version": "0.6.0"}"#, 32),
  ])
  func sampleSizesOfEarlyFiles(json: String, side: Int) throws {
    let size = try UNetConfiguration(ConfigFile(json: Array(json.utf8), named: "config.json")).sampleSize
    #expect(size == GridSize(height: side, width: side))
  }

  /// Heads mean something where there is attention alone: the last stage always has some, in the middle.
  @Test(arguments: [
    (["DownBlock2D", "CrossAttnDownBlock2D"], ["CrossAttnUpBlock2D", "UpBlock2D"], "no error"),
    (
      ["CrossAttnDownBlock2D", "DownBlock2D"], ["UpBlock2D", "UpBlock2D"],
      "attention_head_dim is missing, expected a divisor of the 4 channels of stage 0"
    ),
    (
      ["DownBlock2D", "DownBlock2D"], ["UpBlock2D", "CrossAttnUpBlock2D"],
      "attention_head_dim is missing, expected a divisor of the 4 channels of stage 0"
    ),
  ])
  func headsOfStagesWithoutAttention(down: [String], up: [String], expected: String) {
    func list(_ names: [String]) -> String { names.map { "\"\($0)\"" }.joined(separator: ", ") }
    #expect(
      unet(
        """
        {"block_out_channels": [4, 8], "norm_num_groups": 2, "down_block_types": [\(list(down))],
         "up_block_types": [\(list(up))]}
        """) == expected)
  }

  @Test func masksOfTheTextEncoder() throws {
    func read(_ json: String) throws -> Bool {
      try CLIPTextConfiguration(ConfigFile(json: Array(json.utf8), named: "config.json")).usesAttentionMask
    }
    #expect(try read(#"{"use_attention_mask": true}"#))
    #expect(try !read(#"{"use_attention_mask": null}"#) && !read("{}"))
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
    (#"{"vocab_size": 1000, "eos_token_id": 1000}"#, "eos_token_id is 1000, expected a whole number from 0 to 999"),
    (#"{"eos_token_id": -1}"#, "eos_token_id is -1, expected a whole number from 0 to 49407"),
    (#"{"eos_token_id": null}"#, "eos_token_id is null, expected a whole number from 0 to 49407"),
    (#"{"use_attention_mask": 1}"#, "use_attention_mask is 1, expected true or false, or null"),
    (#"{"max_position_embeddings": 2}"#, "max_position_embeddings is 2, expected a whole number from 3 to 4096"),
  ])
  func textEncodersThatAreNotComputed(json: String, expected: String) {
    #expect(text(json) == expected)
  }
}
