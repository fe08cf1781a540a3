import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@testable import VisionModels

/// Preprocessing against transformers' processors that resize with Pillow, bit for bit.
@Suite struct PicturePreprocessorTests {
  private static let configuration = Result {
    try ConfigFile(contentsOf: VisionFixtures.folder.appending(path: "preprocessing.json"))
  }

  @Test func equalsTransformers() throws {
    let values = try Fixtures.safetensors("vision/preprocessing")
    let settings = try Self.configuration.get()
    for name in values.names {
      let parts = name.split(separator: ".").map(String.init)
      var file = settings
      // The files say whose they are; the family is of no account.
      let section = file.section(parts[0])
      let preprocessor = try PicturePreprocessor(#require(section), family: .clip)
      let found = try preprocessor([VisionFixtures.picture(parts[1])])
      let expected = try values.tensor(named: name)
      #expect(found.shape == [1] + expected.shape, "\(name)")
      expectClose(try found.reshaped(expected.shape), expected, tolerance: 0, name)
    }
    #expect(values.names.count == 33)
  }

  private func read(
    _ json: String, _ family: VisionTransformerConfiguration.Family = .clip
  ) throws(CheckpointError) -> PicturePreprocessor {
    try PicturePreprocessor(ConfigFile(json: Array(json.utf8), named: "preprocessor_config.json"), family: family)
  }

  @Test func absentKeysHaveTheDefaultsOfTheirClass() throws {
    for family in VisionTransformerConfiguration.Family.allCases {
      #expect(try read("{}", family) == PicturePreprocessor(family: family))
    }
    #expect(try read(#"{"image_processor_type": "ViTImageProcessorFast"}"#) == PicturePreprocessor(family: .vit))
    let bare = try read(#"{"do_resize": false, "do_center_crop": null, "do_rescale": false, "do_normalize": null}"#)
    #expect(bare.size == nil && bare.crop == nil && bare.rescaleFactor == nil && bare.normalization == nil)
    #expect(bare.fixedSize == nil)
    #expect(try read(#"{"size": 32, "default_to_square": true}"#).size == .exact(height: 32, width: 32))
    #expect(try read(#"{"image_mean": 0.25}"#).normalization?.mean == [0.25, 0.25, 0.25])
  }

  @Test(arguments: [
    (
      #"{"image_processor_type": "BlipImageProcessor"}"#,
      #"image_processor_type is "BlipImageProcessor", expected "CLIPImageProcessor", "ViTImageProcessor", "#
        + #""CLIPImageProcessorFast", "CLIPImageProcessorPil", "ViTImageProcessorFast" or "ViTImageProcessorPil", "#
        + "or null"
    ),
    (
      #"{"feature_extractor_type": 1}"#,
      #"feature_extractor_type is 1, expected "CLIPFeatureExtractor" or "ViTFeatureExtractor", or null"#
    ),
    (#"{"resample": 1}"#, "resample is 1, expected 2, bilinear, or 3, bicubic"),
    (#"{"resample": "bicubic"}"#, #"resample is "bicubic", expected a whole number"#),
    (#"{"do_resize": 1}"#, "do_resize is 1, expected true or false, or null"),
    (#"{"size": 0}"#, "size is 0, expected a whole number from 1 to 4096, or null"),
    (#"{"size": null}"#, "size is null, expected a size, or do_resize false"),
    (#"{"size": {}}"#, "size is {}, expected height and width, or shortest_edge alone"),
    (
      #"{"size": {"longest_edge": 3}}"#, "size is longest_edge, expected height and width, or shortest_edge alone"
    ),
    (
      #"{"size": {"shortest_edge": 3, "longest_edge": 9}}"#,
      "size is shortest_edge, longest_edge, expected height and width, or shortest_edge alone"
    ),
    (
      #"{"size": {"shortest_edge": 4097}}"#, "size.shortest_edge is 4097, expected a whole number from 1 to 4096"
    ),
    (
      #"{"size": {"height": 3, "width": true}}"#, "size.width is true, expected a whole number from 1 to 4096"
    ),
    (#"{"crop_size": "a"}"#, #"crop_size is "a", expected a whole number from 1 to 4096, or null"#),
    (#"{"crop_size": null}"#, "crop_size is null, expected a size, or do_center_crop false"),
    (#"{"crop_size": {"shortest_edge": 5}}"#, "crop_size is shortest_edge, expected height and width"),
    (
      #"{"crop_size": {"height": -1, "width": 3}}"#,
      "crop_size.height is -1, expected a whole number from 1 to 4096"
    ),
    (
      #"{"image_processor_type": "ViTImageProcessor", "do_center_crop": true}"#,
      "crop_size is missing, expected a size, or do_center_crop false"
    ),
    (#"{"rescale_factor": 0}"#, "rescale_factor is 0, expected a number from 1e-09 to 1000000000.0"),
    (
      #"{"image_mean": [0.5, 0.5]}"#,
      "image_mean is [0.5, 0.5], expected a number from -1000000000.0 to 1000000000.0, or a list of 3 such, or null"
    ),
    (
      #"{"image_std": [0.5, 0, 0.5]}"#,
      "image_std is [0.5, 0, 0.5], expected a number from 1e-09 to 1000000000.0, or a list of 3 such, or null"
    ),
    (#"{"do_pad": true}"#, "do_pad is true, expected false, as in CLIP and ViT"),
  ])
  func whatIsNotComputed(json: String, expected: String) {
    #expect {
      try read(json)
    } throws: { error in
      let lines: [Substring] = "\(error)".split(separator: "\n")
      return lines.first.map(String.init) == "preprocessor_config.json: " + expected
    }
  }

  @Test func picturesThatDoNotFit() throws {
    let uneven = try read(#"{"do_center_crop": false, "size": 8}"#)
    let (wide, square) = (try VisionFixtures.picture("vision/200x130"), try VisionFixtures.picture("pictures/two-0"))
    #expect(try uneven([wide]).shape == [1, 8, 12, 3])
    #expect(throws: ShapeError.self) { try uneven([wide, square]) }
    #expect(throws: ShapeError.self) { try uneven([]) }
    let line = try Picture(width: 200_000, height: 1, pixels: Array(repeating: 0, count: 600_000))
    #expect {
      try PicturePreprocessor()([line])
    } throws: { error in
      "\(error)" == "preprocessing: expected a picture that is resized to at most 67108864 pixels, "
        + "found 200000 x 1, resized to 44800000 x 224"
    }
  }
}
