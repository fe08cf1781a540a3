import Analysis

/// Attention maps of all samples at one site and call, a map for each head: features, and the controls that are made of them.
public struct MapFeatures: Sendable {
  /// Of the place, as `cross:5 call 10`.
  public let name: String
  public let samples: Int
  public let heads: Int
  /// Values of a map.
  public let cells: Int
  /// `[samples, heads, cells]`, finite.
  public let values: [Float]

  /// - Throws: ``ProbingError`` if the values do not fill the shape, or one of them is not finite.
  public init(name: String, samples: Int, heads: Int, cells: Int, values: [Float]) throws(ProbingError) {
    let block = try FeatureBlock(name: name, samples: samples, width: heads * cells, values: values)
    self.init(block, heads: heads, cells: cells)
  }

  private init(_ block: FeatureBlock, heads: Int, cells: Int) {
    name = block.name
    samples = block.samples
    self.heads = heads
    self.cells = cells
    values = block.values
  }

  /// All values as features, `[samples, heads * cells]`.
  public func whole() throws(ProbingError) -> FeatureBlock {
    try FeatureBlock(name: name, samples: samples, width: heads * cells, values: values)
  }

  /// One head's values as features, `[samples, cells]`.
  /// - Parameter head: from 0.
  public func head(_ head: Int) throws(ProbingError) -> FeatureBlock {
    let starts = (0..<samples).map { ($0 * heads + head) * cells }
    return try FeatureBlock(
      name: "\(name) head \(head + 1)", samples: samples, width: cells,
      values: starts.flatMap { values[$0..<($0 + cells)] })
  }

  /// Some heads alone, `[samples, heads, cells]`.
  /// - Parameter numbers: from 0, one or more.
  public func choosing(heads numbers: [Int]) throws(ProbingError) -> MapFeatures {
    let starts = (0..<samples).flatMap { sample in numbers.map { (sample * heads + $0) * cells } }
    return try MapFeatures(
      name: name, samples: samples, heads: numbers.count, cells: cells,
      values: starts.flatMap { values[$0..<($0 + cells)] })
  }

  /// The control of mass: the sum of each map, one number a head, `[samples, heads]`.
  ///
  /// It says how much a word is looked at, and nothing of where. Of self maps it says nothing, since their rows sum to 1.
  public func mass() throws(ProbingError) -> FeatureBlock {
    try FeatureBlock(name: "\(name) mass", samples: samples, width: heads, values: try masses().map { Float($0) })
  }

  /// The pattern: each map over its mass, which says where and nothing of how much. A map without mass stays 0.
  public func pattern() throws(ProbingError) -> MapFeatures {
    var result = values
    for (map, mass) in try masses().enumerated() where mass > 0 {
      for place in (map * cells)..<((map + 1) * cells) { result[place] = Float(Double(values[place]) / mass) }
    }
    return try MapFeatures(name: "\(name) pattern", samples: samples, heads: heads, cells: cells, values: result)
  }

  /// The control of place: the values of each map in an order of its own, drawn anew for every sample and head.
  ///
  /// A probe that does as well with it reads what values there are, not where.
  public func permuted(seed: UInt64) throws(ProbingError) -> MapFeatures {
    var generator = SplitMix64(seed: seed)
    var result = values
    for map in 0..<(samples * heads) {
      for last in (0..<cells).dropFirst().reversed() {
        result.swapAt(map * cells + last, map * cells + generator.next(below: last + 1))
      }
    }
    return try MapFeatures(name: "\(name) permuted", samples: samples, heads: heads, cells: cells, values: result)
  }

  /// `[samples, heads]`.
  private func masses() throws(ProbingError) -> [Double] {
    var result = [Double](repeating: 0, count: samples * heads)
    for map in result.indices {
      for place in (map * cells)..<((map + 1) * cells) {
        guard values[place] >= 0 else { throw .negativeMap(block: name, sample: map / heads, head: map % heads) }
        result[map] += Double(values[place])
      }
    }
    return result
  }
}
