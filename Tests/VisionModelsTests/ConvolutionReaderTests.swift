import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@testable import VisionModels

/// The network of the second scene reader against PyTorch, from PNG to logits.
@Suite struct ConvolutionReaderTests {
  private static let folder = VisionFixtures.folder.appending(path: "tiny-convolution-reader")
  private static let names = [
    "pictures/two-0", "pictures/two-1", "pictures/colour-0", "pictures/animal-0", "vision/200x130", "vision/40x64",
  ]
  private static let patchAnswers = 4 + 5 + 3

  @Test func equalsPyTorch() throws {
    let reader = try sceneNetwork(folder: Self.folder, patchAnswers: Self.patchAnswers, pictureAnswers: 8 + 3)
    #expect(reader is ConvolutionReader)
    #expect(reader.side == 8 && reader.patchSize == 4 && reader.imageSize == 32)
    let found = try reader(Self.names.map { try VisionFixtures.picture($0) })
    let file = try Fixtures.safetensors("vision/convolution_reader")
    expectClose(
      try Tensor(found.patches.flatMap { $0 }, shape: [6, 64, 28]), try file.tensor(named: "patches"), tolerance: 1e-4,
      "patches")
    expectClose(
      try Tensor(found.pictures.flatMap { $0 }, shape: [6, 11]), try file.tensor(named: "pictures"), tolerance: 1e-4,
      "pictures")
  }

  /// A vision transformer's folder is told by its `model_type`.
  @Test func anotherKindIsTheTransformer() throws {
    let reader = try sceneNetwork(
      folder: VisionFixtures.folder.appending(path: "tiny-scene-reader"), patchAnswers: 3 + 5 + 3, pictureAnswers: 8 + 3
    )
    #expect(reader is PatchReader)
  }

  @Test func everyWeightIsNamedThatDoesNotFit() throws {
    #expect {
      try ConvolutionReader(folder: Self.folder, patchAnswers: Self.patchAnswers + 1, pictureAnswers: 12)
    } throws: { error in
      "\(error)".contains("patch_head.weight") && "\(error)".contains("picture_head.bias")
    }
  }

  private static let plain =
    #""model_type": "convolutional_scene_reader", "image_size": 32, "patch_size": 4, "norm_num_groups": 4"#

  @Test(arguments: [
    (#""block_out_channels": [8, 12, 16], "blocks": [1, 0]"#, "blocks is 2 numbers, expected 3, one a level"),
    (
      #""block_out_channels": [8, 10, 16], "blocks": [1, 0, 1]"#,
      "norm_num_groups is 4, expected a divisor of every level's channels, such as 10"
    ),
    (
      #""block_out_channels": [8, 16], "blocks": [1, 0]"#,
      "patch_size is 4, expected 2, as many levels but the last halve to"
    ),
    (
      #""block_out_channels": [8], "blocks": [1], "patch_size": 1"#,
      "block_out_channels is [8], expected 2 to 8 levels"
    ),
    (
      #""block_out_channels": [8, 12, 16]"#,
      "blocks is missing, expected a whole number from 0 to 64, or a list of them"
    ),
  ])
  func aConfigThatIsNotComputed(_ keys: String, _ expected: String) {
    let text =
      keys.contains("patch_size") ? Self.plain.replacingOccurrences(of: #""patch_size": 4, "#, with: "") : Self.plain
    #expect {
      try ConvolutionReaderConfiguration(ConfigFile(json: Array("{\(text), \(keys)}".utf8), named: "config.json"))
    } throws: { error in
      "\(error)".contains("config.json: \(expected)")
    }
  }

  @Test func everyLevelHalvesThePicture() {
    let text = Self.plain.replacingOccurrences(of: "32", with: "36")
    #expect {
      try ConvolutionReaderConfiguration(
        ConfigFile(
          json: Array("{\(text), \"block_out_channels\": [8, 12, 16], \"blocks\": [1, 0, 1]}".utf8),
          named: "config.json"))
    } throws: { error in
      "\(error)" == "config.json: image_size is 36, expected a multiple of 8, as each level halves it"
    }
  }
}
