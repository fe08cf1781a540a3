import Attention
import Tensors

/// Self-attention, cross-attention and a GEGLU feed-forward layer, each around a residual connection, with layer norm
/// before it. `BasicTransformerBlock` of diffusers.
struct TransformerBlock {
  /// Its place among all transformer blocks of the forward pass, from 0.
  let index: Int

  private let norm1, norm2, norm3: NormParameters
  private let selfProjection: Linear
  private let selfOutput: Linear
  private let crossQuery: Linear
  private let crossKeyValue: Linear
  private let crossOutput: Linear
  private let feedForwardInput: Linear
  private let feedForwardOutput: Linear
  private let attention: AttentionKernel
  private let channels: Int

  private static let epsilon: Float = 1e-5

  init(
    _ loader: ModuleLoader, channels: Int, heads: Int, contextChannels: Int, index: Int
  ) throws {
    self.index = index
    self.channels = channels
    attention = AttentionKernel(heads: heads, headDim: channels / heads)
    norm1 = try loader.norm("norm1", channels: channels)
    norm2 = try loader.norm("norm2", channels: channels)
    norm3 = try loader.norm("norm3", channels: channels)
    let attn1 = loader["attn1"]
    let attn2 = loader["attn2"]
    selfProjection = try attn1.fusedLinear(["to_q", "to_k", "to_v"], inputs: channels, outputs: channels, bias: false)
    selfOutput = try attn1.linear("to_out.0", inputs: channels, outputs: channels)
    crossQuery = try attn2.linear("to_q", inputs: channels, outputs: channels, bias: false)
    crossKeyValue = try attn2.fusedLinear(["to_k", "to_v"], inputs: contextChannels, outputs: channels, bias: false)
    crossOutput = try attn2.linear("to_out.0", inputs: channels, outputs: channels)
    feedForwardInput = try loader.linear("ff.net.0.proj", inputs: channels, outputs: 8 * channels)
    feedForwardOutput = try loader.linear("ff.net.2", inputs: 4 * channels, outputs: channels)
  }

  /// Keys and values of the text, side by side: `[batch, tokens, 2 * channels]`. They stay the same for all steps.
  func keysAndValues(of context: Tensor) throws -> Tensor {
    try crossKeyValue(context)
  }

  /// - Parameters:
  ///   - x: `[batch, queries, channels]`, updated in place.
  ///   - keysAndValues: of the text.
  ///   - grid: the queries as rows and columns.
  ///   - probe: asked at both sites, whose indices follow `UNetConfiguration.sites`.
  func apply(
    to x: inout Tensor, keysAndValues: Tensor, grid: (height: Int, width: Int), probe: (any AttentionProbe)?
  ) throws {
    let own = try selfProjection(try x.layerNormalized(epsilon: Self.epsilon, parameters: norm1))
    try attend(
      2 * index, probe, query: AttentionOperand(own), key: AttentionOperand(own, column: channels),
      value: AttentionOperand(own, column: 2 * channels), grid: grid, projection: selfOutput, addingTo: &x)

    let query = try crossQuery(try x.layerNormalized(epsilon: Self.epsilon, parameters: norm2))
    try attend(
      2 * index + 1, probe, query: AttentionOperand(query), key: AttentionOperand(keysAndValues),
      value: AttentionOperand(keysAndValues, column: channels), grid: grid, projection: crossOutput, addingTo: &x)

    let gated = try feedForwardInput(try x.layerNormalized(epsilon: Self.epsilon, parameters: norm3)).geglu()
    try feedForwardOutput.add(gated, to: &x)
  }

  /// One attention with what its probe asks, its projection added to `x`.
  private func attend(
    _ site: Int, _ probe: (any AttentionProbe)?, query: AttentionOperand, key: AttentionOperand,
    value: AttentionOperand, grid: (height: Int, width: Int), projection: Linear, addingTo x: inout Tensor
  ) throws {
    let request = probe?.request(site: site) ?? AttentionRequest()
    let edits = Dictionary(grouping: request.edits, by: \.place)
    func edited(_ operand: AttentionOperand, _ place: AttentionEdit.Place) -> AttentionOperand {
      let matrix = operand.matrix.edited(
        edits[place] ?? [], column: operand.column, heads: attention.heads, headDim: attention.headDim, grid: grid)
      return AttentionOperand(matrix, column: operand.column)
    }
    let (query, key, value) = (edited(query, .queries), edited(key, .keys), edited(value, .values))
    let result = try attention(
      query: query, key: key, value: value, fills: request.fills, edits: request.edits.filter(\.place.isMap),
      grid: grid,
      observations: request.observations)
    let changes = edits[.output] ?? []
    let isOutputWanted = !changes.isEmpty || request.vectors.contains { $0.place == .output }
    let output =
      isOutputWanted
      ? try projection(result.output).edited(changes, column: 0, heads: 1, headDim: channels, grid: grid) : nil
    let observed =
      try result.observed
      + request.vectors.map { try vectors($0, query: query, key: key, value: value, output: output) }
    if !observed.isEmpty { probe?.receive(site: site, observed: observed) }
    // An output that is recorded and not changed is added as without the record: recording leaves the bits.
    guard let output, !changes.isEmpty else { return try projection.add(result.output, to: &x) }
    try x.add(output)
  }

  private func vectors(
    _ observation: VectorObservation, query: AttentionOperand, key: AttentionOperand, value: AttentionOperand,
    output: Tensor?
  ) throws -> Tensor {
    if let output, observation.place == .output {
      return try AttentionOperand(output).observed(observation, heads: 1, headDim: channels)
    }
    let operand = observation.place == .queries ? query : observation.place == .keys ? key : value
    return try operand.observed(observation, heads: attention.heads, headDim: attention.headDim)
  }
}

/// Transformer blocks over the cells of a feature map, between two projections, around a residual connection.
/// `Transformer2DModel` of diffusers.
struct SpatialTransformer {
  let blocks: [TransformerBlock]
  private let norm: NormParameters
  private let projectionIn: Linear
  private let projectionOut: Linear
  private let groups: Int

  /// - Parameters:
  ///   - usesLinear: whether the projections are stored as linear layers (SD 2.x) or as 1x1 convolutions (SD 1.x).
  ///   - firstBlock: the index of its first block among all.
  init(
    _ loader: ModuleLoader, channels: Int, heads: Int, contextChannels: Int, blockCount: Int, groups: Int,
    usesLinear: Bool, firstBlock: Int
  ) throws {
    norm = try loader.norm("norm", channels: channels)
    let project =
      usesLinear
      ? { try loader.linear($0, inputs: channels, outputs: channels) }
      : { try loader.pointwise($0, inputs: channels, outputs: channels) }
    projectionIn = try project("proj_in")
    projectionOut = try project("proj_out")
    blocks = try (0..<blockCount).map { index in
      try TransformerBlock(
        loader["transformer_blocks.\(index)"], channels: channels, heads: heads, contextChannels: contextChannels,
        index: firstBlock + index)
    }
    self.groups = groups
  }

  /// - Parameter x: `[batch, height, width, channels]`.
  /// - Returns: the same shape.
  func callAsFunction(_ x: Tensor, context: UNetContext, probe: (any AttentionProbe)?) throws -> Tensor {
    let cells = try x.reshaped([x.shape[0], x.shape[1] * x.shape[2], x.shape[3]])
    var hidden = try projectionIn(try cells.groupNormalized(groups: groups, epsilon: 1e-6, parameters: norm))
    for block in blocks {
      try block.apply(
        to: &hidden, keysAndValues: context.keysAndValues[block.index],
        grid: (height: x.shape[1], width: x.shape[2]), probe: probe)
    }
    var output = cells
    try projectionOut.add(hidden, to: &output)
    return try output.reshaped(x.shape)
  }
}

/// A batch of encoded prompts, with the keys and values that each cross-attention makes of it.
public struct UNetContext: Sendable {
  /// One a transformer block, in forward order: `[batch, tokens, 2 * channels]`.
  let keysAndValues: [Tensor]
  /// The number of prompts.
  public let batch: Int
}
