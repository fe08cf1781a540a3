import Checkpoints
import DiffusionModels

/// Floating-point operations of a network, from the shapes of its weights: 2 for each weight at each place where it is
/// used, and the two products of every attention. Norms and activations, some thousandths of it, are left out.
enum NetworkWork {
  /// One call of a UNet with the keys and values of the text at hand.
  /// - Parameters:
  ///   - height, width: of the latents, in cells.
  ///   - tokens: keys of every cross-attention.
  static func unet(
    _ weights: WeightStore, _ configuration: UNetConfiguration, batch: Int, height: Int, width: Int, tokens: Int
  ) -> Double {
    let stages = configuration.blockOutChannels.count
    let grids = (0..<stages).reduce(into: [(height, width)]) { grids, _ in
      let last = grids[grids.count - 1]
      grids.append((halved(last.0, configuration), halved(last.1, configuration)))
    }
    return total(weights) { name in
      let parts = name.split(separator: ".").map(String.init)
      if parts.contains("time_emb_proj") { return Place(cells: 1, keys: 0) }
      // The text's keys and values are computed once a prompt, before the first step.
      if parts.contains("attn2"), parts.contains("to_k") || parts.contains("to_v") { return nil }
      let level: Int
      switch parts[0] {
      // One embedding serves the whole batch.
      case "time_embedding": return Place(cells: 1 / Double(batch), keys: 0)
      case "down_blocks": level = (Int(parts[1]) ?? 0) + (parts.contains("downsamplers") ? 1 : 0)
      case "mid_block": level = stages - 1
      case "up_blocks": level = stages - 1 - (Int(parts[1]) ?? 0) - (parts.contains("upsamplers") ? 1 : 0)
      default: level = 0
      }
      let cells = Double(grids[level].0 * grids[level].1)
      return Place(cells: cells, keys: parts.contains("attn2") ? Double(tokens) : cells)
    } * Double(batch)
  }

  private static func halved(_ extent: Int, _ configuration: UNetConfiguration) -> Int {
    (extent + 2 * configuration.downsamplePadding - 3) / 2 + 1
  }

  /// One decoding of one picture.
  /// - Parameters:
  ///   - height, width: of the latents, in cells.
  static func decoder(_ weights: WeightStore, _ configuration: VAEConfiguration, height: Int, width: Int) -> Double {
    let stages = configuration.blockOutChannels.count
    return total(weights) { name in
      let parts = name.split(separator: ".").map(String.init)
      guard parts[0] == "decoder" || parts[0] == "post_quant_conv" else { return nil }
      var doublings = 0
      if parts.count > 2, parts[1] == "up_blocks" {
        doublings = (Int(parts[2]) ?? 0) + (parts.contains("upsamplers") ? 1 : 0)
      } else if parts[1] == "conv_out" {
        doublings = stages - 1
      }
      let cells = Double(height * width) * Double(1 << (2 * doublings))
      return Place(cells: cells, keys: cells)
    }
  }

  /// Where a weight is used: on how many cells, and what an attention there looks at.
  private struct Place {
    let cells, keys: Double
  }

  private static func total(_ weights: WeightStore, _ place: (String) -> Place?) -> Double {
    weights.names.reduce(0) { sum, name in
      guard name.hasSuffix(".weight"), let shape = weights.entry(name)?.shape, shape.count >= 2,
        let place = place(name)
      else { return sum }
      var work = 2 * place.cells * Double(shape.reduce(1, *))
      // The projection of the queries stands once in every attention, and its rows are the channels of all heads.
      if name.hasSuffix(".to_q.weight") || name.hasSuffix(".query.weight") {
        work += 4 * place.cells * place.keys * Double(shape[0])
      }
      return sum + work
    }
  }
}
