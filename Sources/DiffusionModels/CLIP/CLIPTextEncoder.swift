import Attention
import Tensors

/// The shape of a CLIP text encoder, as `text_encoder/config.json` states it; missing keys take the defaults of
/// transformers' `CLIPTextConfig`.
public struct CLIPTextConfiguration: Hashable, Sendable {
  public var vocabularySize = 49408
  public var hiddenSize = 512
  public var intermediateSize = 2048
  public var layers = 12
  public var heads = 8
  public var maxPositions = 77
  public var activation = Activation.quickGELU
  public var normEpsilon = 1e-5
  /// Whether attention leaves out the padding of a prompt: a key that `StableDiffusionPipeline` looks at.
  public var usesAttentionMask = false
  /// The token whose state stands for a text. Configs before transformers 4.31 say 2, which is no such token: there the
  /// state of the largest token id is taken, as transformers does.
  public var endTokenID = 49407

  public init() {}
}

/// The text encoder of Stable Diffusion: `CLIPTextModel` of transformers, up to its last hidden state.
public struct CLIPTextEncoder: Sendable {
  public let configuration: CLIPTextConfiguration

  private let tokenEmbedding: Tensor
  private let positionEmbedding: Tensor
  private let layers: [CLIPLayer]
  private let finalNorm: NormParameters

  package init(_ c: CLIPTextConfiguration, _ loader: ModuleLoader) throws {
    configuration = c
    let embeddings = loader["embeddings"]
    tokenEmbedding = try embeddings.tensor("token_embedding.weight", [c.vocabularySize, c.hiddenSize])
    positionEmbedding = try embeddings.tensor("position_embedding.weight", [c.maxPositions, c.hiddenSize])
    layers = try (0..<c.layers).map {
      try CLIPLayer(
        loader["encoder.layers.\($0)"], channels: c.hiddenSize, intermediate: c.intermediateSize, heads: c.heads,
        activation: c.activation, epsilon: Float(c.normEpsilon), causal: true)
    }
    finalNorm = try loader.norm("final_layer_norm", channels: c.hiddenSize)
  }

  /// Encodes a prompt as `StableDiffusionPipeline` does: where the configuration says so, attention leaves out its padding.
  /// - Returns: `[1, tokens, hiddenSize]`, after the final layer norm.
  /// - Throws: as of `callAsFunction`.
  public func encode(_ prompt: PromptTokens) throws -> Tensor {
    let padding = configuration.usesAttentionMask ? prompt.positions(of: .padding).count : 0
    return try encode([prompt.ids], seeing: prompt.tokens.count - padding)
  }

  /// Encodes prompts, all tokens of each.
  /// - Parameter ids: token ids of each prompt, all of one length of at most `maxPositions`.
  /// - Returns: `[prompts, tokens, hiddenSize]`, after the final layer norm.
  /// - Throws: `ShapeError` if lengths differ or an id is not in the vocabulary; `EngineError`.
  public func callAsFunction(_ ids: [[Int]]) throws -> Tensor {
    try encode(ids, seeing: ids.first?.count ?? 0)
  }

  /// - Parameter visible: how many tokens, from the first, attention sees.
  private func encode(_ ids: [[Int]], seeing visible: Int) throws -> Tensor {
    let length = ids.first?.count ?? 0
    let size = configuration.hiddenSize
    guard ids.allSatisfy({ $0.count == length }), (1...configuration.maxPositions).contains(length) else {
      throw ShapeError(
        "CLIP text encoder", expected: "prompts of one length in 1...\(configuration.maxPositions)",
        found: ids.map(\.count))
    }
    if let wrong = ids.joined().first(where: { !(0..<configuration.vocabularySize).contains($0) }) {
      throw ShapeError(
        "CLIP text encoder", expected: "token ids below \(configuration.vocabularySize)", found: "\(wrong)")
    }
    var hidden = Tensor(uninitialized: [ids.count, length, size])
    withPointersOf(tokenEmbedding, positionEmbedding) { tokens, positions in
      hidden.withUnsafeMutableValues { values in
        for (row, id) in ids.joined().enumerated() {
          for c in 0..<size {
            values[row * size + c] = tokens[id * size + c] + positions[row % length * size + c]
          }
        }
      }
    }
    for layer in layers { try layer.apply(to: &hidden, seeing: visible) }
    return try hidden.layerNormalized(epsilon: Float(configuration.normEpsilon), parameters: finalNorm)
  }

  private func withPointersOf(
    _ a: Tensor, _ b: Tensor, _ body: (UnsafeBufferPointer<Float>, UnsafeBufferPointer<Float>) -> Void
  ) {
    a.withUnsafeValues { x in b.withUnsafeValues { y in body(x, y) } }
  }
}
