import DiffusionModels
import Tensors

/// Tells how different two pictures look to people, by the features of a network that was trained to name pictures:
/// version 0.1 of LPIPS, as the Python package `lpips` computes it.
/// - Source: Zhang et al. 2018, The Unreasonable Effectiveness of Deep Features as a Perceptual Metric, eq. 1.
public struct LPIPS: Sendable {
  public let trunk: LPIPSTrunk

  private let convolutions: [Convolution]
  /// For each compared layer the weight of each channel.
  private let weights: [Tensor]

  /// The side that a picture has at least, so that no pooling runs out of cells.
  public static let smallestSide = 64
  /// The pixels that a picture has at most: what a layer makes of 2048 x 2048 takes 1 GiB.
  public static let pixelLimit = 1 << 22

  init(_ trunk: LPIPSTrunk, _ loader: ModuleLoader) throws {
    self.trunk = trunk
    var inputs = 3
    convolutions = try trunk.layers.map { layer in
      defer { inputs = layer.outputs }
      return try loader["features"].convolution(
        "\(layer.place)", inputs: inputs, outputs: layer.outputs, kernel: layer.kernel, stride: layer.stride,
        padding: (layer.padding, layer.padding))
    }
    weights = try trunk.layers.filter(\.isCompared).enumerated().map { place, layer in
      try loader["lin\(place)"].tensor("model.1.weight", [1, layer.outputs, 1, 1])
    }
  }

  /// The distance of two pictures: 0 for equal ones, with no upper limit, seldom above 1.
  ///
  /// Values of the two trunks do not compare. Pictures are not resized.
  /// - Throws: `ShapeError` unless both have one size, of sides of at least `smallestSide` and at most `pixelLimit`
  ///   pixels; `EngineError`.
  public func distance(_ a: Picture, _ b: Picture) throws -> Double {
    let fits =
      a.width == b.width && a.height == b.height && min(a.width, a.height) >= Self.smallestSide
      && a.width * a.height <= Self.pixelLimit
    guard fits else {
      throw ShapeError(
        "LPIPS",
        expected: "pictures of one size, with sides of at least \(Self.smallestSide) and \(Self.pixelLimit) pixels "
          + "at most", found: "\(a.width) x \(a.height) and \(b.width) x \(b.height)")
    }
    var maps = [try Self.scaled(a), try Self.scaled(b)]
    var sum = 0.0
    var compared = weights.makeIterator()
    for (layer, convolution) in zip(trunk.layers, convolutions) {
      maps = try maps.map { map in
        var result = try convolution(layer.isPooled ? map.maxPooled(kernel: trunk.poolKernel, stride: 2) : map)
        result.activate(.relu)
        return result
      }
      if layer.isCompared, let weights = compared.next() { sum += Self.difference(maps[0], maps[1], weights) }
    }
    return sum
  }

  /// The picture in -1...1, then as ImageNet's pictures are spread: `[1, height, width, 3]`.
  private static func scaled(_ picture: Picture) throws -> Tensor {
    let (shift, scale): ([Float], [Float]) = ([-0.030, -0.088, -0.188], [0.458, 0.448, 0.450])
    let values = picture.pixels.enumerated().map { i, byte in
      (Float(byte) / 127.5 - 1 - shift[i % 3]) / scale[i % 3]
    }
    return try Tensor(values, shape: [1, picture.height, picture.width, 3])
  }

  /// The mean over cells of the weighted squared difference of their features, each cell's brought to length 1.
  private static func difference(_ a: Tensor, _ b: Tensor, _ weights: Tensor) -> Double {
    let channels = weights.count
    let cells = a.count / channels
    return a.withUnsafeValues { a in
      b.withUnsafeValues { b in
        weights.withUnsafeValues { weights in
          var sum = 0.0
          for start in stride(from: 0, to: cells * channels, by: channels) {
            var (squaresOfA, squaresOfB): (Float, Float) = (0, 0)
            for i in start..<(start + channels) {
              squaresOfA += a[i] * a[i]
              squaresOfB += b[i] * b[i]
            }
            // As the package adds it: where nothing answers, there is no difference.
            let (lengthOfA, lengthOfB) = (squaresOfA.squareRoot() + 1e-10, squaresOfB.squareRoot() + 1e-10)
            var cell: Float = 0
            for i in 0..<channels {
              let difference = a[start + i] / lengthOfA - b[start + i] / lengthOfB
              cell += weights[i] * difference * difference
            }
            sum += Double(cell)
          }
          return sum / Double(cells)
        }
      }
    }
  }
}
