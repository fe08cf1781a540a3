import Attention
import Checkpoints
import DiffusionModels
import Foundation
import Schedulers
import Tensors

/// A loaded Stable Diffusion checkpoint: the networks that a picture goes through, beside what the folder says of itself.
public struct StableDiffusion: Sendable {
  public let description: ModelDescription
  public let textEncoder: CLIPTextEncoder
  public let unet: UNet
  public let vae: VAE
  /// What records of a random UNet are made with.
  public let randomUNets: RandomUNets

  /// Reads the weights of a folder that was described.
  /// - Throws: `CheckpointError` if the files have changed since; `EngineError`.
  public init(_ description: ModelDescription) throws {
    self.description = description
    let stores = description.stores
    textEncoder = try CLIPTextEncoder(description.text, stores.text, reading: .weights)
    vae = try VAE(description.vae, stores.vae, reading: .weights)
    unet = try UNet(description.unet, stores.unet, reading: .weights)
    randomUNets = RandomUNets(description.unet)
  }

  /// Describes and loads a folder.
  /// - Throws: `ModelFolderError` with every problem of the folder; as `init(_:)`.
  public init(folder: ModelFolder) throws { try self.init(ModelDescription(folder)) }

  public var folder: ModelFolder { description.folder }
  public var tokenizer: CLIPTokenizer { description.tokenizer }
  public var schedulerConfiguration: SchedulerConfiguration { description.schedulerConfiguration }
  /// Pixels to a latent cell, along each side.
  public var scale: Int { description.scale }
  /// In pixels.
  public var defaultSize: GridSize { description.defaultSize }

  /// The scheduler that the folder asks for.
  /// - Throws: `SchedulerError` if it is not computed here; see `ModelFolder.defaultScheduler`.
  public var defaultScheduler: SchedulerKind {
    get throws(SchedulerError) { try description.defaultScheduler }
  }

  /// Checks a size in pixels.
  /// - Throws: `SizeError`.
  public func checkSize(height: Int, width: Int) throws(SizeError) {
    try description.checkSize(height: height, width: width)
  }

  /// Start noise for a seed, as diffusers draws it from `torch.Generator("cpu").manual_seed(seed)`.
  /// - Parameters:
  ///   - height: in pixels.
  ///   - width: in pixels.
  /// - Returns: `[1, height / scale, width / scale, channels]`, of variance 1: no scheduler's sigma is in it.
  public func noise(seed: Seed, height: Int, width: Int) throws -> Tensor {
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
