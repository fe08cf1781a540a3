import Checkpoints
import DiffusionModels
import Foundation
import Tensors

/// Tells how far the structure of two pictures differs, whatever their colours: by how alike the places of each are to
/// one another, as the keys of a vision transformer's last layer see them.
/// - Source: Tumanyan et al. 2022, Splicing ViT Features for Semantic Appearance Transfer, eq. 2 and 3.
public struct StructureEncoder: Sendable {
  /// Of DINO's ViT as in the paper, or of a CLIP.
  public let encoder: VisionTransformer
  public let preprocessor: PicturePreprocessor

  /// Loads a folder that `VisionTransformer` takes, with its `preprocessor_config.json`.
  ///
  /// Values of two models do not compare; those that are published are of `facebook/dino-vitb8`, whose layer and size
  /// of 224 pixels its folder says.
  /// - Throws: `CheckpointError` listing every problem of the configs, or of the weights.
  public init(folder: URL) throws {
    encoder = try VisionTransformer(folder: folder)
    preprocessor = try PicturePreprocessor(folder: folder, family: encoder.configuration.family)
  }

  /// The mean over all pairs of places of the squared difference of the pictures' self-similarities: 0 for equal
  /// structure, at most 4.
  ///
  /// Both pictures are brought to the size of the encoder; the class token counts as a place.
  /// - Throws: `ShapeError`, also for pictures that come out in different sizes; `EngineError`.
  public func distance(_ a: Picture, _ b: Picture) throws -> Double {
    let keys = try keys([a, b])
    let (first, second) = (try Self.similarities(keys.slice(0..<1)), try Self.similarities(keys.slice(1..<2)))
    return first.withUnsafeValues { x in
      second.withUnsafeValues { y in
        var sum = 0.0
        for i in x.indices {
          let difference = Double(x[i] - y[i])
          sum += difference * difference
        }
        return sum / Double(x.count)
      }
    }
  }

  /// The cosines between the keys of all places of a picture.
  /// - Returns: `[1 + patches, 1 + patches]`, the class token first; symmetric, ones on the diagonal.
  /// - Throws: `ShapeError`; `EngineError`.
  public func selfSimilarity(_ picture: Picture) throws -> Tensor {
    try Self.similarities(keys([picture]))
  }

  /// Keys of the last layer, all heads side by side: `[pictures, 1 + patches, hiddenSize]`.
  private func keys(_ pictures: [Picture]) throws -> Tensor {
    try encoder.keys(preprocessor(pictures), layer: encoder.configuration.layers - 1)
  }

  /// - Parameter keys: of one picture, `[1, places, size]`.
  private static func similarities(_ keys: Tensor) throws -> Tensor {
    let keys = try keys.reshaped([keys.shape[1], keys.shape[2]]).withRowsOfLengthOne()
    return try Linear("self-similarity", weight: keys, bias: nil)(keys)
  }
}
