import Attention
import Tensors

/// One stage of the UNet, down, middle or up: residual blocks, each with a transformer where the stage has attention,
/// and a change of the grid at its end.
struct UNetStage {
  let resnets: [ResnetBlock]
  /// One a residual block, or none; in the middle between the two.
  let transformers: [SpatialTransformer]
  /// Halves the grid, or follows a doubling of it.
  let resample: Convolution?

  var transformerBlocks: [TransformerBlock] { transformers.flatMap(\.blocks) }

  private func edits(_ probe: (any AttentionProbe)?, _ resnet: ResnetBlock) -> [AttentionEdit] {
    probe?.residualEdits(path: resnet.path) ?? []
  }

  /// Every result joins the skips.
  func down(
    _ x: Tensor, time: Tensor, context: UNetContext, probe: (any AttentionProbe)?, skips: inout [Tensor]
  ) throws -> Tensor {
    var hidden = x
    for (index, resnet) in resnets.enumerated() {
      hidden = try resnet(hidden, time: time, edits: edits(probe, resnet))
      if !transformers.isEmpty { hidden = try transformers[index](hidden, context: context, probe: probe) }
      skips.append(hidden)
    }
    if let resample {
      hidden = try resample(hidden)
      skips.append(hidden)
    }
    return hidden
  }

  func middle(
    _ x: Tensor, time: Tensor, context: UNetContext, probe: (any AttentionProbe)?
  ) throws -> Tensor {
    var hidden = try resnets[0](x, time: time, edits: edits(probe, resnets[0]))
    for (transformer, resnet) in zip(transformers, resnets.dropFirst()) {
      hidden = try transformer(hidden, context: context, probe: probe)
      hidden = try resnet(hidden, time: time, edits: edits(probe, resnet))
    }
    return hidden
  }

  /// Every residual block takes a skip; the grid then grows to that of the next skip, which for odd grids is not
  /// twice this one.
  func up(
    _ x: Tensor, time: Tensor, context: UNetContext, probe: (any AttentionProbe)?, skips: inout [Tensor]
  ) throws -> Tensor {
    var hidden = x
    for (index, resnet) in resnets.enumerated() {
      hidden = try resnet(
        hidden.concatenated(with: skips.removeLast()), time: time, edits: edits(probe, resnet))
      if !transformers.isEmpty { hidden = try transformers[index](hidden, context: context, probe: probe) }
    }
    if let resample, let next = skips.last {
      hidden = try resample(hidden.upsampled(height: next.shape[1], width: next.shape[2]))
    }
    return hidden
  }
}

/// Makes the stages in the order of the forward pass and numbers their transformer blocks.
struct UNetBuilder {
  let configuration: UNetConfiguration
  let loader: ModuleLoader
  /// How many transformer blocks were made so far.
  private var blocks = 0

  private var channels: [Int] { configuration.blockOutChannels }

  init(configuration: UNetConfiguration, loader: ModuleLoader) {
    self.configuration = configuration
    self.loader = loader
  }

  mutating func downStage(_ stage: Int) throws -> UNetStage {
    let module = loader["down_blocks.\(stage)"]
    let outputs = channels[stage]
    let count = configuration.layersPerBlock[stage]
    let resnets = try (0..<count).map { index in
      let inputs = index > 0 ? outputs : channels[max(stage - 1, 0)]
      return try resnet(module["resnets.\(index)"], inputs: inputs, outputs: outputs)
    }
    let transformers =
      configuration.downAttention[stage]
      ? try (0..<count).map { try transformer(module["attentions.\($0)"], stage: stage) } : []
    let resample =
      stage < channels.count - 1
      ? try module.convolution(
        "downsamplers.0.conv", inputs: outputs, outputs: outputs, stride: 2,
        padding: (configuration.downsamplePadding, configuration.downsamplePadding)) : nil
    return UNetStage(resnets: resnets, transformers: transformers, resample: resample)
  }

  mutating func middleStage() throws -> UNetStage {
    let module = loader["mid_block"]
    let last = channels.count - 1
    let resnets = try (0..<2).map {
      try resnet(module["resnets.\($0)"], inputs: channels[last], outputs: channels[last])
    }
    let transformers = [try transformer(module["attentions.0"], stage: last)]
    return UNetStage(resnets: resnets, transformers: transformers, resample: nil)
  }

  mutating func upStage(_ stage: Int) throws -> UNetStage {
    let module = loader["up_blocks.\(stage)"]
    let last = channels.count - 1
    let reversed = Array(channels.reversed())
    let outputs = reversed[stage]
    let before = reversed[max(stage - 1, 0)]
    let skipsEnd = reversed[min(stage + 1, last)]
    let count = configuration.layersPerBlock[last - stage] + 1
    let resnets = try (0..<count).map { index in
      let skip = index == count - 1 ? skipsEnd : outputs
      return try resnet(
        module["resnets.\(index)"], inputs: (index == 0 ? before : outputs) + skip, outputs: outputs)
    }
    let transformers =
      configuration.upAttention[stage]
      ? try (0..<count).map { try transformer(module["attentions.\($0)"], stage: last - stage) }
      : []
    let resample =
      stage < last ? try module.convolution("upsamplers.0.conv", inputs: outputs, outputs: outputs) : nil
    return UNetStage(resnets: resnets, transformers: transformers, resample: resample)
  }

  private func resnet(_ module: ModuleLoader, inputs: Int, outputs: Int) throws -> ResnetBlock {
    try ResnetBlock(
      module, inputs: inputs, outputs: outputs, timeChannels: configuration.timeChannels,
      groups: configuration.normGroups, epsilon: Float(configuration.normEpsilon))
  }

  private mutating func transformer(_ module: ModuleLoader, stage: Int) throws -> SpatialTransformer {
    let heads = configuration.heads[stage]
    let blockCount = configuration.transformerLayersPerBlock[stage]
    defer { blocks += blockCount }
    return try SpatialTransformer(
      module, channels: channels[stage], heads: heads, contextChannels: configuration.crossAttentionDim,
      blockCount: blockCount, groups: configuration.normGroups, usesLinear: configuration.usesLinearProjection,
      firstBlock: blocks)
  }
}
