/// How far two quantities rise and fall together over the same units in several windows: the mean of the windows' rank correlations.
///
/// Its p comes from exchanging the units of the first quantity in all windows alike, so windows need not be independent of one another.
public struct MeanRankCorrelation: Hashable, Sendable {
  /// The values of the units in one window, in the same order in all windows.
  public struct Window: Hashable, Sendable {
    public let x: [Double]
    public let y: [Double]

    /// - Parameters:
    ///   - x, y: as many of one as of the other.
    public init(_ x: [Double], _ y: [Double]) {
      precondition(x.count == y.count, "\(x.count) values and \(y.count)")
      self.x = x
      self.y = y
    }
  }

  /// Spearman's coefficient, averaged over the windows that have one.
  public let value: Double
  /// How many these are.
  public let windows: Int
  /// Two-sided, for no association: the share of orders, the own one among them, that give as large a mean. nil where windows have not the
  /// same units, or one lacks a finite value.
  public let p: Double?

  /// Random orders of the units, beside the own one.
  public static let orders = 9999

  /// - Returns: nil where no window has a correlation: fewer than three units, or a quantity that is the same at all.
  public init?(_ windows: [Window]) {
    let correlated = windows.map { (window: $0, value: RankCorrelation(.spearman, $0.x, $0.y).value) }
    let told = correlated.filter { $0.value != nil }.map(\.window)
    guard let units = told.first?.x.count else { return nil }
    value = correlated.compactMap(\.value).reduce(0, +) / Double(told.count)
    self.windows = told.count
    guard told.allSatisfy({ $0.x.count == units && ($0.x + $0.y).allSatisfy(\.isFinite) }) else {
      p = nil
      return
    }
    let ranked = told.map { Ranked($0, center: Double(units + 1) / 2) }
    func mean(_ order: [Int]) -> Double { ranked.reduce(0) { $0 + $1.correlation(order) } / Double(ranked.count) }
    var order = Array(0..<units)
    // What rounding changes is no smaller.
    let own = abs(mean(order)) - 1e-12
    var random = SplitMix64(seed: 0)
    var asLarge = 1
    for _ in 0..<Self.orders {
      // Fisher and Yates, with a generator that stays as it is.
      for index in order.indices.dropLast() { order.swapAt(index, index + random.next(below: units - index)) }
      if abs(mean(order)) >= own { asLarge += 1 }
    }
    p = Double(asLarge) / Double(Self.orders + 1)
  }

  /// Ranks less their mean.
  private struct Ranked {
    let x: [Double]
    let y: [Double]
    let spread: Double

    init(_ window: Window, center: Double) {
      x = RankCorrelation.ranks(window.x).map { $0 - center }
      y = RankCorrelation.ranks(window.y).map { $0 - center }
      spread = (x.reduce(0) { $0 + $1 * $1 } * y.reduce(0) { $0 + $1 * $1 }).squareRoot()
    }

    /// With the units of x in another order.
    func correlation(_ order: [Int]) -> Double {
      var products = 0.0
      for place in order.indices { products += x[order[place]] * y[place] }
      return products / spread
    }
  }
}
