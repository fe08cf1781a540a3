import Checkpoints
import DiffusionModels
import Foundation
import Tensors

/// A vision transformer with linear answers: for each patch some, one for each of its pixels, and for the picture some.
public struct PatchReader: SceneNetwork {
  public var imageSize: Int { vision.configuration.imageSize }
  public var patchSize: Int { vision.configuration.patchSize }

  private let vision: VisionTransformer
  private let preprocessor: PicturePreprocessor
  private let patchNorm: NormParameters
  private let patchHead: Linear
  private let pictureHead: Linear

  /// - Parameters:
  ///   - folder: `config.json` with the keys of transformers' `CLIPVisionConfig`, `preprocessor_config.json`, and
  ///     `model.safetensors` with a `vision_model`, `patch_norm`, `patch_head` and `picture_head`.
  ///   - patchAnswers: of a patch, beside those of its pixels.
  ///   - pictureAnswers: of a picture.
  /// - Throws: `CheckpointError` listing every problem of the config, or of the weights.
  public init(folder: URL, patchAnswers: Int, pictureAnswers: Int) throws {
    let configuration = try VisionTransformerConfiguration(
      ConfigFile(contentsOf: folder.appending(path: "config.json")))
    preprocessor = try PicturePreprocessor(
      folder: folder, family: configuration.family, square: configuration.imageSize)
    let weights = try WeightLoader(WeightStore(folder: folder))
    let loader = ModuleLoader(weights)
    let width = configuration.hiddenSize
    vision = try VisionTransformer(configuration, loader["vision_model"])
    patchNorm = try loader.norm("patch_norm", channels: width)
    patchHead = try loader.linear(
      "patch_head", inputs: width, outputs: patchAnswers + configuration.patchSize * configuration.patchSize)
    pictureHead = try loader.linear("picture_head", inputs: width, outputs: pictureAnswers)
    try weights.finish()
  }

  public func callAsFunction(
    _ pictures: [Picture]
  ) throws -> (patches: [ArraySlice<Float>], pictures: [ArraySlice<Float>]) {
    let seen = try vision(preprocessor(pictures))
    let tokens = side * side + 1
    let normed = try seen.states.layerNormalized(epsilon: Self.epsilon, parameters: patchNorm)
    let patches = try patchHead(normed).values
    let whole = try pictureHead(seen.pooled).values
    let (row, answers) = (patchHead.outputs, pictureHead.outputs)
    return (
      // The first token is the class token.
      pictures.indices.map { patches[(($0 * tokens + 1) * row)..<(($0 + 1) * tokens * row)] },
      pictures.indices.map { whole[($0 * answers)..<(($0 + 1) * answers)] }
    )
  }

  /// torch's `LayerNorm`.
  private static let epsilon: Float = 1e-5
}
