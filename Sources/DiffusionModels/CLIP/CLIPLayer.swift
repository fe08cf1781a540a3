import Attention
import Tensors

/// Self-attention and a two-layer perceptron, each around a residual connection with layer norm before it:
/// `CLIPEncoderLayer` of transformers, for text and for pictures, and its `ViTLayer`, which differs in names.
package struct CLIPLayer {
  private let norm1, norm2: NormParameters
  private let projection: Linear
  private let output: Linear
  private let perceptronIn: Linear
  private let perceptronOut: Linear
  private let attention: AttentionKernel
  private let activation: Activation
  private let epsilon: Float
  private let channels: Int

  /// What the parts of a layer are called in a checkpoint.
  package struct Names {
    let norms: (first: String, second: String)
    /// Query, key and value.
    let projections: [String]
    let output: String
    let perceptron: (into: String, outOf: String)

    package static let clip = Names(
      norms: ("layer_norm1", "layer_norm2"),
      projections: ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"], output: "self_attn.out_proj",
      perceptron: ("mlp.fc1", "mlp.fc2"))

    package static let vit = Names(
      norms: ("layernorm_before", "layernorm_after"),
      projections: ["query", "key", "value"].map { "attention.attention.\($0)" }, output: "attention.output.dense",
      perceptron: ("intermediate.dense", "output.dense"))
  }

  /// - Parameter projectionBias: whether query, key and value have one.
  package init(
    _ loader: ModuleLoader, names: Names = .clip, channels: Int, intermediate: Int, heads: Int, activation: Activation,
    epsilon: Float, projectionBias: Bool = true, causal: Bool
  ) throws {
    norm1 = try loader.norm(names.norms.first, channels: channels)
    norm2 = try loader.norm(names.norms.second, channels: channels)
    projection = try loader.fusedLinear(names.projections, inputs: channels, outputs: channels, bias: projectionBias)
    output = try loader.linear(names.output, inputs: channels, outputs: channels)
    perceptronIn = try loader.linear(names.perceptron.into, inputs: channels, outputs: intermediate)
    perceptronOut = try loader.linear(names.perceptron.outOf, inputs: intermediate, outputs: channels)
    attention = AttentionKernel(heads: heads, headDim: channels / heads, causal: causal)
    self.activation = activation
    self.epsilon = epsilon
    self.channels = channels
  }

  /// - Parameters:
  ///   - x: `[batch, tokens, channels]`, updated in place.
  ///   - visible: how many tokens, from the first, are keys; nil: all. Fewer than all want a batch of one.
  package func apply(to x: inout Tensor, seeing visible: Int? = nil) throws {
    let own = try projected(x)
    let looked =
      if let visible, visible < x.shape[1] { try attend(own, seeing: visible) } else { try attend(attention, own, own) }
    try output.add(looked, to: &x)
    var hidden = try perceptronIn(try x.layerNormalized(epsilon: epsilon, parameters: norm2))
    hidden.activate(activation)
    try perceptronOut.add(hidden, to: &x)
  }

  private func attend(_ attention: AttentionKernel, _ queries: Tensor, _ keys: Tensor) throws -> Tensor {
    try attention(
      query: AttentionOperand(queries), key: AttentionOperand(keys, column: channels),
      value: AttentionOperand(keys, column: 2 * channels)
    ).output
  }

  /// Attention in which the first tokens alone are keys. Without what comes after them causal attention is the same for
  /// themselves, and the others see all of them.
  private func attend(_ own: Tensor, seeing visible: Int) throws -> Tensor {
    let count = own.shape[1]
    let rows = try own.reshaped([count, 3 * channels])
    let first = try rows.slice(0..<visible).reshaped([1, visible, 3 * channels])
    let rest = try rows.slice(visible..<count).reshaped([1, count - visible, 3 * channels])
    let open = AttentionKernel(heads: attention.heads, headDim: attention.headDim)
    let parts = [try attend(attention, first, first), try attend(open, rest, first)]
    return try Tensor.stacked(parts.map { try $0.reshaped([$0.shape[1], channels]) }).reshaped([1, count, channels])
  }

  /// The keys of all heads side by side.
  /// - Parameter x: what the layer is given, `[batch, tokens, channels]`.
  /// - Returns: `[batch, tokens, channels]`.
  package func keys(_ x: Tensor) throws -> Tensor {
    var keys = Tensor(uninitialized: x.shape)
    let rows = x.count / channels
    try projected(x).withUnsafeValues { own in
      keys.withUnsafeMutableValues { keys in
        for row in 0..<rows {
          let first = (3 * row + 1) * channels
          _ = keys[(row * channels)...].update(fromContentsOf: own[first..<(first + channels)])
        }
      }
    }
    return keys
  }

  /// Queries, keys and values side by side.
  private func projected(_ x: Tensor) throws -> Tensor {
    try projection(try x.layerNormalized(epsilon: epsilon, parameters: norm1))
  }
}
