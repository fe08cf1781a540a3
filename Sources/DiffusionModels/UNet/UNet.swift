import Attention
import Foundation
import Tensors

/// The denoising network of Stable Diffusion: `UNet2DConditionModel` of diffusers, for SD 1.x and 2.x.
///
/// Feature maps are NHWC. Every attention is a site with an index; a probe is asked at each.
public struct UNet: Sendable {
  public let configuration: UNetConfiguration

  private let convIn: Convolution
  private let timeLinear1: Linear
  private let timeLinear2: Linear
  private let downStages: [UNetStage]
  private let middle: UNetStage
  private let upStages: [UNetStage]
  private let normOut: NormParameters
  private let convOut: Convolution

  init(_ configuration: UNetConfiguration, _ loader: ModuleLoader) throws {
    self.configuration = configuration
    let c = configuration
    let channels = c.blockOutChannels
    let time = c.timeChannels
    convIn = try loader.convolution("conv_in", inputs: c.inChannels, outputs: channels[0])
    timeLinear1 = try loader.linear("time_embedding.linear_1", inputs: channels[0], outputs: time)
    timeLinear2 = try loader.linear("time_embedding.linear_2", inputs: time, outputs: time)

    var builder = UNetBuilder(configuration: c, loader: loader)
    downStages = try channels.indices.map { try builder.downStage($0) }
    middle = try builder.middleStage()
    upStages = try channels.indices.map { try builder.upStage($0) }

    normOut = try loader.norm("conv_norm_out", channels: channels[0])
    convOut = try loader.convolution("conv_out", inputs: channels[0], outputs: c.outChannels)
  }

  /// All attentions in the order of the forward pass; see `UNetConfiguration.sites`.
  public func sites(latentHeight: Int, latentWidth: Int, tokens: Int) -> [AttentionSite] {
    configuration.sites(latentHeight: latentHeight, latentWidth: latentWidth, tokens: tokens)
  }

  /// Computes the keys and values that every cross-attention makes of a batch of encoded prompts.
  /// - Parameter embeddings: `[batch, tokens, crossAttentionDim]`.
  /// - Throws: `ShapeError`; `EngineError`.
  public func context(_ embeddings: Tensor) throws -> UNetContext {
    guard embeddings.shape.count == 3, embeddings.shape[2] == configuration.crossAttentionDim else {
      throw ShapeError(
        "UNet context", expected: "[batch, tokens, \(configuration.crossAttentionDim)]", found: embeddings.shape)
    }
    let blocks = (downStages + [middle] + upStages).flatMap(\.transformerBlocks)
    return UNetContext(
      keysAndValues: try blocks.map { try $0.keysAndValues(of: embeddings) }, batch: embeddings.shape[0])
  }

  /// Predicts the noise (or the velocity) in latents.
  /// - Parameters:
  ///   - latents: `[batch, height, width, inChannels]`, scaled as the scheduler wants.
  ///   - timestep: of training, the same for the whole batch.
  ///   - context: of as many prompts.
  ///   - probe: asked at every attention.
  /// - Returns: `[batch, height, width, outChannels]`.
  /// - Throws: `ShapeError`; `EngineError`.
  public func callAsFunction(
    _ latents: Tensor, timestep: Double, context: UNetContext, probe: (any AttentionProbe)? = nil
  ) throws -> Tensor {
    guard latents.shape.count == 4, latents.shape[0] == context.batch else {
      throw ShapeError(
        "UNet", expected: "[\(context.batch), height, width, \(configuration.inChannels)]", found: latents.shape)
    }
    let time = try timeEmbedding(timestep, batch: latents.shape[0])
    var hidden = try convIn(latents)
    var skips = [hidden]
    for stage in downStages {
      hidden = try stage.down(hidden, time: time, context: context, probe: probe, skips: &skips)
    }
    hidden = try middle.middle(hidden, time: time, context: context, probe: probe)
    for stage in upStages {
      hidden = try stage.up(hidden, time: time, context: context, probe: probe, skips: &skips)
    }
    hidden = try hidden.groupNormalized(
      groups: configuration.normGroups, epsilon: Float(configuration.normEpsilon), parameters: normOut, silu: true)
    return try convOut(hidden)
  }

  /// SiLU of the time embedding, `[batch, timeChannels]`: every residual block takes it through SiLU first.
  private func timeEmbedding(_ timestep: Double, batch: Int) throws -> Tensor {
    let sinusoids = try Tensor(
      Self.sinusoids(
        timestep, channels: configuration.blockOutChannels[0], flip: configuration.flipSinToCos,
        shift: configuration.frequencyShift), shape: [1, configuration.blockOutChannels[0]])
    var hidden = try timeLinear1(sinusoids)
    hidden.activate(.silu)
    hidden = try timeLinear2(hidden)
    hidden.activate(.silu)
    return try Tensor.stacked(Array(repeating: hidden, count: batch))
  }

  /// `sin` and `cos` of `timestep * 10000^(-i / (half - shift))`, the sines first unless flipped. float32 steps in the
  /// order of diffusers' `get_timestep_embedding`.
  static func sinusoids(_ timestep: Double, channels: Int, flip: Bool, shift: Double) -> [Float] {
    let half = channels / 2
    let angles = (0..<half).map { i -> Float in
      let exponent = -Float(log(10000.0)) * Float(i) / Float(Double(half) - shift)
      return Float(timestep) * Foundation.exp(exponent)
    }
    let sines = angles.map { Foundation.sin($0) }
    let cosines = angles.map { Foundation.cos($0) }
    return (flip ? cosines + sines : sines + cosines) + Array(repeating: 0, count: channels % 2)
  }
}
