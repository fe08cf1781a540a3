/// Bicubic interpolation as `torch.nn.functional.interpolate(mode="bicubic", align_corners=False, antialias=False)`.
///
/// The cubic of Keys 1981 with a = -0.75; cells beyond the edge repeat the edge's. It passes through the middles of the
/// old cells and may fall below all of them beside a steep place.
public enum Bicubic {
  /// The values on another grid, whose outer edges coincide with the old one's.
  /// - Parameter values: `[height, width]`, row by row.
  /// - Returns: `[height, width]` of the new size.
  public static func resampled(_ values: [Double], from old: GridSize, to new: GridSize) -> [Double] {
    precondition(values.count == old.cells && !values.isEmpty, "\(values.count) values for \(old)")
    if old == new { return values }
    let across = (0..<new.width).map { Taps(cell: $0, of: new.width, old: old.width) }
    let down = (0..<new.height).map { Taps(cell: $0, of: new.height, old: old.height) }
    var wide = [Double](repeating: 0, count: old.height * new.width)
    for y in 0..<old.height {
      for (x, taps) in across.enumerated() {
        var sum = 0.0
        for tap in 0..<4 { sum += taps.weights[tap] * values[y * old.width + taps.cells[tap]] }
        wide[y * new.width + x] = sum
      }
    }
    var result = [Double](repeating: 0, count: new.cells)
    for (y, taps) in down.enumerated() {
      for tap in 0..<4 {
        let (weight, row) = (taps.weights[tap], taps.cells[tap] * new.width)
        for x in 0..<new.width { result[y * new.width + x] += weight * wide[row + x] }
      }
    }
    return result
  }

  /// The four old cells that one new cell is made of, along one axis.
  private struct Taps {
    let cells: [Int]
    let weights: [Double]

    init(cell: Int, of count: Int, old: Int) {
      let place = (Double(cell) + 0.5) * Double(old) / Double(count) - 0.5
      let first = place.rounded(.down)
      let t = place - first
      cells = (-1...2).map { min(old - 1, max(0, Int(first) + $0)) }
      weights = [1 + t, t, 1 - t, 2 - t].map(Self.cubic)
    }

    /// The weight of a cell at a distance, 0...2.
    private static func cubic(_ x: Double) -> Double {
      let a = -0.75
      return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    }
  }
}
