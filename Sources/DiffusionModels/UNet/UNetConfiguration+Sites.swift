import Attention

extension UNetConfiguration {
  /// All attentions in the order of the forward pass, as the configuration alone tells: no weights are needed.
  ///
  /// Transformer block `b` of the forward pass, from 0, has the sites `2 b` (`attn1`, the picture's own cells) and `2 b + 1`
  /// (`attn2`, the prompt's tokens). See `TransformerBlock`.
  /// - Parameters:
  ///   - latentHeight: rows of the latents, in cells.
  ///   - latentWidth: columns of the latents.
  ///   - tokens: positions of a prompt: the text encoder's.
  public func sites(latentHeight: Int, latentWidth: Int, tokens: Int) -> [AttentionSite] {
    var sites: [AttentionSite] = []
    for transformer in transformers {
      // Each stage down halves the grid, rounding up; the way back follows the skips.
      let grid = (0..<transformer.stage).reduce((latentHeight, latentWidth)) { size, _ in
        (halved(size.0), halved(size.1))
      }
      let picture = AttentionAxis.picture(height: grid.0, width: grid.1)
      for block in 0..<transformerLayersPerBlock[transformer.stage] {
        let layer = sites.count / 2 + 1
        for (name, keys) in [("attn1", picture), ("attn2", AttentionAxis.text(tokens: tokens))] {
          sites.append(
            AttentionSite(
              index: sites.count, path: "\(transformer.path).transformer_blocks.\(block).\(name)", layer: layer,
              heads: heads[transformer.stage], queries: picture, keys: keys, latentHeight: latentHeight,
              latentWidth: latentWidth))
        }
      }
    }
    return sites
  }

  /// Of each of the `sites`, the values of a vector of all heads together, and of what it adds to its block.
  public var siteChannels: [Int] {
    transformers.flatMap { transformer in
      Array(
        repeating: blockOutChannels[transformer.stage], count: 2 * transformerLayersPerBlock[transformer.stage])
    }
  }

  /// The spatial transformers in the order of the forward pass: path, and the stage whose size they have.
  private var transformers: [(path: String, stage: Int)] {
    let last = blockOutChannels.count - 1
    let down = blockOutChannels.indices.filter { downAttention[$0] }.flatMap { stage in
      (0..<layersPerBlock[stage]).map { ("down_blocks.\(stage).attentions.\($0)", stage) }
    }
    let up = blockOutChannels.indices.filter { upAttention[$0] }.flatMap { stage in
      (0...layersPerBlock[last - stage]).map { ("up_blocks.\(stage).attentions.\($0)", last - stage) }
    }
    return down + [("mid_block.attentions.0", last)] + up
  }

  private func halved(_ extent: Int) -> Int { (extent + 2 * downsamplePadding - 3) / 2 + 1 }
}
