/// What an attention of a picture looks at.
public enum AttentionKind: String, Codable, CaseIterable, Hashable, Sendable {
  /// The picture's own positions, as `attn1` does.
  case selfAttention = "self"
  /// The tokens of the prompt, as `attn2` does.
  case cross
}

/// The half of classifier-free guidance that a map belongs to.
public enum GuidanceBranch: String, Codable, CaseIterable, Hashable, Sendable {
  case unconditional
  case conditional
}

/// One attention of one transformer block, at a given size of the latents.
public struct AttentionSite: Codable, Hashable, Sendable {
  /// Place in the order of the forward pass, from 0, all attentions counted.
  public let index: Int
  /// The diffusers module path, as `down_blocks.1.attentions.0.transformer_blocks.0.attn1`.
  public let path: String
  /// The paper's number: transformer blocks in forward order from 1. `attn1` and `attn2` of a block share it.
  public let layer: Int
  public let heads: Int
  /// What its queries are: the rows of its map.
  public let queries: AttentionAxis
  /// What its keys are: the columns of its map.
  public let keys: AttentionAxis
  /// Rows and columns of the latents that the grid was computed for.
  public let latentHeight: Int
  public let latentWidth: Int

  public init(
    index: Int, path: String, layer: Int, heads: Int, queries: AttentionAxis, keys: AttentionAxis, latentHeight: Int,
    latentWidth: Int
  ) {
    self.index = index
    self.path = path
    self.layer = layer
    self.heads = heads
    self.queries = queries
    self.keys = keys
    self.latentHeight = latentHeight
    self.latentWidth = latentWidth
  }

  public var kind: AttentionKind { keys.isText ? .cross : .selfAttention }

  /// Rows of queries, in cells of this site's grid; 1 for queries that are a text.
  public var height: Int { queries.grid?.height ?? 1 }

  /// Columns of queries; their number for queries that are a text.
  public var width: Int { queries.grid?.width ?? queries.count }

  /// `self 4` or `cross 12`: kind and the paper's layer number.
  public var shortName: String { "\(kind.rawValue) \(layer)" }
}
