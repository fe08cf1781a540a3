import Foundation

/// Multinomial logistic regression with a squared penalty.
///
/// The probability of class c is `exp(w_c x + b_c)` over the sum of all classes'. The weights w minimize the sum over samples
/// of `-ln p(its class)` plus `penalty / 2` times the sum of their squares; the intercepts b are not penalized. That is
/// scikit-learn's `LogisticRegression(C=1/penalty)`.
struct LogisticRegression: Sendable {
  /// `[classes, features + 1]`, the intercept last.
  private let weights: Matrix

  /// - Parameters:
  ///   - features: `[samples, features]`.
  ///   - labels: for each sample a number below `classes`; every class occurs.
  ///   - penalty: above 0.
  /// - Throws: ``ProbingError`` if the minimum is not found.
  init(_ features: Matrix, labels: [Int], classes: Int, penalty: Double) throws(ProbingError) {
    let inputs = Self.withOnes(features)
    let spread = Double(classes - 1) / Double(classes * classes)
    // The curvature where all classes are equally likely and features do not hang together, as components do not.
    let guess = (0..<inputs.columns).map { column in
      let squares = (0..<inputs.rows).reduce(0) { $0 + inputs[$1, column] * inputs[$1, column] }
      return 1 / (spread * squares + (column < features.columns ? penalty : 0))
    }
    let found = try LimitedMemoryBFGS.minimum(
      from: [Double](repeating: 0, count: classes * inputs.columns), inverse: (0..<classes).flatMap { _ in guess },
      tolerance: Self.tolerance
    ) { Self.loss($0, inputs, labels: labels, classes: classes, penalty: penalty) }
    weights = Matrix(rows: classes, columns: inputs.columns, values: found)
  }

  /// The largest derivative at the minimum, in nats.
  private static let tolerance = 1e-5

  /// The loss in nats with its gradient.
  /// - Parameters:
  ///   - weights: `[classes, columns of the inputs]`, of which the last is the intercept's.
  ///   - inputs: features and a column of ones.
  static func loss(
    _ weights: [Double], _ inputs: Matrix, labels: [Int], classes: Int, penalty: Double
  ) -> (value: Double, gradient: [Double]) {
    let weights = Matrix(rows: classes, columns: inputs.columns, values: weights)
    var off = logarithms(inputs, weights)
    var value = 0.0
    for (row, label) in labels.enumerated() { value -= off[row, label] }
    for place in off.values.indices { off.values[place] = exp(off.values[place]) }
    for (row, label) in labels.enumerated() { off[row, label] -= 1 }
    var gradient = Matrix.product(off, inputs, turnA: true)
    for label in 0..<classes {
      for column in 0..<(inputs.columns - 1) {
        let weight = weights[label, column]
        value += penalty / 2 * weight * weight
        gradient[label, column] += penalty * weight
      }
    }
    return (value, gradient.values)
  }

  /// The natural logarithms of the classes' probabilities, `[samples, classes]`.
  func logarithms(_ features: Matrix) -> Matrix { Self.logarithms(Self.withOnes(features), weights) }

  /// The classes' scores before softmax, `[samples, classes]`.
  func scores(_ features: Matrix) -> Matrix { Matrix.product(Self.withOnes(features), weights, turnB: true) }

  private static func logarithms(_ inputs: Matrix, _ weights: Matrix) -> Matrix {
    var result = Matrix.product(inputs, weights, turnB: true)
    let classes = weights.rows
    for row in 0..<result.rows {
      var largest = -Double.infinity
      for label in 0..<classes { largest = max(largest, result[row, label]) }
      let sum = (0..<classes).reduce(0) { $0 + exp(result[row, $1] - largest) }
      let normalizer = largest + log(sum)
      for label in 0..<classes { result[row, label] -= normalizer }
    }
    return result
  }

  private static func withOnes(_ features: Matrix) -> Matrix {
    var result = Matrix(rows: features.rows, columns: features.columns + 1)
    for row in 0..<features.rows {
      for column in 0..<features.columns { result[row, column] = features[row, column] }
      result[row, features.columns] = 1
    }
    return result
  }
}
