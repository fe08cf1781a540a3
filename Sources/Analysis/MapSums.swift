/// The sum over some keys at each cell of a map, in double precision: `[cells]`.
/// - Parameters:
///   - keys: Each below `keyCount`.
///   - values: `[cells, keyCount]`.
package func keySums(_ keys: [Int], of values: [Float], keyCount: Int) -> [Double] {
  stride(from: 0, to: values.count, by: max(1, keyCount)).map { cell in
    var sum = 0.0
    for key in keys { sum += Double(values[cell + key]) }
    return sum
  }
}

extension [Float] {
  /// Adds `share` times other values to as many of these, from a place on.
  package mutating func add(_ values: [Float], times share: Float, from start: Int) {
    for (place, value) in values.enumerated() { self[start + place] += value * share }
  }
}
