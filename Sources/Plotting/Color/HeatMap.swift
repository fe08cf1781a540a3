import Tensors

/// A grid of values to be drawn, such as one word's attention at one site.
public struct HeatMap: Hashable, Sendable {
  /// In cells.
  public let width: Int
  /// In cells.
  public let height: Int
  /// Row by row from the top left: `height * width` values of any size and sign. NaN has a color of its own.
  public let values: [Float]

  /// - Throws: `ShapeError` if a side is not positive or the values do not fill the grid.
  public init(width: Int, height: Int, values: [Float]) throws {
    let (count, overflow) = width.multipliedReportingOverflow(by: height)
    guard width > 0, height > 0, !overflow, values.count == count else {
      throw ShapeError("HeatMap", expected: "\(width) x \(height) values", found: "\(values.count)")
    }
    self.width = width
    self.height = height
    self.values = values
  }

  /// - Parameter tensor: `[height, width]`.
  /// - Throws: `ShapeError` if it has other axes or none of its values.
  public init(_ tensor: Tensor) throws {
    guard tensor.shape.count == 2 else {
      throw ShapeError("HeatMap", expected: "[height, width]", found: tensor.shape)
    }
    try self.init(width: tensor.shape[1], height: tensor.shape[0], values: tensor.values)
  }

  /// The lowest and highest finite value, or nil if there is none.
  public var range: ClosedRange<Float>? {
    var low = Float.infinity
    var high = -Float.infinity
    for value in values where value.isFinite {
      low = min(low, value)
      high = max(high, value)
    }
    return low <= high ? low...high : nil
  }

  /// The same map on another grid; the grids' outer edges coincide.
  ///
  /// Where the new grid is coarser, `bilinear` and `bicubic` average over all cells that fall together.
  public func resampled(width: Int, height: Int, _ interpolation: Interpolation) throws -> HeatMap {
    guard width > 0, height > 0 else {
      throw ShapeError("HeatMap.resampled", expected: "positive sides", found: [height, width])
    }
    return try HeatMap(
      width: width, height: height,
      values: resample(
        values, from: (self.width, self.height), to: (width, height), channels: 1, interpolation))
  }
}
