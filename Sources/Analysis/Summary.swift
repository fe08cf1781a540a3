/// A sample in numbers: how many, their mean, their spread.
public struct Summary: Hashable, Sendable {
  /// The values that are finite; the others are counted apart.
  public let count: Int
  /// Values that are infinite or not numbers, as the PSNR of equal pictures.
  public let unbounded: Int
  /// NaN where `count` is 0.
  public let mean: Double
  /// The sample's standard deviation, with n - 1; NaN where `count` is below 2.
  public let standardDeviation: Double
  public let minimum: Double
  public let maximum: Double

  public init(_ values: [Double]) {
    let finite = values.filter(\.isFinite)
    let mean = finite.isEmpty ? Double.nan : finite.reduce(0, +) / Double(finite.count)
    count = finite.count
    unbounded = values.count - finite.count
    self.mean = mean
    let squares = finite.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    standardDeviation = finite.count < 2 ? .nan : (squares / Double(finite.count - 1)).squareRoot()
    minimum = finite.min() ?? .nan
    maximum = finite.max() ?? .nan
  }
}
