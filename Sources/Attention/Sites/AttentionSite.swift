/// Which tokens an attention looks at.
public enum AttentionKind: String, Codable, CaseIterable, Hashable, Sendable {
  /// `attn1`: the picture's own positions.
  case selfAttention = "self"
  /// `attn2`: the tokens of the prompt.
  case cross
}

/// The half of classifier-free guidance that a map belongs to.
public enum GuidanceBranch: String, Codable, CaseIterable, Hashable, Sendable {
  case unconditional
  case conditional
}

/// One attention of one transformer block of a UNet, at a given size of the latents.
public struct AttentionSite: Hashable, Sendable {
  /// Place in the order of the forward pass, from 0, both kinds counted.
  public let index: Int
  /// The diffusers module path, as `down_blocks.1.attentions.0.transformer_blocks.0.attn1`.
  public let path: String
  public let kind: AttentionKind
  /// The paper's number: transformer blocks in forward order from 1. `attn1` and `attn2` of a block share it.
  public let layer: Int
  /// Rows of queries, in cells of this site's grid.
  public let height: Int
  /// Columns of queries.
  public let width: Int
  public let heads: Int
  /// Rows and columns of the latents that the grid was computed for.
  public let latentHeight: Int
  public let latentWidth: Int

  public init(
    index: Int, path: String, kind: AttentionKind, layer: Int, height: Int, width: Int, heads: Int,
    latentHeight: Int, latentWidth: Int
  ) {
    self.index = index
    self.path = path
    self.kind = kind
    self.layer = layer
    self.height = height
    self.width = width
    self.heads = heads
    self.latentHeight = latentHeight
    self.latentWidth = latentWidth
  }

  /// The number of queries: `height * width`.
  public var queries: Int { height * width }

  /// `self 4` or `cross 12`: kind and the paper's layer number.
  public var shortName: String { "\(kind.rawValue) \(layer)" }
}
