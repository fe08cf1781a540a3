import DiffusionModels
import Tensors

/// Tells what a picture shows, patch by patch: `CLIPVisionModel` or `ViTModel` of transformers, up to the layer norm
/// after the last layer.
///
/// A picture of another size than `imageSize` has positions interpolated to its grid, as transformers computes with
/// `interpolate_pos_encoding=True`; rows and columns that fill no patch are left out.
/// - Source: Dosovitskiy et al. 2021; Radford et al. 2021; Caron et al. 2021.
public struct VisionTransformer: Sendable {
  public let configuration: VisionTransformerConfiguration

  private let patches: Convolution
  /// `[hiddenSize]`.
  private let classToken: Tensor
  /// `[1 + patches, hiddenSize]`, the class token's first.
  private let positions: Tensor
  private let preNorm: NormParameters?
  private let layers: [CLIPLayer]
  private let postNorm: NormParameters

  /// The patches that a picture has at most, as 1024 x 1024 pixels have by 8 x 8: attention looks from each at each.
  public static let mostPatches = 1 << 14

  init(_ c: VisionTransformerConfiguration, _ loader: ModuleLoader) throws {
    configuration = c
    let size = c.hiddenSize
    let isCLIP = c.family == .clip
    let embeddings = loader["embeddings"]
    patches = try embeddings.convolution(
      isCLIP ? "patch_embedding" : "patch_embeddings.projection", inputs: 3, outputs: size, kernel: c.patchSize,
      stride: c.patchSize, padding: (0, 0), bias: !isCLIP)
    let tokens = 1 + c.grid.cells
    if isCLIP {
      classToken = try embeddings.tensor("class_embedding", [size])
      positions = try embeddings.tensor("position_embedding.weight", [tokens, size])
    } else {
      classToken = try embeddings.tensor("cls_token", [1, 1, size]).reshaped([size])
      positions = try embeddings.tensor("position_embeddings", [1, tokens, size]).reshaped([tokens, size])
    }
    preNorm = isCLIP ? try loader.norm("pre_layrnorm", channels: size) : nil
    layers = try (0..<c.layers).map {
      try CLIPLayer(
        loader[isCLIP ? "encoder.layers.\($0)" : "encoder.layer.\($0)"], names: isCLIP ? .clip : .vit, channels: size,
        intermediate: c.intermediateSize, heads: c.heads, activation: c.activation, epsilon: Float(c.normEpsilon),
        projectionBias: c.projectionBias, causal: false)
    }
    postNorm = try loader.norm(isCLIP ? "post_layernorm" : "layernorm", channels: size)
  }

  /// Encodes pictures.
  /// - Parameter pixels: `[batch, height, width, 3]`, normalised as the model was trained, each side at least a patch.
  /// - Returns: `states`, the last layer's hidden states `[batch, 1 + patches, hiddenSize]` before the norm, the class
  ///   token first and then the patches row by row; `pooled`, the class token's after the norm, `[batch, hiddenSize]`.
  /// - Throws: `ShapeError`; `EngineError`.
  public func callAsFunction(_ pixels: Tensor) throws -> (states: Tensor, pooled: Tensor) {
    let states = try hidden(pixels, after: layers.count)
    let first = try states.rows(Array(repeating: 0, count: states.shape[0]))
    return (
      states, try first.layerNormalized(epsilon: Float(configuration.normEpsilon), parameters: postNorm)
    )
  }

  /// The keys of one layer's attention, before they are split into heads.
  /// - Parameters:
  ///   - pixels: as for the whole tower.
  ///   - layer: 0 for the first.
  /// - Returns: `[batch, 1 + patches, hiddenSize]`.
  /// - Throws: `ShapeError`, also for a layer that there is not; `EngineError`.
  public func keys(_ pixels: Tensor, layer: Int) throws -> Tensor {
    guard layers.indices.contains(layer) else {
      throw ShapeError("vision transformer", expected: "a layer in 0..<\(layers.count)", found: "\(layer)")
    }
    return try layers[layer].keys(hidden(pixels, after: layer))
  }

  /// The hidden states after some layers.
  private func hidden(_ pixels: Tensor, after count: Int) throws -> Tensor {
    let patch = configuration.patchSize
    guard pixels.shape.count == 4, pixels.shape[3] == 3, pixels.shape[1...2].allSatisfy({ $0 >= patch }),
      pixels.shape[1...2].reduce(1, { $0 * ($1 / patch) }) <= Self.mostPatches
    else {
      throw ShapeError(
        "vision transformer",
        expected: "[batch, height, width, 3] with sides of at least \(patch) and \(Self.mostPatches) patches at most",
        found: pixels.shape)
    }
    var states = try embedded(patches(pixels))
    if let preNorm {
      states = try states.layerNormalized(epsilon: Float(configuration.normEpsilon), parameters: preNorm)
    }
    for layer in layers.prefix(count) { try layer.apply(to: &states) }
    return states
  }

  /// The class token and the patches, with their positions added.
  /// - Parameter map: `[batch, rows, columns, hiddenSize]`.
  /// - Returns: `[batch, 1 + rows * columns, hiddenSize]`.
  private func embedded(_ map: Tensor) throws -> Tensor {
    let size = configuration.hiddenSize
    let (batch, grid) = (map.shape[0], GridSize(height: map.shape[1], width: map.shape[2]))
    var states = Tensor(uninitialized: [batch, 1 + grid.cells, size])
    map.withUnsafeValues { map in
      classToken.withUnsafeValues { token in
        states.withUnsafeMutableValues { states in
          for picture in 0..<batch {
            let start = picture * (1 + grid.cells) * size
            let cells = map[(picture * grid.cells * size)..<((picture + 1) * grid.cells * size)]
            _ = states[start...].update(fromContentsOf: token)
            _ = states[(start + size)...].update(fromContentsOf: cells)
          }
        }
      }
    }
    let positions = try positions(for: grid)
    var sum = try states.reshaped([1, batch, positions.count])
    try sum.addToChannels(positions.reshaped([1, positions.count]))
    return try sum.reshaped(states.shape)
  }

  /// The learnt positions, or those of another grid: `[1 + cells, hiddenSize]`.
  private func positions(for grid: GridSize) throws -> Tensor {
    guard grid != configuration.grid else { return positions }
    let size = configuration.hiddenSize
    var result = Tensor(uninitialized: [1 + grid.cells, size])
    positions.withUnsafeValues { old in
      result.withUnsafeMutableValues { new in
        for channel in 0..<size {
          new[channel] = old[channel]
          let learnt = (1...configuration.grid.cells).map { Double(old[$0 * size + channel]) }
          let resampled = Bicubic.resampled(learnt, from: configuration.grid, to: grid)
          for (cell, value) in resampled.enumerated() { new[(1 + cell) * size + channel] = Float(value) }
        }
      }
    }
    return result
  }
}
