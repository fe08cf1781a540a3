/// Which values the two ends of a color map stand for.
public enum ColorScale: Hashable, Sendable {
  /// One pair of ends for every map of a figure: colors can be compared between maps. Values beyond take the end's color.
  case shared(min: Float, max: Float)
  /// Each map from its own lowest to its own highest value: shapes can be compared, colors cannot.
  case perMap

  /// One scale that reaches from zero, or the lowest value if that is negative, to the highest of all finite values.
  public static func covering(_ maps: some Sequence<HeatMap>) -> ColorScale {
    var low: Float = 0
    var high: Float = 0
    for range in maps.lazy.compactMap(\.range) {
      low = min(low, range.lowerBound)
      high = max(high, range.upperBound)
    }
    return .shared(min: low, max: high)
  }

  /// One scale for signed values, whose middle is 0: as far to both sides as the largest magnitude of all finite values.
  public static func centered(on maps: some Sequence<HeatMap>) -> ColorScale {
    let most = maps.lazy.compactMap(\.range).map { max(-$0.lowerBound, $0.upperBound) }.max() ?? 0
    // Where nothing differs from 0 any ends will do; equal ones have no middle.
    return most > 0 ? .shared(min: -most, max: most) : .shared(min: -1, max: 1)
  }

  /// The ends for one map. A map without a finite value has the ends 0 and 0.
  func range(for map: HeatMap) -> ClosedRange<Float> {
    switch self {
    case .shared(let low, let high): low...high
    case .perMap: map.range ?? 0...0
    }
  }

  var problem: String? {
    guard case .shared(let low, let high) = self, !(low.isFinite && high.isFinite && low <= high) else { return nil }
    return "the scale runs from \(low) to \(high), expected finite ends in rising order"
  }
}

extension ClosedRange<Float> {
  /// Where a value lies, 0 at the lower and 1 at the upper end; 0 everywhere if the ends are equal.
  func place(_ value: Float) -> Float {
    if value.isNaN { return value }
    if value <= lowerBound { return 0 }
    if value >= upperBound { return 1 }
    // In double precision: the width of a range of huge floats may not fit a float.
    return Float((Double(value) - Double(lowerBound)) / (Double(upperBound) - Double(lowerBound)))
  }
}
