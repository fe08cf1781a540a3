import Foundation
import Tensors

/// How far two distributions lie apart, and how far one is spread.
public struct MapDistance: Hashable, Sendable {
  /// Half the sum of the absolute differences, the total variation: 0...1, the share that would have to be moved.
  public let totalVariation: Double
  /// The Jensen-Shannon divergence in nats: 0...ln 2.
  public let jensenShannon: Double

  /// Of two maps over the same places, such as a word's, each brought to a sum of 1 first. NaN if either has a negative
  /// value, or no positive, finite sum.
  /// - Parameters:
  ///   - a, b: As many of one as of the other.
  public init(_ a: [Double], _ b: [Double]) {
    precondition(a.count == b.count, "maps of \(a.count) and \(b.count) places")
    guard let sumA = mass(a), let sumB = mass(b) else {
      (totalVariation, jensenShannon) = (.nan, .nan)
      return
    }
    var (variation, divergence) = (0.0, 0.0)
    for (x, y) in zip(a, b) {
      let (p, q) = (x / sumA, y / sumB)
      variation += abs(p - q) / 2
      divergence += (plogp(p) + plogp(q)) / 2 - plogp((p + q) / 2)
    }
    totalVariation = variation
    jensenShannon = max(0, divergence)
  }

  /// Of two attentions with the same queries and keys: the means over queries of the distances of their rows. A query that
  /// either leaves out is left out.
  /// - Throws: `ShapeError` if queries or keys differ.
  public init(_ a: HeadMixture, _ b: HeadMixture) throws(ShapeError) {
    guard a.rows == b.rows, a.keys == b.keys else {
      throw ShapeError("MapDistance", expected: [a.rows, a.keys].description, found: [b.rows, b.keys])
    }
    var (variation, divergence, count) = (0.0, 0.0, 0.0)
    for query in 0..<a.rows {
      guard let p = a.row(query), let q = b.row(query) else { continue }
      let distance = MapDistance(p, q)
      variation += distance.totalVariation
      divergence += distance.jensenShannon
      count += 1
    }
    (totalVariation, jensenShannon) = count > 0 ? (variation / count, divergence / count) : (.nan, .nan)
  }
}

/// How far a map reaches about its middle.
public enum MapSpread {
  /// With `w` the map brought to a sum of 1 and `c = sum w x` its centroid, `sqrt(sum w |x - c|^2)`, the places x being
  /// the middles of cells, over the grid's diagonal. 0 where one cell has all. NaN for a map with a negative value, or without
  /// a positive, finite sum.
  /// - Parameter values: `[height, width]`.
  public static func of(_ values: [Double], on grid: GridSize) -> Double {
    precondition(values.count == grid.cells, "\(values.count) values on \(grid)")
    guard let sum = mass(values) else { return .nan }
    var (x, y, squares) = (0.0, 0.0, 0.0)
    for (cell, value) in values.enumerated() {
      let (row, column) = cell.quotientAndRemainder(dividingBy: grid.width)
      x += value / sum * Double(column)
      y += value / sum * Double(row)
    }
    for (cell, value) in values.enumerated() {
      let (row, column) = cell.quotientAndRemainder(dividingBy: grid.width)
      let (dx, dy) = (Double(column) - x, Double(row) - y)
      squares += value / sum * (dx * dx + dy * dy)
    }
    return squares.squareRoot() / grid.diagonal
  }

  /// What it is of a map that is the same everywhere.
  public static func uniform(on grid: GridSize) -> Double {
    of([Double](repeating: 1, count: grid.cells), on: grid)
  }
}

/// The sum of a map that can be brought to a sum of 1; nil for any other.
private func mass(_ values: [Double]) -> Double? {
  let sum = values.reduce(0, +)
  return sum > 0 && sum.isFinite && values.allSatisfy { $0 >= 0 } ? sum : nil
}
