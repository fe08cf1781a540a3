import Checkpoints
import Foundation
import Tensors

/// A network that answers for each patch of a square picture, and for the picture: a scene reader's, of whichever kind.
public protocol SceneNetwork: Sendable {
  /// In pixels; pictures are square.
  var imageSize: Int { get }
  /// In pixels.
  var patchSize: Int { get }

  /// - Parameter pictures: of any size.
  /// - Returns: logits of each picture: `patches` row by row from above, `[side * side * answers]`, and `pictures`.
  /// - Throws: `ShapeError`; `EngineError`.
  func callAsFunction(
    _ pictures: [Picture]
  ) throws -> (patches: [ArraySlice<Float>], pictures: [ArraySlice<Float>])
}

extension SceneNetwork {
  /// Patches of a row.
  public var side: Int { imageSize / patchSize }
}

/// Loads the network of a scene reader's folder, of the kind that its `config.json` names as `model_type`.
/// - Parameters:
///   - folder: as of ``PatchReader`` or ``ConvolutionReader``.
///   - patchAnswers: of a patch, beside those of its pixels.
///   - pictureAnswers: of a picture.
/// - Throws: `CheckpointError` listing every problem of the config, or of the weights.
public func sceneNetwork(folder: URL, patchAnswers: Int, pictureAnswers: Int) throws -> any SceneNetwork {
  let config = try ConfigFile(contentsOf: folder.appending(path: "config.json"))
  return config["model_type"] == .string(ConvolutionReaderConfiguration.modelType)
    ? try ConvolutionReader(folder: folder, patchAnswers: patchAnswers, pictureAnswers: pictureAnswers)
    : try PatchReader(folder: folder, patchAnswers: patchAnswers, pictureAnswers: pictureAnswers)
}

extension PicturePreprocessor {
  /// Of a network that takes squares of one size.
  /// - Throws: `CheckpointError` if the folder's settings make others.
  init(folder: URL, family: VisionTransformerConfiguration.Family, square side: Int) throws(CheckpointError) {
    try self.init(folder: folder, family: family)
    guard fixedSize == GridSize(height: side, width: side) else {
      throw CheckpointError(
        .init(
          file: file, field: "size", found: "another",
          expected: "pictures of image_size, \(side) pixels square"))
    }
  }
}
