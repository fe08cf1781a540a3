import Attention
import Tensors

/// One half of the autoencoder: stages of residual blocks that shrink or grow the picture, and a middle with attention
/// on the latents' side. `Encoder` and `Decoder` of diffusers.
struct VAECoder {
  private struct Stage {
    let resnets: [ResnetBlock]
    let resample: Convolution?
  }

  private let grows: Bool
  private let convIn: Convolution
  private let stages: [Stage]
  private let middle: VAEMiddle
  private let normOut: NormParameters
  private let convOut: Convolution
  private let groups: Int

  static let epsilon: Float = 1e-6

  init(encoder c: VAEConfiguration, _ loader: ModuleLoader) throws {
    grows = false
    let channels = c.blockOutChannels
    let last = channels[channels.count - 1]
    convIn = try loader.convolution("conv_in", inputs: c.inChannels, outputs: channels[0])
    stages = try channels.indices.map { stage in
      let module = loader["down_blocks.\(stage)"]
      return Stage(
        resnets: try Self.resnets(
          module, inputs: channels[max(stage - 1, 0)], outputs: channels[stage], count: c.layersPerBlock, c.normGroups),
        // The encoder pads below and to the right alone.
        resample: stage == channels.count - 1
          ? nil
          : try module.convolution(
            "downsamplers.0.conv", inputs: channels[stage], outputs: channels[stage], stride: 2, padding: (0, 1)))
    }
    middle = try VAEMiddle(loader["mid_block"], channels: last, configuration: c)
    normOut = try loader.norm("conv_norm_out", channels: last)
    convOut = try loader.convolution("conv_out", inputs: last, outputs: 2 * c.latentChannels)
    groups = c.normGroups
  }

  init(decoder c: VAEConfiguration, _ loader: ModuleLoader) throws {
    grows = true
    let channels = Array(c.blockOutChannels.reversed())
    let last = channels[channels.count - 1]
    convIn = try loader.convolution("conv_in", inputs: c.latentChannels, outputs: channels[0])
    middle = try VAEMiddle(loader["mid_block"], channels: channels[0], configuration: c)
    stages = try channels.indices.map { stage in
      let module = loader["up_blocks.\(stage)"]
      return Stage(
        resnets: try Self.resnets(
          module, inputs: channels[max(stage - 1, 0)], outputs: channels[stage], count: c.layersPerBlock + 1,
          c.normGroups),
        resample: stage == channels.count - 1
          ? nil : try module.convolution("upsamplers.0.conv", inputs: channels[stage], outputs: channels[stage]))
    }
    normOut = try loader.norm("conv_norm_out", channels: last)
    convOut = try loader.convolution("conv_out", inputs: last, outputs: c.outChannels)
    groups = c.normGroups
  }

  private static func resnets(
    _ module: ModuleLoader, inputs: Int, outputs: Int, count: Int, _ groups: Int
  ) throws -> [ResnetBlock] {
    try (0..<count).map { index in
      try ResnetBlock(
        module["resnets.\(index)"], inputs: index == 0 ? inputs : outputs, outputs: outputs, timeChannels: nil,
        groups: groups, epsilon: epsilon)
    }
  }

  func callAsFunction(_ x: Tensor) throws -> Tensor {
    var hidden = try convIn(x)
    if grows { hidden = try middle(hidden) }
    for stage in stages {
      for resnet in stage.resnets { hidden = try resnet(hidden) }
      guard let resample = stage.resample else { continue }
      if grows { hidden = try hidden.upsampled(height: 2 * hidden.shape[1], width: 2 * hidden.shape[2]) }
      hidden = try resample(hidden)
    }
    if !grows { hidden = try middle(hidden) }
    hidden = try hidden.groupNormalized(groups: groups, epsilon: Self.epsilon, parameters: normOut, silu: true)
    return try convOut(hidden)
  }
}

/// Two residual blocks with attention over all cells, of one head, between them.
struct VAEMiddle {
  private let resnets: [ResnetBlock]
  private let attention: (norm: NormParameters, projection: Linear, output: Linear)?
  private let channels: Int
  private let groups: Int

  init(_ loader: ModuleLoader, channels: Int, configuration c: VAEConfiguration) throws {
    self.channels = channels
    groups = c.normGroups
    resnets = try (0..<2).map {
      try ResnetBlock(
        loader["resnets.\($0)"], inputs: channels, outputs: channels, timeChannels: nil, groups: c.normGroups,
        epsilon: VAECoder.epsilon)
    }
    let module = loader["attentions.0"]
    attention =
      c.midBlockAttention
      ? (
        try module.norm("group_norm", channels: channels),
        try module.fusedLinear(["to_q", "to_k", "to_v"], inputs: channels, outputs: channels, bias: true),
        try module.linear("to_out.0", inputs: channels, outputs: channels)
      ) : nil
  }

  func callAsFunction(_ x: Tensor) throws -> Tensor {
    var hidden = try resnets[0](x)
    if let attention {
      var cells = try hidden.reshaped([hidden.shape[0], hidden.shape[1] * hidden.shape[2], channels])
      let own = try attention.projection(
        try cells.groupNormalized(groups: groups, epsilon: VAECoder.epsilon, parameters: attention.norm))
      let looked = try AttentionKernel(heads: 1, headDim: channels)(
        query: AttentionOperand(own), key: AttentionOperand(own, column: channels),
        value: AttentionOperand(own, column: 2 * channels)
      ).output
      try attention.output.add(looked, to: &cells)
      hidden = try cells.reshaped(hidden.shape)
    }
    return try resnets[1](hidden)
  }
}
