import Analysis

/// The mean of a metric, or its mean paired difference, with a corrected interval.
///
/// Its clusters are those of a ``Comparison``: the seeds, where there are five or more with finite values; else each run
/// by itself.
public struct ClaimEstimate: Hashable, Sendable {
  /// Of `of` as treatment; the baseline of a plain mean is 0.
  public let result: PairedDifference
  public let clustering: Comparison.Clustering
  /// Runs that are not done, or without the metric, or without a partner.
  public let missing: Int
  /// The runs whose values are in the mean, by their places among all.
  let runs: Set<Int>

  init(_ values: (found: [ClaimRuns.Value], missing: Int), _ bootstrap: Bootstrap) {
    let finite = values.found.filter { $0.of.isFinite && $0.against.isFinite }
    let clustering = Comparison.Clustering(ofSeeds: finite.map(\.seed))
    let seeds = finite.map(\.seed).uniqued
    let places = Dictionary(uniqueKeysWithValues: seeds.enumerated().map { ($1, $0) })
    let measurements = values.found.enumerated().map { index, value in
      // What is not finite is in no cluster.
      let cluster = clustering == .seeds ? places[value.seed] ?? -1 : index
      return PairedMeasurement(baseline: value.against, treatment: value.of, cluster: cluster)
    }
    result = PairedDifference(measurements, bootstrap: bootstrap)
    self.clustering = clustering
    missing = values.missing
    runs = Set(finite.flatMap(\.runs))
  }

  /// Why there is no interval; nil if there is one.
  var problem: String? {
    guard result.interval == nil else { return nil }
    if result.count + result.excluded + missing == 0 { return "there is no such run" }
    if result.count == 0 {
      return result.excluded == 0
        ? "none of \(counted(missing, "run")) is done and has the metric" : "no value is a finite number"
    }
    return result.clusters < 2
      ? "all values are of one cluster, and an interval needs two" : "the values are too large to be added up"
  }

  /// The most that an interval of this estimate can hold the true mean.
  var mostConfidence: Double { Self.mostConfidence(clusters: result.clusters) }

  /// How often an interval by resampling some clusters can hold the true mean at most: it lies between the least and the
  /// largest of n cluster means, and `2^(1 - n)` of the time all lie on one side of a mean about which they are
  /// symmetric.
  static func mostConfidence(clusters: Int) -> Double {
    1 - (1..<max(1, min(clusters, 64))).reduce(1.0) { share, _ in share / 2 }
  }
}
