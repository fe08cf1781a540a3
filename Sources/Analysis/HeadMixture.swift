import Foundation
import Tensors

/// The heads of one attention at one step, added one by one, or their mean: what statistics are taken of.
///
/// Every row is brought to a sum of 1 first: halved precision and interventions that scale or remove attention leave rows
/// of other sums. A query of which any head has a row with a negative value, or without a positive, finite sum, is left out
/// of everything.
public struct HeadMixture: Sendable {
  /// Queries.
  public let rows: Int
  public let keys: Int
  /// Heads that were added, or 1 for a mean.
  public private(set) var count = 0
  /// `[rows, keys]`: the sum of the normalised rows.
  private var sums: [Double]
  /// By query, the sum over heads of the entropy of its row; NaN for a query that is left out.
  private var entropies: [Double]

  public init(rows: Int, keys: Int) {
    precondition(rows > 0 && keys > 0, "a map of \(rows) x \(keys)")
    self.rows = rows
    self.keys = keys
    sums = [Double](repeating: 0, count: rows * keys)
    entropies = [Double](repeating: 0, count: rows)
  }

  /// Adds a head, or the mean over heads as the only one.
  /// - Parameter values: `[rows, keys]`.
  /// - Throws: `ShapeError` if the values do not fill the shape.
  public mutating func add(_ values: [Float]) throws(ShapeError) {
    guard values.count == rows * keys else {
      throw ShapeError("HeadMixture", expected: "\(rows) x \(keys) values", found: "\(values.count)")
    }
    for row in 0..<rows {
      let start = row * keys
      var (sum, least) = (0.0, Float(0))
      for key in start..<(start + keys) {
        sum += Double(values[key])
        least = min(least, values[key])
      }
      guard sum > 0, sum.isFinite, least >= 0 else {
        entropies[row] = .nan
        continue
      }
      for key in start..<(start + keys) {
        let p = Double(values[key]) / sum
        sums[key] += p
        entropies[row] -= plogp(p)
      }
    }
    count += 1
  }

  /// The queries that count.
  private var queries: [Int] { (0..<rows).filter { !entropies[$0].isNaN } }

  /// The mean over heads of each query's row, with a sum of 1; nil for a query that is left out.
  func row(_ query: Int) -> [Double]? {
    guard count > 0, !entropies[query].isNaN else { return nil }
    return sums[(query * keys)..<((query + 1) * keys)].map { $0 / Double(count) }
  }

  /// `- sum p ln p` of the mean over heads, in nats, averaged over queries: 0 where each query looks at one key, `ln(keys)`
  /// where it looks at all alike. NaN if no query counts.
  public var entropy: Double {
    mean { query in
      row(query).map { -$0.reduce(0) { $0 + plogp($1) } } ?? .nan
    }
  }

  /// The entropy of each head's own rows, in nats, averaged over heads and queries; at most `entropy`.
  public var headEntropy: Double { mean { entropies[$0] / Double(count) } }

  /// How much the heads differ: their Jensen-Shannon divergence with equal weights, `entropy - headEntropy`, in nats,
  /// averaged over queries. 0 where all heads are alike, at most `ln(heads)`, where no two look at the same key.
  /// - Source: Lin 1991, "Divergence measures based on the Shannon entropy", eq. 5.1.
  public var headDivergence: Double {
    let difference = entropy - headEntropy
    // Below zero by rounding alone; `max` would make 0 of what is no number.
    return difference < 0 ? 0 : difference
  }

  /// The distance from a query to what it looks at in self-attention, averaged: `sum over keys of p |query - key|`, the
  /// places being the middles of cells, over the grid's diagonal. 0 where each place sees itself alone.
  /// - Precondition: Queries and keys are the cells of the grid.
  public func distance(on grid: GridSize) -> Double {
    precondition(rows == grid.cells && keys == grid.cells, "a map of \(rows) x \(keys) on \(grid)")
    let lengths = Self.lengths(on: grid)
    return mean { query in
      let (y, x) = query.quotientAndRemainder(dividingBy: grid.width)
      var sum = 0.0
      for key in 0..<keys {
        let (keyY, keyX) = key.quotientAndRemainder(dividingBy: grid.width)
        sum += sums[query * keys + key] * lengths[abs(keyY - y) * grid.width + abs(keyX - x)]
      }
      return sum / Double(count)
    } / grid.diagonal
  }

  /// What `distance` is where all places are looked at alike.
  public static func uniformDistance(on grid: GridSize) -> Double {
    // Of the pairs of rows (y, y') those with |y - y'| = d are 2 (height - d), or height for d = 0.
    let lengths = lengths(on: grid)
    func pairs(_ d: Int, _ side: Int) -> Double { Double(d == 0 ? side : 2 * (side - d)) }
    var sum = 0.0
    for dy in 0..<grid.height {
      for dx in 0..<grid.width {
        sum += pairs(dy, grid.height) * pairs(dx, grid.width) * lengths[dy * grid.width + dx]
      }
    }
    return sum / Double(grid.cells) / Double(grid.cells) / grid.diagonal
  }

  /// How far cells lie apart, by the rows and columns between them.
  private static func lengths(on grid: GridSize) -> [Double] {
    var lengths: [Double] = []
    for y in 0..<grid.height {
      for x in 0..<grid.width { lengths.append(Double(x * x + y * y).squareRoot()) }
    }
    return lengths
  }

  private func mean(_ value: (Int) -> Double) -> Double {
    let counted = count > 0 ? queries : []
    return counted.isEmpty ? .nan : counted.reduce(0) { $0 + value($1) } / Double(counted.count)
  }
}

/// `p ln p`, which goes to 0 with p.
func plogp(_ p: Double) -> Double { p > 0 ? p * log(p) : 0 }
