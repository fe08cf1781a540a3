import Tensors

/// The shape of a KL autoencoder, as `vae/config.json` states it; missing keys take the defaults of diffusers'
/// `AutoencoderKL`.
public struct VAEConfiguration: Hashable, Sendable {
  public var inChannels = 3
  public var outChannels = 3
  public var latentChannels = 4
  /// Channels of each stage, from the picture's side.
  public var blockOutChannels = [64]
  /// Residual blocks of each stage of the encoder; the decoder has one more.
  public var layersPerBlock = 1
  public var normGroups = 32
  /// What the latents are multiplied by after encoding and divided by before decoding.
  public var scalingFactor = 0.18215
  public var usesQuantConvolution = true
  public var usesPostQuantConvolution = true
  public var midBlockAttention = true

  public init() {}

  /// Pixels to a latent cell, along each side.
  public var scale: Int { 1 << (blockOutChannels.count - 1) }
}

/// The autoencoder between pictures and latents: `AutoencoderKL` of diffusers.
public struct VAE: Sendable {
  public let configuration: VAEConfiguration

  private let encoder: VAECoder
  private let decoder: VAECoder
  private let quantConvolution: Linear?
  private let postQuantConvolution: Linear?

  init(_ configuration: VAEConfiguration, _ loader: ModuleLoader) throws {
    self.configuration = configuration
    let latent = configuration.latentChannels
    encoder = try VAECoder(encoder: configuration, loader["encoder"])
    decoder = try VAECoder(decoder: configuration, loader["decoder"])
    quantConvolution =
      configuration.usesQuantConvolution
      ? try loader.pointwise("quant_conv", inputs: 2 * latent, outputs: 2 * latent) : nil
    postQuantConvolution =
      configuration.usesPostQuantConvolution
      ? try loader.pointwise("post_quant_conv", inputs: latent, outputs: latent) : nil
  }

  /// Latents to pictures.
  /// - Parameter latents: `[batch, height, width, latentChannels]`, multiplied by the scaling factor as the
  ///   denoising loop keeps them.
  /// - Returns: `[batch, scale * height, scale * width, outChannels]`, about -1...1, not clamped.
  /// - Throws: `ShapeError`; `EngineError`.
  public func decode(_ latents: Tensor) throws -> Tensor {
    var unscaled = latents
    let factor = Float(configuration.scalingFactor)
    unscaled.withUnsafeMutableValues { values in
      for i in values.indices { values[i] /= factor }
    }
    return try decoder(postQuantConvolution.map { try $0(unscaled) } ?? unscaled)
  }

  /// Pictures to the posterior of their latents.
  /// - Parameter pictures: `[batch, height, width, inChannels]` in -1...1, both sides multiples of `scale`.
  /// - Returns: mean and logarithm of the variance (clamped to -30...20), each
  ///   `[batch, height / scale, width / scale, latentChannels]`, before the scaling factor.
  /// - Throws: `ShapeError`; `EngineError`.
  public func encode(_ pictures: Tensor) throws -> (mean: Tensor, logVariance: Tensor) {
    let hidden = try encoder(pictures)
    let moments = try quantConvolution.map { try $0(hidden) } ?? hidden
    let channels = configuration.latentChannels
    let shape = Array(moments.shape.dropLast()) + [channels]
    var (mean, logVariance) = (Tensor(uninitialized: shape), Tensor(uninitialized: shape))
    moments.withUnsafeValues { values in
      mean.withUnsafeMutableValues { m in
        logVariance.withUnsafeMutableValues { v in
          for i in m.indices {
            let at = i / channels * 2 * channels + i % channels
            m[i] = values[at]
            v[i] = min(max(values[at + channels], -30), 20)
          }
        }
      }
    }
    return (mean, logVariance)
  }
}
