/// What values differ by from cluster to cluster, and within a cluster, as standard deviations.
public struct VarianceComponents: Hashable, Sendable {
  /// In the unit of the values, 0 or more, here and below.
  public let between: Double
  public let within: Double

  public init(between: Double, within: Double) {
    self.between = between
    self.within = within
  }

  /// Those of values in clusters, by the analysis of variance of one random factor: `within^2` is the mean square within
  /// clusters, `between^2` the mean square of their means less that, over `n0 = (N - sum n^2 / N) / (k - 1)`, and 0 where that
  /// is negative.
  /// - Parameters:
  ///   - values: finite.
  ///   - clusters: as many; values with the same number are in the same cluster.
  /// - Returns: nil for fewer than two clusters. Where each has one value all is `between`.
  /// - Source: Searle, Casella and McCulloch 1992, section 3.6.
  public init?(_ values: [Double], clusters: [Int]) {
    let sample = ClusteredSample(values, clusters: clusters)
    guard sample.clusters >= 2 else { return nil }
    let (k, n) = (Double(sample.clusters), Double(sample.count))
    let means = zip(sample.sums, sample.counts).map { $0 / Double($1) }
    let places = Dictionary(uniqueKeysWithValues: sample.numbers.enumerated().map { ($1, $0) })
    var inside = 0.0
    for (value, cluster) in zip(values, clusters) {
      let left = value - means[places[cluster] ?? 0]
      inside += left * left
    }
    let outside = zip(means, sample.counts).reduce(0) { total, cluster in
      let left = cluster.0 - sample.mean
      return total + Double(cluster.1) * left * left
    }
    let meanInside = n > k ? inside / (n - k) : 0
    let squares = sample.counts.reduce(0) { $0 + Double($1 * $1) }
    let size = (n - squares / n) / (k - 1)
    between = max(0, (outside / (k - 1) - meanInside) / size).squareRoot()
    within = meanInside.squareRoot()
  }
}
