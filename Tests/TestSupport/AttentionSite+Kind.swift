import Attention

extension AttentionSite {
  /// An attention whose queries are a picture's grid.
  /// - Parameter tokens: positions of a prompt, which are the keys of cross-attention.
  public init(
    index: Int, path: String, kind: AttentionKind, layer: Int, height: Int, width: Int, heads: Int, latentHeight: Int,
    latentWidth: Int, tokens: Int = 77
  ) {
    let picture = AttentionAxis.picture(height: height, width: width)
    self.init(
      index: index, path: path, layer: layer, heads: heads, queries: picture,
      keys: kind == .cross ? .text(tokens: tokens) : picture, latentHeight: latentHeight, latentWidth: latentWidth)
  }
}
