import Attention
import Tensors

/// Two convolutions with group norm and SiLU before each, around a residual connection; the time embedding is added
/// between them. `ResnetBlock2D` of diffusers.
package struct ResnetBlock: Sendable {
  /// Its module in diffusers, as `up_blocks.1.resnets.1`.
  let path: String

  private let norm1: NormParameters
  private let conv1: Convolution
  private let timeProjection: Linear?
  private let norm2: NormParameters
  private let conv2: Convolution
  private let shortcut: Linear?
  private let groups: Int
  private let epsilon: Float

  /// - Parameter timeChannels: of the time embedding; nil in a VAE, which has none.
  package init(
    _ loader: ModuleLoader, inputs: Int, outputs: Int, timeChannels: Int?, groups: Int, epsilon: Float
  ) throws {
    path = loader.path
    norm1 = try loader.norm("norm1", channels: inputs)
    conv1 = try loader.convolution("conv1", inputs: inputs, outputs: outputs)
    timeProjection = try timeChannels.map { try loader.linear("time_emb_proj", inputs: $0, outputs: outputs) }
    norm2 = try loader.norm("norm2", channels: outputs)
    conv2 = try loader.convolution("conv2", inputs: outputs, outputs: outputs)
    shortcut = inputs == outputs ? nil : try loader.pointwise("conv_shortcut", inputs: inputs, outputs: outputs)
    self.groups = groups
    self.epsilon = epsilon
  }

  /// - Parameters:
  ///   - x: `[batch, height, width, inputs]`.
  ///   - time: SiLU of the time embedding, `[batch, timeChannels]`.
  ///   - edits: of the residual feature, which is what the block adds to its input.
  /// - Returns: `[batch, height, width, outputs]`.
  package func callAsFunction(_ x: Tensor, time: Tensor? = nil, edits: [AttentionEdit] = []) throws -> Tensor {
    var hidden = try x.groupNormalized(groups: groups, epsilon: epsilon, parameters: norm1, silu: true)
    hidden = try conv1(hidden)
    if let timeProjection, let time { try hidden.addToChannels(timeProjection(time)) }
    hidden = try hidden.groupNormalized(groups: groups, epsilon: epsilon, parameters: norm2, silu: true)
    var output = try shortcut.map { try $0(x) } ?? x
    guard !edits.isEmpty else {
      try conv2.add(hidden, to: &output)
      return output
    }
    let feature = try conv2(hidden)
    let (height, width, channels) = (feature.shape[1], feature.shape[2], feature.shape[3])
    let changed = try feature.reshaped([feature.shape[0], height * width, channels]).edited(
      edits, column: 0, heads: 1, headDim: channels, grid: (height, width))
    try output.add(changed.reshaped(feature.shape))
    return output
  }
}
