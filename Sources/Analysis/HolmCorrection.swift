/// P values of several tests, corrected so that the chance of one or more false findings is held to the level at which they
/// are read, whatever the tests have to do with one another.
public enum HolmCorrection {
  /// The smallest of m values times m, the next times m - 1 and so on; none below that of a smaller value, or above 1.
  /// - Parameter values: 0...1.
  /// - Returns: in the order of the values.
  /// - Source: Holm 1979.
  public static func adjusted(_ values: [Double]) -> [Double] {
    var result = values
    var least = 0.0
    for (place, index) in values.indices.sorted(by: { values[$0] < values[$1] }).enumerated() {
      least = max(least, min(1, values[index] * Double(values.count - place)))
      result[index] = least
    }
    return result
  }
}
