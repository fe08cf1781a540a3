import Analysis
import COpenBLAS

/// Ridge classification of one feature block, ready for any labels: its hat matrix over the folds.
///
/// With X the standardized features, `[n, p]`, and one-hot targets Y, ridge regression with an intercept that is not
/// penalized fits `H Y`, with `H = 1 1T / n + X (XT X + penalty I)^-1 XT`. What the regression without the samples G of a fold
/// would say of them follows from blocks of H alone, and exactly:
///
///     (I - H[G,G])^-1 H[G,rest] Y[rest]
///
/// With `H = Z ZT` that is `A ZT Y - B Y[G]`, where `A = (I - H[G,G])^-1 Z[G]` and `B = (I - H[G,G])^-1 H[G,G]`. H does not
/// hang on Y: all folds, shuffled labels and permutations use one, and a permutation only multiplies. The class of
/// the largest score is the one that is predicted; of scores that are equal but for rounding, the first.
///
/// Where features are many, `XT X` gives way to `X XT`, and H is `1 1T / n + (K + penalty I)^-1 K` with `K = X XT`.
/// - Source: for one sample left out Allen 1974, for groups Cook and Weisberg 1982, section 2.2.
public struct HatMatrix: Sendable {
  /// The samples of one fold after those of another; what follows counts them in this order.
  private let order: [Int]
  /// Of each fold.
  private let places: [Range<Int>]
  /// `[n, p + 1]`: Z with `H = Z ZT`, where that has few columns.
  private let factor: Matrix?
  /// `[n, p + 1]`, with the rows (I - H[G,G])^-1 Z[G] of each fold; or without a factor `[n, n]`, with the rows
  /// (I - H[G,G])^-1 H[G,all] and zeros at the columns of G.
  private let solved: Matrix
  /// For each fold (I - H[G,G])^-1 H[G,G], which is symmetric: the part of its own labels in what `solved` says of the factor.
  private let own: [Matrix]

  /// - Parameter penalty: above 0, of the squared weights beside the sum of squared residuals.
  /// - Throws: ``ProbingError`` for another number of samples or a penalty that is not positive; `LinearAlgebraError`.
  public init(_ block: FeatureBlock, folds: Folds, penalty: Double) throws {
    guard penalty > 0, penalty.isFinite else { throw ProbingError.penalty(penalty) }
    guard block.samples == folds.count else {
      throw ProbingError.count(of: "features \(block.name), samples", expected: folds.count, found: block.samples)
    }
    order = folds.tests.flatMap { $0 }
    var start = 0
    places = folds.tests.map { test in
      defer { start += test.count }
      return start..<(start + test.count)
    }
    let features = try Standardization(block)(block).rows(order)
    let what = "ridge of \(block.name)"
    // Of a product with as many columns as samples and of one with as many as features, the cheaper.
    if 2 * (features.columns + 1) < block.samples {
      let factor = try Self.factor(features, penalty: penalty, of: what)
      let parts = try places.map { place in
        let rows = factor.rows(Array(place))
        let hat = rows.squared(turned: false)
        let rest = try Self.held(hat, of: what)
        return (rest.solve(rows), rest.solve(hat))
      }
      self.factor = factor
      solved = Matrix(rows: factor.rows, columns: factor.columns, values: parts.flatMap { $0.0.values })
      own = parts.map { $0.1 }
    } else {
      let hat =
        features.columns < block.samples
        ? try Self.factor(features, penalty: penalty, of: what).squared(turned: false)
        : try Self.dual(features, penalty: penalty, of: what)
      factor = nil
      solved = Matrix(
        rows: hat.rows, columns: hat.rows, values: try places.flatMap { try Self.solve(hat, $0, of: what) })
      own = []
    }
  }

  /// Z: the intercept's column, then `X L^-T` with `L LT = XT X + penalty I`.
  private static func factor(_ features: Matrix, penalty: Double, of what: String) throws(LinearAlgebraError) -> Matrix
  {
    var products = features.squared(turned: true)
    products.addToDiagonal(penalty)
    let white = try Cholesky(products, of: what).whiten(features)
    let constant = 1 / Double(features.rows).squareRoot()
    var values = [Double]()
    values.reserveCapacity(features.rows * (features.columns + 1))
    for row in 0..<features.rows {
      values.append(constant)
      values += white.values[(row * white.columns)..<((row + 1) * white.columns)]
    }
    return Matrix(rows: features.rows, columns: features.columns + 1, values: values)
  }

  private static func dual(_ features: Matrix, penalty: Double, of what: String) throws(LinearAlgebraError) -> Matrix {
    let products = features.squared(turned: false)
    var penalized = products
    penalized.addToDiagonal(penalty)
    var hat = try Cholesky(penalized, of: what).solve(products)
    let constant = 1 / Double(features.rows)
    for place in hat.values.indices { hat.values[place] += constant }
    return hat
  }

  /// Of a fold the rows of `solved`, where there is no factor.
  private static func solve(
    _ hat: Matrix, _ place: Range<Int>, of what: String
  ) throws(LinearAlgebraError) -> [Double] {
    let rows = hat.rows(Array(place))
    var block = Matrix(rows: place.count, columns: place.count)
    for row in 0..<place.count {
      for column in 0..<place.count { block[row, column] = rows[row, place.lowerBound + column] }
    }
    var solved = try held(block, of: what).solve(rows)
    for row in 0..<place.count {
      for column in place { solved[row, column] = 0 }
    }
    return solved.values
  }

  /// `I - H[G,G]`.
  private static func held(_ block: Matrix, of what: String) throws(LinearAlgebraError) -> Cholesky {
    var rest = block
    for place in rest.values.indices { rest.values[place] = -rest.values[place] }
    rest.addToDiagonal(1)
    return try Cholesky(rest, of: what)
  }

  /// Scores of samples that were held out, by labels of the others.
  /// - Throws: ``ProbingError`` if the labels do not fit the folds.
  public func predictions(_ labels: ProbeLabels) throws(ProbingError) -> HeldOutScores {
    guard labels.values.count == order.count else {
      throw .count(of: "labels \(labels.name)", expected: order.count, found: labels.values.count)
    }
    let classes = labels.classes.count
    var memory = Memory()
    heldOut([labels.values], classes: classes, &memory)
    var scores = [Double](repeating: 0, count: order.count * classes)
    for (place, sample) in order.enumerated() {
      var last = 1.0
      for label in 0..<(classes - 1) {
        let score = memory.scores[label * order.count + place]
        scores[sample * classes + label] = score
        last -= score
      }
      scores[sample * classes + classes - 1] = last
    }
    return HeldOutScores(classes: classes, scores: scores)
  }

  /// How many draws are multiplied together: enough for a fast product, few enough for the processor's cache.
  private static let drawsAtOnce = 32

  /// How many samples are told right, for each drawn labelling, when its labels are trained on and judged by.
  func correct(_ draws: [[Int]], classes: Int) -> [Int] {
    var memory = Memory()
    return stride(from: 0, to: draws.count, by: Self.drawsAtOnce).flatMap { start in
      let part = draws[start..<min(start + Self.drawsAtOnce, draws.count)]
      heldOut(part, classes: classes, &memory)
      return zip(0..., part).map { correct(memory.scores, draw: $0, classes: classes, truth: $1) }
    }
  }

  /// What draws are multiplied in: kept, since memory that is given back and asked for again costs as much as the products.
  private struct Memory {
    /// `[draws * (classes - 1), columns of solved]`.
    var targets: [Double] = []
    /// `[draws * (classes - 1), n]`: rows of H sum to 1, so the scores of all classes do, and the last class's follow from
    /// the others'.
    var scores: [Double] = []
  }

  private func heldOut(_ draws: some Collection<[Int]>, classes: Int, _ memory: inout Memory) {
    let (samples, width, columns) = (order.count, solved.columns, draws.count * (classes - 1))
    Self.clear(&memory.targets, count: columns * width)
    Self.clear(&memory.scores, count: columns * samples)
    memory.targets.withUnsafeMutableBufferPointer { targets in
      memory.scores.withUnsafeMutableBufferPointer { scores in
        guard let targets = targets.baseAddress, let scores = scores.baseAddress else { return }
        // A target is 1 or 0: products with targets are sums of rows.
        for (fold, range) in places.enumerated() {
          for (draw, labels) in draws.enumerated() {
            for place in range where labels[order[place]] < classes - 1 {
              let row = draw * (classes - 1) + labels[order[place]]
              guard let factor else {
                targets[row * width + place] = 1
                continue
              }
              Self.add(1, factor, row: place, to: targets + row * width)
              Self.add(-1, own[fold], row: place - range.lowerBound, to: scores + row * samples + range.lowerBound)
            }
          }
        }
        cblas_dgemm(
          CblasRowMajor, CblasNoTrans, CblasTrans, Int32(columns), Int32(samples), Int32(width), 1, targets,
          Int32(width), solved.values, Int32(width), 1, scores, Int32(samples))
      }
    }
  }

  private static func clear(_ memory: inout [Double], count: Int) {
    if memory.count == count {
      memory.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
    } else {
      memory = [Double](repeating: 0, count: count)
    }
  }

  private static func add(_ factor: Double, _ matrix: Matrix, row: Int, to sum: UnsafeMutablePointer<Double>) {
    matrix.values.withUnsafeBufferPointer { values in
      guard let base = values.baseAddress else { return }
      cblas_daxpy(Int32(matrix.columns), factor, base + row * matrix.columns, 1, sum, 1)
    }
  }

  private func correct(_ scores: [Double], draw: Int, classes: Int, truth: [Int]) -> Int {
    scores.withUnsafeBufferPointer { scores in
      let first = draw * (classes - 1) * order.count
      var correct = 0
      for (place, sample) in order.enumerated() {
        var (last, best, winner) = (1.0, -Double.infinity, 0)
        for label in 0..<(classes - 1) {
          let score = scores[first + label * order.count + place]
          last -= score
          if score > best + HeldOutScores.tie { (best, winner) = (score, label) }
        }
        if last > best + HeldOutScores.tie { winner = classes - 1 }
        if winner == truth[sample] { correct += 1 }
      }
      return correct
    }
  }
}

/// What probes say of samples that they were not trained on.
public struct HeldOutScores: Hashable, Codable, Sendable {
  public let classes: Int
  /// `[samples, classes]`; the scores of a sample sum to 1, and may lie outside 0...1.
  public let scores: [Double]
  /// For each sample the class of the largest score.
  public let predicted: [Int]

  /// Scores that are no further apart are equal but for rounding.
  static let tie = 1e-9

  init(classes: Int, scores: [Double]) {
    self.classes = classes
    self.scores = scores
    predicted = stride(from: 0, to: scores.count, by: classes).map { start in
      Self.winner(scores[start..<(start + classes)])
    }
  }

  /// The place of the largest score; of equal ones the first.
  static func winner(_ scores: some Sequence<Double>) -> Int {
    var (best, winner) = (-Double.infinity, 0)
    for (label, score) in scores.enumerated() where score > best + tie { (best, winner) = (score, label) }
    return winner
  }
}
