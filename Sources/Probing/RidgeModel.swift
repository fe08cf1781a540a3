import Analysis

/// A ridge probe trained on all samples it was given: what is kept, and asked of new maps.
public struct RidgeModel: Hashable, Codable, Sendable {
  /// Of the feature block it was trained on.
  public let name: String
  public let classes: [String]
  public let penalty: Double
  public let standardization: Standardization
  /// `[features, classes]`, of standardized features.
  public let weights: [Double]
  /// For each class.
  public let intercepts: [Double]

  /// - Parameter penalty: above 0.
  /// - Throws: ``ProbingError`` if the labels do not fit or the penalty is not positive; `LinearAlgebraError`.
  public init(_ block: FeatureBlock, labels: ProbeLabels, penalty: Double) throws {
    guard penalty > 0, penalty.isFinite else { throw ProbingError.penalty(penalty) }
    guard labels.values.count == block.samples else {
      throw ProbingError.count(of: "labels \(labels.name)", expected: block.samples, found: labels.values.count)
    }
    let standardization = Standardization(block)
    let features = try standardization(block)
    let targets = OneHot(labels)
    let isDual = features.columns > features.rows
    var products = features.squared(turned: !isDual)
    products.addToDiagonal(penalty)
    let cholesky = try Cholesky(products, of: "ridge of \(block.name)")
    // Standardized features have no mean, so the intercepts are the means of the targets.
    let found =
      isDual
      ? Matrix.product(features, cholesky.solve(targets.centered), turnA: true)
      : cholesky.solve(Matrix.product(features, targets.centered, turnA: true))
    name = block.name
    classes = labels.classes
    self.penalty = penalty
    self.standardization = standardization
    weights = found.values
    intercepts = targets.means
  }

  /// What the probe says of other samples' features at the same place.
  /// - Throws: ``ProbingError`` if there are not as many features.
  public func callAsFunction(_ block: FeatureBlock) throws(ProbingError) -> HeldOutScores {
    let features = try standardization(block)
    let weights = Matrix(rows: features.columns, columns: classes.count, values: weights)
    var scores = Matrix.product(features, weights).values
    for place in scores.indices { scores[place] += intercepts[place % classes.count] }
    return HeldOutScores(classes: classes.count, scores: scores)
  }
}

/// A column for each class: 1 where a sample has it, less the column's mean.
struct OneHot {
  let centered: Matrix
  let means: [Double]

  init(_ labels: ProbeLabels) {
    self.init(labels.values, classes: labels.classes.count)
  }

  init(_ labels: [Int], classes: Int) {
    let means = (0..<classes).map { label in Double(labels.count { $0 == label }) / Double(labels.count) }
    var matrix = Matrix(rows: labels.count, columns: classes)
    for (row, label) in labels.enumerated() {
      for column in 0..<classes { matrix[row, column] = (column == label ? 1 : 0) - means[column] }
    }
    centered = matrix
    self.means = means
  }
}
