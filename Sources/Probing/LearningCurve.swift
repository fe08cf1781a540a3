import Analysis

/// How a ridge probe's accuracy rises with the seeds that it is trained on.
///
/// Each fold holds out one seed. For k training seeds its probe is trained on the k seeds that follow in the order of the
/// samples, after the last one the first again, so that each seed is trained on as often as any other, and the seeds of a
/// smaller k are among those of a larger one.
public struct LearningCurve: Hashable, Codable, Sendable {
  /// One number of training seeds.
  public struct Point: Hashable, Codable, Sendable {
    public let trainingSeeds: Int
    public let accuracy: ProbeAccuracy
  }

  /// Rising; the last has all seeds but the one held out.
  public let points: [Point]

  /// The numbers of seeds that are tried, as far as there are that many beside the one held out.
  public static let trainingSeeds = [1, 2, 4, 8]

  /// - Parameters:
  ///   - penalty: above 0.
  ///   - counts: of training seeds; those that leave none to test are left out.
  /// - Throws: ``ProbingError``; `LinearAlgebraError`.
  public init(
    _ block: FeatureBlock, labels: ProbeLabels, samples: [ProbeSample], penalty: Double,
    counts: [Int] = LearningCurve.trainingSeeds, confidence: Double = 0.95
  ) throws {
    guard penalty > 0, penalty.isFinite else { throw ProbingError.penalty(penalty) }
    guard block.samples == samples.count else {
      throw ProbingError.count(of: "features \(block.name), samples", expected: samples.count, found: block.samples)
    }
    let folds = try Folds(samples, by: .seeds)
    try folds.check(labels)
    let seeds = folds.tests.count
    let products = try Standardization(block)(block).squared(turned: false)
    let tried = Set(counts.filter { (1..<(seeds - 1)).contains($0) }).sorted() + [seeds - 1]
    points = try tried.map { count in
      var predicted = [Int](repeating: 0, count: samples.count)
      for (fold, test) in folds.tests.enumerated() {
        let training = (1...count).flatMap { folds.tests[(fold + $0) % seeds] }
        let said = try Self.predictions(
          products, training: training, test: test, labels: labels, penalty: penalty, of: "ridge of \(block.name)")
        for (sample, label) in zip(test, said) { predicted[sample] = label }
      }
      return Point(
        trainingSeeds: count,
        accuracy: try ProbeAccuracy(predicted: predicted, labels: labels, samples: samples, confidence: confidence))
    }
  }

  /// Ridge regression with an intercept in its dual form, of inner products: with `Kc` the training samples' products after
  /// centring and `m` their means, a score is `mean + sum_t (K[x,t] - m[t]) a[t]` with `(Kc + penalty I) a = centered targets`.
  private static func predictions(
    _ products: Matrix, training: [Int], test: [Int], labels: ProbeLabels, penalty: Double, of what: String
  ) throws(LinearAlgebraError) -> [Int] {
    let n = training.count
    var kernel = Matrix(rows: n, columns: n)
    for (row, a) in training.enumerated() {
      for (column, b) in training.enumerated() { kernel[row, column] = products[a, b] }
    }
    let means = (0..<n).map { row in (0..<n).reduce(0) { $0 + kernel[row, $1] } / Double(n) }
    let mean = means.reduce(0, +) / Double(n)
    for row in 0..<n {
      for column in 0..<n { kernel[row, column] += mean - means[row] - means[column] }
    }
    kernel.addToDiagonal(penalty)
    let targets = OneHot(training.map { labels.values[$0] }, classes: labels.classes.count)
    let solved = try Cholesky(kernel, of: what).solve(targets.centered)
    var across = Matrix(rows: test.count, columns: n)
    for (row, sample) in test.enumerated() {
      for (column, other) in training.enumerated() { across[row, column] = products[sample, other] - means[column] }
    }
    let scores = Matrix.product(across, solved)
    return test.indices.map { row in
      HeldOutScores.winner(targets.means.indices.map { targets.means[$0] + scores[row, $0] })
    }
  }
}
