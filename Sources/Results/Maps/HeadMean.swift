import Analysis
import Attention
import AttentionStore
import Planning
import Plotting
import Tensors

/// The mean over heads of some keys' maps at one site and step, added head by head.
package struct HeadMean {
  package let site: AttentionSite
  package let grid: GridSize
  package let keys: [Int]
  private var sum: [Double]
  private var count = 0

  /// - Parameters:
  ///   - map: The first; it gives the grid and is not added.
  ///   - keys: To sum; none for a mean that stays 0.
  package init(site: AttentionSite, _ map: StoredMap, keys: [Int]) {
    self.site = site
    self.keys = keys
    grid = map.grid
    sum = [Double](repeating: 0, count: map.grid.cells)
  }

  /// - Throws: `ExperimentError` for a key that the map has not.
  package mutating func add(_ map: StoredMap) throws {
    count += 1
    guard !keys.isEmpty else { return }
    for (cell, value) in try map.sum(over: keys).enumerated() { sum[cell] += value }
  }

  package var values: [Double] { sum.map { $0 / Double(max(1, count)) } }

  package func heatMap() throws -> HeatMap {
    try HeatMap(width: grid.width, height: grid.height, values: values.map(Float.init))
  }
}

extension StoredMap {
  /// Of its queries.
  package var grid: GridSize { GridSize(height: height, width: width) }

  /// The sum over some keys at each cell: `[height * width]`.
  /// - Throws: `ExperimentError` for a key that the map has not.
  package func sum(over keys: [Int]) throws -> [Double] {
    if let key = keys.first(where: { !(0..<self.keys).contains($0) }) {
      throw ExperimentError("a map of \(self.keys) keys has no key \(key): the record's keys do not fit its maps")
    }
    let values = self.values
    return (0..<grid.cells).map { cell in keys.reduce(0) { $0 + Double(values[cell * self.keys + $1]) } }
  }

  /// The map's row of one query: `[keys]`.
  package func row(_ query: Int) -> [Float] { Array(values[(query * keys)..<((query + 1) * keys)]) }
}
