/// The features of all samples at one place: a site, call and head, or what a control makes of them.
public struct FeatureBlock: Sendable {
  /// Of the place, as `cross:5 call 10 head 3`; results are listed under it.
  public let name: String
  public let samples: Int
  /// Features of a sample.
  public let width: Int
  /// `[samples, width]`, row by row.
  public let values: [Float]

  /// - Throws: ``ProbingError`` if the values do not fill the shape, or one of them is not finite.
  public init(name: String, samples: Int, width: Int, values: [Float]) throws(ProbingError) {
    guard samples > 0, width > 0, values.count == samples * width else {
      throw .count(
        of: "features \(name), \(samples) samples by \(width)", expected: samples * width, found: values.count)
    }
    if let place = values.firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(block: name, sample: place / width, feature: place % width)
    }
    self.name = name
    self.samples = samples
    self.width = width
    self.values = values
  }
}

/// Mean and standard deviation of each feature over all samples, whatever their labels.
///
/// Taken once for all folds: no label enters, and each fold's probe has an intercept of its own. The deviation is that of the
/// population, with n. A feature that is the same in all samples, but for rounding, becomes 0.
public struct Standardization: Hashable, Codable, Sendable {
  public let means: [Double]
  /// What a feature is divided by; 0 for one that does not vary.
  public let deviations: [Double]

  public init(_ block: FeatureBlock) {
    let (samples, width) = (block.samples, block.width)
    var means = [Double](repeating: 0, count: width)
    var squares = means
    block.values.withUnsafeBufferPointer { values in
      for row in 0..<samples {
        for column in 0..<width { means[column] += Double(values[row * width + column]) }
      }
      for column in 0..<width { means[column] /= Double(samples) }
      for row in 0..<samples {
        for column in 0..<width {
          let off = Double(values[row * width + column]) - means[column]
          squares[column] += off * off
        }
      }
    }
    self.means = means
    deviations = zip(means, squares).map { mean, square in
      let deviation = (square / Double(samples)).squareRoot()
      return deviation > 1e-12 * abs(mean) ? deviation : 0
    }
  }

  /// The features less their means, over their deviations.
  /// - Throws: ``ProbingError`` if the block has another number of features.
  func callAsFunction(_ block: FeatureBlock) throws(ProbingError) -> Matrix {
    guard block.width == means.count else {
      throw .count(of: "features \(block.name), of one sample", expected: means.count, found: block.width)
    }
    let width = block.width
    let factors = deviations.map { $0 > 0 ? 1 / $0 : 0 }
    var result = Matrix(rows: block.samples, columns: width)
    for row in 0..<block.samples {
      for column in 0..<width {
        result.values[row * width + column] =
          (Double(block.values[row * width + column]) - means[column]) * factors[column]
      }
    }
    return result
  }
}
