import DiffusionModels
import Tensors

/// About how many bytes a model takes, as its configuration tells.
///
/// Measured for the bundled model and the configuration of SD 1.5 at 32x32 and 64x64 cells: an element of the batch takes 40 to
/// 50 times what its first feature map takes, and a decoded picture about six of its widest maps. The smaller numbers are
/// taken, so that nothing is refused that would have gone well.
public struct MemoryEstimate: Codable, Hashable, Sendable {
  /// Of the weights once they are loaded, in float32.
  public let weights: Int
  /// Of the UNet's alone; nil in plans that were written down before it was told.
  private let unetWeights: Int?
  private let scale: Int
  /// Channels of the UNet's first feature map.
  private let firstChannels: Int
  /// Channels of the decoder's widest map.
  private let widestChannels: Int

  package init(weights: Int, unetWeights: Int? = nil, scale: Int, firstChannels: Int, widestChannels: Int) {
    self.weights = weights
    self.unetWeights = unetWeights
    self.scale = scale
    self.firstChannels = firstChannels
    self.widestChannels = widestChannels
  }

  init(_ description: ModelDescription) {
    weights = saturatingProduct(description.components.reduce(0) { $0 + $1.parameters }, MemoryLayout<Float>.size)
    unetWeights = saturatingProduct(
      description.components.filter { $0.name == "unet" }.reduce(0) { $0 + $1.parameters }, MemoryLayout<Float>.size)
    scale = description.scale
    firstChannels = description.unet.blockOutChannels.first ?? 1
    widestChannels = description.vae.blockOutChannels.prefix(2).max() ?? 1
  }

  /// What random UNets of the model's configuration take.
  public func randomUNetBytes(count: Int) -> Int { saturatingProduct(unetWeights ?? weights, count) }

  /// What a denoising takes at its peak, beside the weights: a step of the UNet over the whole batch, or the autoencoder's
  /// last stage for one picture, whichever is more.
  /// - Parameters:
  ///   - lanes: elements of the batch: with guidance two a picture.
  ///   - height: in pixels.
  ///   - width: in pixels.
  /// - Returns: at most the largest whole number.
  public func peakBytes(lanes: Int, height: Int, width: Int) -> Int {
    let float = MemoryLayout<Float>.size
    let first = saturatingProduct(height / max(1, scale), width / max(1, scale), firstChannels, float)
    return max(saturatingProduct(first, lanes, 40), saturatingProduct(height, width, widestChannels, float, 6))
  }
}
