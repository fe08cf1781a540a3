/// The generator of resampling: SplitMix64 of Steele, Lea and Flood 2014.
///
/// The same seed gives the same numbers on every machine and with every version of the standard library, so that an
/// interval can be computed again. All 2^64 values occur once in its period. Not for secrets.
public struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// A whole number in `0 ..< bound`, each equally likely.
  ///
  /// The high half of a product, with the draws rejected that would favour some numbers: Lemire 2019. The standard
  /// library's own `random(in:)` may change how it draws; this does not.
  /// - Parameter bound: 1 or more.
  public mutating func next(below bound: Int) -> Int {
    precondition(bound > 0, "a random number below \(bound)")
    let width = UInt64(bound)
    let threshold = (0 &- width) % width
    while true {
      let product = width.multipliedFullWidth(by: next())
      if product.low >= threshold { return Int(product.high) }
    }
  }
}
