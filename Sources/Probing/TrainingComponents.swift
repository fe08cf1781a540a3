import Analysis

/// The principal components of a fold's training samples, and where any sample lies on them.
///
/// The samples that are held out have no part in them: neither in the mean that is taken off nor in the directions.
struct TrainingComponents: Sendable {
  private let means: [Double]
  /// `[components, features]`, of length 1 each, falling by variance.
  private let directions: Matrix
  var count: Int { directions.rows }

  /// - Parameters:
  ///   - features: `[samples, features]`.
  ///   - training: two or more of the samples.
  ///   - most: components. There are no more than features, or training samples less 1, and none of rounding alone.
  /// - Throws: `LinearAlgebraError`.
  init(_ features: Matrix, training: [Int], most: Int) throws(LinearAlgebraError) {
    var rows = features.rows(training)
    var means = [Double](repeating: 0, count: rows.columns)
    for row in 0..<rows.rows {
      for column in 0..<rows.columns { means[column] += rows[row, column] / Double(rows.rows) }
    }
    for row in 0..<rows.rows {
      for column in 0..<rows.columns { rows[row, column] -= means[column] }
    }
    let isDual = rows.columns > rows.rows
    let products = rows.squared(turned: !isDual)
    let trace = (0..<products.rows).reduce(0) { $0 + products[$1, $1] }
    let found = try SymmetricEigen.largest(
      min(most, rows.columns, rows.rows - 1), of: products.values, size: products.rows
    ).filter { $0.value > 1e-12 * trace }
    var directions = Matrix(rows: found.count, columns: found.first?.vector.count ?? rows.columns)
    for (place, component) in found.enumerated() {
      for (column, value) in component.vector.enumerated() { directions[place, column] = value }
    }
    if isDual, !found.isEmpty {
      // Left singular vectors so far; `XT u` over the singular value is the direction.
      directions = Matrix.product(directions, rows)
      for (place, component) in found.enumerated() {
        for column in 0..<directions.columns { directions[place, column] /= component.value.squareRoot() }
      }
    }
    self.means = means
    self.directions = directions
  }

  /// `[samples, components]`.
  func scores(_ features: Matrix, of samples: [Int]) -> Matrix {
    var rows = features.rows(samples)
    for row in 0..<rows.rows {
      for column in 0..<rows.columns { rows[row, column] -= means[column] }
    }
    return Matrix.product(rows, directions, turnB: true)
  }
}
