import Attention
import Checkpoints
import DiffusionModels
import Foundation
import Schedulers
import Tensors

/// A loaded Stable Diffusion checkpoint: the components that a picture goes through.
public struct StableDiffusion: Sendable {
  public let folder: ModelFolder
  public let tokenizer: CLIPTokenizer
  public let textEncoder: CLIPTextEncoder
  public let unet: UNet
  public let vae: VAE
  public let schedulerConfiguration: SchedulerConfiguration

  /// Loads a folder.
  /// - Throws: `CheckpointError` or `SchedulerError`: every problem of the component that is wrong, or what does not
  ///   fit between components.
  public init(folder: ModelFolder) throws {
    self.folder = folder
    // The small files first: a folder of mixed models should fail before gigabytes are read.
    schedulerConfiguration = try folder.schedulerConfiguration()
    let shapes = try Shapes(folder)
    try shapes.check()
    tokenizer = shapes.tokenizer
    textEncoder = try CLIPTextEncoder(folder: folder.component("text_encoder"))
    vae = try VAE(folder: folder.component("vae"))
    unet = try UNet(folder: folder.component("unet"))
  }

  /// Pixels to a latent cell, along each side.
  public var scale: Int { vae.configuration.scale }

  /// Height and width in pixels that the model was trained for: `sample_size` of the UNet is in cells; 64 x 64 cells where
  /// the file does not say.
  public var defaultSize: GridSize {
    let cells = unet.configuration.sampleSize ?? UNetConfiguration.commonSampleSize
    return GridSize(height: cells.height * scale, width: cells.width * scale)
  }

  /// The scheduler that the folder asks for.
  /// - Throws: `SchedulerError` if it is not computed here; see `ModelFolder.defaultScheduler`.
  public var defaultScheduler: SchedulerKind {
    get throws(SchedulerError) { try folder.defaultScheduler(schedulerConfiguration) }
  }

  /// Checks a size in pixels.
  /// - Throws: `SelectionError` unless both sides are positive multiples of `scale`, at most 8192.
  public func checkSize(height: Int, width: Int) throws(SelectionError) {
    for (name, value) in [("height", height), ("width", width)]
    where value <= 0 || value % scale != 0 || value > 8192 {
      let near = max(scale, (min(value, 8192) + scale / 2) / scale * scale)
      throw SelectionError(
        "\(name): \(value) is not a multiple of \(scale) pixels from \(scale) to 8192; the nearest is \(near)")
    }
  }

  /// Start noise for a seed, as diffusers draws it from `torch.Generator("cpu").manual_seed(seed)`.
  /// - Parameters:
  ///   - height: in pixels.
  ///   - width: in pixels.
  /// - Returns: `[1, height / scale, width / scale, channels]`, of variance 1: no scheduler's sigma is in it.
  public func noise(seed: UInt64, height: Int, width: Int) throws -> Tensor {
    var generator = TorchGenerator(seed: seed)
    return try generator.randn([1, unet.configuration.inChannels, height / scale, width / scale]).channelsLast()
  }

  /// The picture that latents stand for, rounded to 8 bits as diffusers does.
  /// - Parameter latents: `[1, height, width, channels]`, in diffusers' scale.
  /// - Throws: `BrokenPicture` if a pixel is no number; `ShapeError`; `EngineError`.
  public func picture(_ latents: Tensor) throws -> Picture {
    let decoded = try vae.decode(latents)
    let broken = decoded.withUnsafeValues { values in values.count(where: \.isNaN) }
    guard broken == 0 else { throw BrokenPicture(count: broken, size: decoded.count) }
    let pixels = decoded.withUnsafeValues { values in
      values.map { value in UInt8((min(max(value / 2 + 0.5, 0), 1) * 255).rounded(.toNearestOrEven)) }
    }
    return try Picture(width: decoded.shape[2], height: decoded.shape[1], pixels: pixels)
  }
}

/// Latents whose picture cannot be drawn: they are finite, but too large for the decoder.
public struct BrokenPicture: Error, Hashable, Sendable, CustomStringConvertible {
  let count: Int
  let size: Int

  public var description: String {
    "the decoded picture is not a number at \(count) of \(size) values: its latents are finite, but too large for the "
      + "autoencoder; the model's weights overflow, or an intervention broke it"
  }
}
