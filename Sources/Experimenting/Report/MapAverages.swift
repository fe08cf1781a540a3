import AttentionStore
import AttentionTracing
import Plotting
import Tensors

/// Means of attention maps over sites, steps and heads, gathered one map at a time.
///
/// Maps of different grids may be mixed: each grid has a sum of its own, and the sums are brought to the largest grid at
/// the end. Bilinear upsampling is linear, so this is the mean of the upsampled maps, and memory holds one map a grid
/// whatever the number of maps.
public struct MapAverages: Sendable {
  private struct Grid: Hashable {
    let height: Int
    let width: Int
  }

  /// For each mean that is wanted, the keys of a map that are summed for it, such as the pieces of a word.
  public let keys: [[Int]]
  /// How many maps were added.
  public private(set) var count = 0

  private var weight = 0.0
  /// For each grid and each mean, the weighted sum of its maps; in double precision, so that the order is of no matter to
  /// what is drawn.
  private var sums: [Grid: [[Double]]] = [:]

  /// - Parameter keys: For each mean wanted, the keys to sum: `[[5], [6, 7]]`.
  public init(keys: [[Int]]) {
    self.keys = keys
  }

  /// Adds one map.
  /// - Parameters:
  ///   - values: `[height, width, keyCount]`, row by row: probabilities, each in 0...1.
  ///   - weight: Of this map in the mean: `1 / heads` gives sites whose heads come one by one the weight of one map.
  /// - Throws: `ShapeError` if the values do not fill the shape or a wanted key is not in it.
  public mutating func add(
    _ values: [Float], height: Int, width: Int, keyCount: Int, weight: Double = 1
  ) throws(ShapeError) {
    guard height > 0, width > 0, keyCount > 0, values.count == height * width * keyCount else {
      throw ShapeError("MapAverages", expected: "\(height) x \(width) x \(keyCount) values", found: "\(values.count)")
    }
    if let key = keys.joined().first(where: { !(0..<keyCount).contains($0) }) {
      throw ShapeError("MapAverages", expected: "keys from 0 to \(keyCount - 1)", found: "\(key)")
    }
    let cells = height * width
    let grid = Grid(height: height, width: width)
    var sum = sums[grid] ?? keys.map { _ in [Double](repeating: 0, count: cells) }
    // The array must have one owner while it grows, or each map would copy it.
    sums[grid] = nil
    for (mean, keys) in keys.enumerated() {
      for cell in 0..<cells {
        var value = 0.0
        for key in keys { value += Double(values[cell * keyCount + key]) }
        sum[mean][cell] += weight * value
      }
    }
    sums[grid] = sum
    self.weight += weight
    count += 1
  }

  /// Adds an observation as the tracer hands it over.
  /// - Parameter map: `[height, width, keys]`, or `[heads, height, width, keys]`, whose heads together weigh as one map.
  /// - Throws: `ShapeError` for other axes, or as the function above.
  public mutating func add(_ map: Tensor) throws(ShapeError) {
    let heads = map.shape.count == 4 ? map.shape[0] : 1
    let axes = Array(map.shape.suffix(3))
    guard axes.count == 3, map.shape.count <= 4, heads > 0 else {
      throw ShapeError(
        "MapAverages", expected: "[height, width, keys] or [heads, height, width, keys]", found: map.shape)
    }
    let values = map.values
    let size = values.count / heads
    for head in 0..<heads {
      try add(
        Array(values[(head * size)..<((head + 1) * size)]), height: axes[0], width: axes[1], keyCount: axes[2],
        weight: 1 / Double(heads))
    }
  }

  /// Adds a stored map.
  /// - Parameter heads: The heads of its site; a map of one of them has that part of the weight of a mean over heads.
  /// - Throws: As the function above.
  public mutating func add(_ map: StoredMap, heads: Int) throws(ShapeError) {
    try add(
      map.values, height: map.height, width: map.width, keyCount: map.keys,
      weight: map.head == nil ? 1 : 1 / Double(max(1, heads)))
  }

  /// The means, each on the largest grid that was added; empty if nothing was.
  /// - Throws: `ShapeError`, which sums that were added do not cause.
  public func means() throws -> [HeatMap] {
    guard let height = sums.keys.map(\.height).max(), let width = sums.keys.map(\.width).max(), weight > 0 else {
      return []
    }
    // Sums of floats depend on their order, and a dictionary's differs from run to run.
    let grids = sums.sorted { ($0.key.height, $0.key.width) < ($1.key.height, $1.key.width) }
    return try keys.indices.map { mean in
      var total = [Float](repeating: 0, count: height * width)
      for (grid, sum) in grids {
        let part = try HeatMap(
          width: grid.width, height: grid.height, values: sum[mean].map { Float($0 / weight) })
        let upsampled = try part.resampled(width: width, height: height, .bilinear)
        for cell in total.indices { total[cell] += upsampled.values[cell] }
      }
      return try HeatMap(width: width, height: height, values: total)
    }
  }
}

/// A word and the keys of a recorded map whose sum is its attention.
public struct RecordedWord: Hashable, Sendable {
  /// The word, `car#2` for its second occurrence.
  public let label: String
  /// Token positions of all its pieces.
  public let positions: [Int]
  /// Indices into the last axis of a map.
  public let keys: [Int]

  /// The keys that together cover the positions and nothing else; nil if a record left one of them out.
  /// - Parameter keyPositions: For each key of a map, the token positions summed in it.
  public static func keys(covering positions: [Int], in keyPositions: [[Int]]) -> [Int]? {
    let wanted = Set(positions)
    let keys = keyPositions.indices.filter { !keyPositions[$0].isEmpty && wanted.isSuperset(of: keyPositions[$0]) }
    let covered = keys.flatMap { keyPositions[$0] }
    return !wanted.isEmpty && covered.count == wanted.count && Set(covered) == wanted ? keys : nil
  }

  /// The words of a prompt whose maps were recorded, in the prompt's order.
  /// - Parameter keyPositions: As above.
  public static func all(of prompt: PromptTokens, in keyPositions: [[Int]]) -> [RecordedWord] {
    let words = (try? TokenSelector.words.resolve(prompt)) ?? []
    return words.compactMap { word in
      keys(covering: word.positions, in: keyPositions).map {
        RecordedWord(label: word.label, positions: word.positions, keys: $0)
      }
    }
  }
}

extension HeatMap {
  /// The middle of the cell with the highest value, the first in reading order; nil if no value is finite.
  public var peak: QueryPoint? {
    var best: Int?
    for cell in values.indices where values[cell].isFinite && values[cell] > best.map({ values[$0] }) ?? -.infinity {
      best = cell
    }
    return best.map {
      QueryPoint(x: (Double($0 % width) + 0.5) / Double(width), y: (Double($0 / width) + 0.5) / Double(height))
    }
  }
}
