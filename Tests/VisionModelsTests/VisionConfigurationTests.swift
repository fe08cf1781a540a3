import Checkpoints
import Foundation
import TestSupport
import Testing

@testable import VisionModels

/// What the config files of vision towers may say.
@Suite struct VisionConfigurationTests {
  private func read(_ json: String) throws(CheckpointError) -> VisionTransformerConfiguration {
    try VisionTransformerConfiguration(ConfigFile(json: Array(json.utf8), named: "config.json"))
  }

  @Test func absentKeysHaveTheDefaultsOfTheirClass() throws {
    #expect(try read("{}") == VisionTransformerConfiguration(family: .clip))
    let vit = try read(#"{"model_type": "vit"}"#)
    #expect(vit == VisionTransformerConfiguration(family: .vit))
    #expect(vit.patchSize == 16 && vit.activation == .gelu && vit.normEpsilon == 1e-12)
  }

  @Test(arguments: [
    (#"{"model_type": "dinov2"}"#, #"model_type is "dinov2", expected "clip_vision_model" or "vit""#),
    (#"{"hidden_size": "768"}"#, #"hidden_size is "768", expected a whole number from 1 to 65536"#),
    (#"{"intermediate_size": 0}"#, "intermediate_size is 0, expected a whole number from 1 to 1000000"),
    (#"{"num_hidden_layers": 1025}"#, "num_hidden_layers is 1025, expected a whole number from 1 to 1024"),
    (#"{"num_attention_heads": 7}"#, "num_attention_heads is 7, expected a divisor of hidden_size, 768"),
    (#"{"image_size": [224, 224]}"#, "image_size is [224, 224], expected a whole number from 1 to 4096"),
    (#"{"patch_size": 0}"#, "patch_size is 0, expected a whole number from 1 to 1024"),
    (#"{"patch_size": 15}"#, "patch_size is 15, expected a divisor of image_size, 224"),
    (#"{"layer_norm_eps": -1}"#, "layer_norm_eps is -1, expected a number from 0.0 to 1.0"),
    (#"{"hidden_act": "relu"}"#, #"hidden_act is "relu", expected "quick_gelu" or "gelu""#),
    (#"{"num_channels": 1}"#, "num_channels is 1, expected 3"),
    (#"{"model_type": "vit", "qkv_bias": 1}"#, "qkv_bias is 1, expected true or false"),
  ])
  func towersThatAreNotComputed(json: String, expected: String) {
    #expect {
      try read(json)
    } throws: { error in
      "\(error)" == "config.json: \(expected)"
    }
  }

  @Test func allProblemsTogether() {
    #expect {
      try read(#"{"hidden_size": 10, "num_attention_heads": 3, "image_size": 10, "patch_size": 4}"#)
    } throws: { error in
      "\(error)" == """
        config.json: num_attention_heads is 3, expected a divisor of hidden_size, 10
        config.json: patch_size is 4, expected a divisor of image_size, 10
        """
    }
  }
}
