import DiffusionModels
import Tensors

extension StableDiffusion {
  /// About how many bytes a denoising takes at its peak, beside the model itself: a step of the UNet over the whole batch, or
  /// the autoencoder's last stage for one picture, whichever is more.
  ///
  /// Measured for the bundled model and the configuration of SD 1.5 at 32x32 and 64x64 cells: an element of the batch takes 40 to
  /// 50 times what its first feature map takes, and a decoded picture about six of its widest maps. The smaller numbers are
  /// taken, so that nothing is refused that would have gone well.
  /// - Parameters:
  ///   - lanes: elements of the batch: with guidance two a picture.
  ///   - height: in pixels.
  ///   - width: in pixels.
  /// - Returns: at most the largest whole number.
  public func peakBytes(lanes: Int, height: Int, width: Int) -> Int {
    let float = MemoryLayout<Float>.size
    let first = saturatingProduct(height / scale, width / scale, unet.configuration.blockOutChannels.first ?? 1, float)
    let widest = vae.configuration.blockOutChannels.prefix(2).max() ?? 1
    return max(saturatingProduct(first, lanes, 40), saturatingProduct(height, width, widest, float, 6))
  }
}
