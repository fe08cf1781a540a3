import Foundation

/// A coefficient of ranks with its two-sided p.
struct RankAnswer {
  let value, p: Double
  let distribution: RankCorrelation.Distribution
}

/// Pearson's correlation of ranks.
struct Spearman {
  let answer: RankAnswer

  /// - Parameters:
  ///   - x, y: finite, three or more, not all equal.
  init(_ x: [Double], _ y: [Double]) {
    let (a, b) = (Self.centered(x), Self.centered(y))
    let product = Self.product(a, b)
    // Halves of whole numbers: the sums are exact, and so are coefficients of 1 and -1.
    let value = max(-1, min(1, product / (Self.product(a, a) * Self.product(b, b)).squareRoot()))
    if x.count <= 8 {
      var orders = Orders(fixed: a, turned: b, bound: abs(product))
      orders.count(from: 0, sum: 0)
      answer = RankAnswer(value: value, p: Double(orders.extreme) / Double(orders.total), distribution: .exact)
    } else {
      let freedom = Double(x.count - 2)
      let t = abs(value) * (freedom / ((1 + value) * (1 - value))).squareRoot()
      answer = RankAnswer(value: value, p: 2 * StudentT.upper(t, freedom: freedom), distribution: .studentT)
    }
  }

  /// Ranks less their mean.
  private static func centered(_ values: [Double]) -> [Double] {
    RankCorrelation.ranks(values).map { $0 - Double(values.count + 1) / 2 }
  }

  private static func product(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// All orders of some values beside others that stay.
  private struct Orders {
    let fixed: [Double]
    var turned: [Double]
    let bound: Double
    var total = 0
    var extreme = 0

    init(fixed: [Double], turned: [Double], bound: Double) {
      (self.fixed, self.turned, self.bound) = (fixed, turned, bound)
    }

    /// Counts the orders of the values from a place on.
    /// - Parameter sum: of the products before it.
    mutating func count(from place: Int, sum: Double) {
      guard place < fixed.count else {
        total += 1
        if abs(sum) >= bound { extreme += 1 }
        return
      }
      for other in place..<fixed.count {
        turned.swapAt(place, other)
        count(from: place + 1, sum: sum + fixed[place] * turned[place])
        turned.swapAt(place, other)
      }
    }
  }
}

/// Kendall's tau-b.
struct Kendall {
  let answer: RankAnswer

  /// - Parameters:
  ///   - x, y: finite, three or more, not all equal.
  init(_ x: [Double], _ y: [Double]) {
    var (alike, unlike) = (0, 0)
    for i in x.indices {
      for j in 0..<i where x[i] != x[j] && y[i] != y[j] {
        if (x[i] < x[j]) == (y[i] < y[j]) { alike += 1 } else { unlike += 1 }
      }
    }
    let (tiesX, tiesY) = (Ties(x), Ties(y))
    let pairs = x.count * (x.count - 1) / 2
    let norm = (Double(pairs - tiesX.pairs) * Double(pairs - tiesY.pairs)).squareRoot()
    let value = max(-1, min(1, Double(alike - unlike) / norm))
    if tiesX.pairs == 0, tiesY.pairs == 0, x.count <= 33 {
      let p = min(1, 2 * Self.share(ofInversionsUpTo: min(alike, unlike), count: x.count))
      answer = RankAnswer(value: value, p: p, distribution: .exact)
    } else {
      let z = Double(alike - unlike) / Self.variance(x.count, tiesX, tiesY).squareRoot()
      answer = RankAnswer(value: value, p: erfc(abs(z) / 2.0.squareRoot()), distribution: .normal)
    }
  }

  /// Groups of equal values.
  private struct Ties {
    /// `sum t (t - 1) / 2`, over groups of t.
    var pairs = 0
    /// `sum t (t - 1)(t - 2)`.
    var triples = 0.0
    /// `sum t (t - 1)(2 t + 5)`.
    var spread = 0.0

    init(_ values: [Double]) {
      for group in Dictionary(grouping: values, by: { $0 }).values {
        let t = Double(group.count)
        pairs += group.count * (group.count - 1) / 2
        triples += t * (t - 1) * (t - 2)
        spread += t * (t - 1) * (2 * t + 5)
      }
    }
  }

  /// Of `C - D` where the quantities have nothing to do with one another.
  /// - Source: Kendall 1970, chapter 4; as in `scipy.stats.kendalltau`.
  private static func variance(_ count: Int, _ x: Ties, _ y: Ties) -> Double {
    let n = Double(count)
    let m = n * (n - 1)
    return (m * (2 * n + 5) - x.spread - y.spread) / 18 + 2 * Double(x.pairs) * Double(y.pairs) / m
      + x.triples * y.triples / (9 * m * (n - 2))
  }

  /// The share of the orders of n values with so many inversions or fewer.
  ///
  /// A value that is put behind i - 1 others in order makes 0 to i - 1 new ones, each as likely.
  static func share(ofInversionsUpTo limit: Int, count: Int) -> Double {
    var shares = [1.0] + [Double](repeating: 0, count: limit)
    for i in 1...count {
      shares = shares.indices.map { shares[max(0, $0 - i + 1)...$0].reduce(0, +) / Double(i) }
    }
    return shares.reduce(0, +)
  }
}
