import Attention
import Tensors

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
      let grid = grid(of: transformer.stage, latentHeight, latentWidth)
      let picture = AttentionAxis.picture(height: grid.height, width: grid.width)
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

  /// The residual features of all residual blocks, in the order of the forward pass.
  /// - Parameters:
  ///   - latentHeight: rows of the latents, in cells.
  ///   - latentWidth: columns of the latents.
  public func residualSites(latentHeight: Int, latentWidth: Int) -> [ResidualSite] {
    let last = blockOutChannels.count - 1
    func blocks(_ module: String, stage: Int, count: Int) -> [ResidualSite] {
      let grid = grid(of: stage, latentHeight, latentWidth)
      return (0..<count).map {
        ResidualSite(path: "\(module).resnets.\($0)", grid: grid, channels: blockOutChannels[stage])
      }
    }
    let down = blockOutChannels.indices.flatMap { blocks("down_blocks.\($0)", stage: $0, count: layersPerBlock[$0]) }
    let up = blockOutChannels.indices.flatMap {
      blocks("up_blocks.\($0)", stage: last - $0, count: layersPerBlock[last - $0] + 1)
    }
    return down + blocks("mid_block", stage: last, count: 2) + up
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

  /// Each stage down halves the grid, rounding up; the way back follows the skips.
  private func grid(of stage: Int, _ latentHeight: Int, _ latentWidth: Int) -> GridSize {
    (0..<stage).reduce(GridSize(height: latentHeight, width: latentWidth)) { size, _ in
      GridSize(height: halved(size.height), width: halved(size.width))
    }
  }

  private func halved(_ extent: Int) -> Int { (extent + 2 * downsamplePadding - 3) / 2 + 1 }
}
