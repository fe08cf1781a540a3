import Analysis
import Attention
import AttentionStore
import Plotting
import Tensors

/// The mean over the heads of a site at a step, added head by head in the order they are stored.
///
/// `Scalar` is what sums are taken in: single precision where maps are drawn or exported as they are stored, double where
/// numbers are computed of them.
package struct HeadMean<Scalar: BinaryFloatingPoint> {
  @usableFromInline var sum: [Scalar]
  @usableFromInline var heads = 0

  /// - Parameter count: values of a head.
  @inlinable package init(count: Int) {
    sum = [Scalar](repeating: 0, count: count)
  }

  /// - Parameter values: of a head, as many as all others have.
  @inlinable package mutating func add(_ values: [Scalar]) {
    precondition(values.count == sum.count, "heads of one size")
    heads += 1
    for index in values.indices { sum[index] += values[index] }
  }

  /// 0 everywhere before the first head.
  @inlinable package var values: [Scalar] { sum.map { $0 / Scalar(max(1, heads)) } }
}

/// The mean over heads of some keys' maps at one site and step.
package struct KeysMean {
  package let site: AttentionSite
  package let grid: GridSize
  let keys: [Int]
  private var mean: HeadMean<Double>

  /// - Parameters:
  ///   - map: The first; it gives the grid and is not added.
  ///   - keys: To sum; none for a mean that stays 0.
  package init(site: AttentionSite, _ map: StoredMap, keys: [Int]) {
    self.site = site
    self.keys = keys
    grid = map.grid
    mean = HeadMean(count: map.grid.cells)
  }

  /// - Throws: `ResultsError` for a key that the map has not.
  package mutating func add(_ map: StoredMap) throws(ResultsError) {
    guard !keys.isEmpty else { return }
    mean.add(try sumOverKeys(keys, of: map.values, keyCount: map.keys))
  }

  package var values: [Double] { mean.values }

  package func heatMap() throws -> HeatMap {
    try HeatMap(width: grid.width, height: grid.height, values: values.map(Float.init))
  }
}

/// The sum over some keys at each cell of a map: `[cells]`.
/// - Parameter values: `[cells, keyCount]`.
/// - Throws: `ResultsError` for a key that the map has not.
package func sumOverKeys(_ keys: [Int], of values: [Float], keyCount: Int) throws(ResultsError) -> [Double] {
  if let key = keys.first(where: { !(0..<keyCount).contains($0) }) { throw .key(key, count: keyCount) }
  return keySums(keys, of: values, keyCount: keyCount)
}

extension StoredMap {
  /// Of its queries.
  package var grid: GridSize { GridSize(height: height, width: width) }

  /// The map's row of one query: `[keys]`.
  package func row(_ query: Int) -> [Float] { Array(values[(query * keys)..<((query + 1) * keys)]) }
}
