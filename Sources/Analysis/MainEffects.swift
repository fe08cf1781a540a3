/// What each of several parts adds to a metric, by sets of parts that were tried: `base + sum of the effects of the parts in a set`,
/// fitted by least squares.
///
/// Every subject was measured under every set. Least squares is linear in the values, so that each subject has a base and effects of its
/// own, whose means are those of all values together. Their intervals are then those of means over clusters: how the sets depend on one
/// another makes no difference.
public struct MainEffects: Sendable {
  /// The parts, from 0, of each set.
  public let sets: [[Int]]
  /// Of the empty set.
  public let base: ClusteredSample
  /// By part.
  public let effects: [ClusteredSample]
  /// Of the variance of the sets' means the share that the sums explain: at most 1; NaN where all means are equal.
  public let explained: Double

  /// Why there is no fit.
  public enum Failure: Error, Hashable, Sendable {
    /// The effect of this part cannot be told from those of the parts before it: it is in the same sets as they are.
    case inseparable(part: Int)
    /// No subject was measured.
    case noSubjects
  }

  /// - Parameters:
  ///   - sets: the parts of each, from 0.
  ///   - parts: how many there are.
  ///   - values: by subject, then by set; finite.
  ///   - clusters: of each subject; those with the same number are not independent of one another.
  public init(sets: [[Int]], parts: Int, values: [[Double]], clusters: [Int]) throws(Failure) {
    precondition(values.allSatisfy { $0.count == sets.count } && values.count == clusters.count, "values of other sets")
    guard !values.isEmpty else { throw .noSubjects }
    let rows = sets.map { set in [1.0] + (0..<parts).map { set.contains($0) ? 1.0 : 0 } }
    let weights = try Self.leastSquares(rows)
    self.sets = sets
    let fitted = weights.map { weight in
      ClusteredSample(values.map { subject in zip(weight, subject).reduce(0) { $0 + $1.0 * $1.1 } }, clusters: clusters)
    }
    base = fitted[0]
    effects = Array(fitted.dropFirst())
    let means = sets.indices.map { set in values.reduce(0) { $0 + $1[set] } / Double(values.count) }
    let center = means.reduce(0, +) / Double(means.count)
    let left = zip(rows, means).map { row, mean in mean - zip(row, fitted).reduce(0) { $0 + $1.0 * $1.1.mean } }
    let all = means.reduce(0) { $0 + ($1 - center) * ($1 - center) }
    explained = all > 0 ? 1 - left.reduce(0) { $0 + $1 * $1 } / all : .nan
  }

  /// What the sums say of a set.
  public func predicted(_ set: some Sequence<Int>) -> Double { set.reduce(base.mean) { $0 + effects[$1].mean } }

  /// A set found greedily: beginning with none, the part is added that adds most, as long as its interval by Student's t lies above 0.
  /// As effects add up, what is in the set already changes nothing in what the others add.
  /// - Returns: the parts in the order in which they were added.
  public func greedy(confidence: Double = 0.95) -> [Int] {
    let gains = effects.indices.filter { part in
      effects[part].studentInterval(confidence: confidence).map { $0.lowerBound > 0 } ?? false
    }
    return gains.sorted { (effects[$1].mean, $0) < (effects[$0].mean, $1) }
  }

  /// The weights of rows by which coefficients follow from values: `(X'X)^-1 X'`, by Cholesky's method.
  private static func leastSquares(_ rows: [[Double]]) throws(Failure) -> [[Double]] {
    let count = rows.first?.count ?? 0
    var lower = Array(repeating: Array(repeating: 0.0, count: count), count: count)
    for i in 0..<count {
      for j in 0...i {
        let product = rows.reduce(0) { $0 + $1[i] * $1[j] }
        let rest = product - (0..<j).reduce(0) { $0 + lower[i][$1] * lower[j][$1] }
        guard i == j else {
          lower[i][j] = rest / lower[j][j]
          continue
        }
        // What is left of a part's own sum once the parts before it are taken off.
        guard rest > 1e-9 * max(1, product) else { throw .inseparable(part: i - 1) }
        lower[i][i] = rest.squareRoot()
      }
    }
    var weights = Array(repeating: Array(repeating: 0.0, count: rows.count), count: count)
    for (index, row) in rows.enumerated() {
      var solution = row
      for i in 0..<count {
        for j in 0..<i { solution[i] -= lower[i][j] * solution[j] }
        solution[i] /= lower[i][i]
      }
      for i in (0..<count).reversed() {
        for j in (i + 1)..<max(i + 1, count) { solution[i] -= lower[j][i] * solution[j] }
        solution[i] /= lower[i][i]
      }
      for i in 0..<count { weights[i][index] = solution[i] }
    }
    return weights
  }
}
