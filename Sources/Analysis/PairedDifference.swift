/// One thing measured under two conditions, as the picture of a prompt and a seed under two interventions.
public struct PairedMeasurement: Hashable, Sendable {
  public let baseline: Double
  public let treatment: Double
  /// Measurements with the same number are not independent of one another.
  public let cluster: Int

  public init(baseline: Double, treatment: Double, cluster: Int) {
    self.baseline = baseline
    self.treatment = treatment
    self.cluster = cluster
  }

  var isFinite: Bool { baseline.isFinite && treatment.isFinite }
}

/// How far a treatment lies from its baseline, pair by pair.
///
/// A measurement that is infinite or no number on either side has no difference: it is in none of the means, and counted
/// apart. So the difference of the means is the mean of the differences.
public struct PairedDifference: Hashable, Sendable {
  /// Finite measurements.
  public let count: Int
  /// Measurements that are infinite or no number on either side.
  public let excluded: Int
  /// Of the finite measurements.
  public let clusters: Int
  /// NaN where `count` is 0, as are the other two.
  public let baselineMean: Double
  public let treatmentMean: Double
  /// The mean of treatment less baseline, in their unit.
  public let difference: Double
  /// Of `difference`; nil for fewer than two clusters, and where no bootstrap was asked for.
  public let interval: ClosedRange<Double>?
  /// Treatment less baseline, in the order of the measurements; without those that are excluded.
  public let differences: [Double]

  /// - Parameter bootstrap: of the interval; nil: there is to be none.
  public init(_ measurements: [PairedMeasurement], bootstrap: Bootstrap? = Bootstrap()) {
    let finite = measurements.filter(\.isFinite)
    differences = finite.map { $0.treatment - $0.baseline }
    let sample = ClusteredSample(differencesOf: finite)
    count = finite.count
    excluded = measurements.count - finite.count
    clusters = sample.clusters
    baselineMean = Summary(finite.map(\.baseline)).mean
    treatmentMean = Summary(finite.map(\.treatment)).mean
    difference = sample.mean
    interval = bootstrap?.interval(sample)
  }
}
