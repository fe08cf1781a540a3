import Foundation

/// Student's t distribution.
enum StudentT {
  /// The share above a value: half of `I_x(v/2, 1/2)` with `x = v / (v + t^2)` for t of 0 or more. Small shares keep
  /// their digits.
  /// - Parameter freedom: v, the degrees of freedom, above 0.
  /// - Source: Abramowitz and Stegun 1964, 26.7.1.
  static func upper(_ value: Double, freedom: Double) -> Double {
    guard value.isFinite else { return value.isNaN ? .nan : value > 0 ? 0 : 1 }
    // By the ratio, so that the square of a large value does not overflow.
    let ratio = value * (value / freedom)
    let x = 1 / (1 + ratio)
    let tail = 0.5 * Beta.incomplete(x, complement: ratio.isFinite ? ratio * x : 1, freedom / 2, 0.5)
    return value >= 0 ? tail : 1 - tail
  }

  /// The value below which a share lies, for shares above 0 and below 1.
  static func quantile(_ share: Double, freedom: Double) -> Double {
    if share < 0.5 { return -quantile(1 - share, freedom: freedom) }
    var high = 1.0
    while upper(high, freedom: freedom) > 1 - share { high *= 2 }
    // Halving, as for the normal distribution: until no number lies between.
    var low = 0.0
    while true {
      let middle = (low + high) / 2
      guard middle > low, middle < high else { return middle }
      if upper(middle, freedom: freedom) > 1 - share { low = middle } else { high = middle }
    }
  }
}

/// The beta function and its regularised incomplete integral.
enum Beta {
  /// `I_x(a, b)`, the share of a beta distribution below x.
  ///
  /// The continued fraction 26.5.8 of Abramowitz and Stegun 1964 by the modified method of Lentz (Thompson and Barnett
  /// 1986), on the side where it converges fast; the other by `I_x(a, b) = 1 - I_(1 - x)(b, a)`.
  /// - Parameters:
  ///   - x: 0...1.
  ///   - complement: `1 - x`, apart so that it keeps its digits near x = 1.
  ///   - a, b: above 0.
  static func incomplete(_ x: Double, complement: Double, _ a: Double, _ b: Double) -> Double {
    precondition(a > 0 && b > 0 && x >= 0 && complement >= 0, "I_\(x)(\(a), \(b))")
    guard x > 0 else { return 0 }
    guard complement > 0 else { return 1 }
    if x > (a + 1) / (a + b + 2) { return 1 - incomplete(complement, complement: x, b, a) }
    let logX = x < 0.5 ? log(x) : log1p(-complement)
    let logY = x < 0.5 ? log1p(-x) : log(complement)
    return exp(a * logX + b * logY - logarithm(a, b)) / a * fraction(x, a, b)
  }

  /// The value below which a share of a beta distribution lies, for shares above 0 and below 1, to 2^-60.
  static func quantile(_ share: Double, _ a: Double, _ b: Double) -> Double {
    var (low, high) = (0.0, 1.0)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if incomplete(middle, complement: 1 - middle, a, b) < share { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// `1 / (1 + d1 / (1 + d2 / (1 + ...)))`.
  private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    // Lentz: in place of a denominator of 0 a number that is too small to change the result.
    func nonzero(_ value: Double) -> Double { abs(value) < 1e-300 ? 1e-300 : value }
    var c = 1.0
    var d = 1 / nonzero(1 - (a + b) * x / (a + 1))
    var result = d
    // It takes about sqrt(max(a, b)) rounds; the end is for what is not a number.
    for round in 1...100_000 {
      let m = Double(round)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      var change = 1.0
      for term in [even, odd] {
        d = 1 / nonzero(1 + term * d)
        c = nonzero(1 + term / c)
        change = c * d
        result *= change
      }
      if abs(change - 1) < 4e-16 { break }
    }
    return result
  }

  /// `ln B(a, b) = ln G(a) + ln G(b) - ln G(a + b)`.
  ///
  /// Where both `ln G` of a large a are near a ln a their difference would lose digits: there it is taken by Stirling's
  /// series, the large terms gone by hand.
  static func logarithm(_ a: Double, _ b: Double) -> Double {
    let (small, large) = (min(a, b), max(a, b))
    guard large >= 10 else { return lgamma(small) + lgamma(large) - lgamma(small + large) }
    let sum = small + large
    // ln G(large) - ln G(sum)
    let ratio = (large - 0.5) * -log1p(small / large) - small * log(sum) + small + stirling(large) - stirling(sum)
    return lgamma(small) + ratio
  }

  /// What Stirling's formula lacks: `ln G(x) - ((x - 1/2) ln x - x + ln(2 pi) / 2)`, for x of 10 or more.
  /// - Source: Abramowitz and Stegun 1964, 6.1.41.
  private static func stirling(_ x: Double) -> Double {
    let square = 1 / (x * x)
    let inverses: [Double] = [12, -360, 1260, -1680, 1188, -360_360 / 691]
    let sum = inverses.reversed().reduce(0.0) { (sum: Double, inverse: Double) in sum * square + 1 / inverse }
    return sum / x
  }
}
