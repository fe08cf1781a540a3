import Analysis
import ExperimentFiles
import Formatting

/// The mean of a metric, or its mean paired difference, with a corrected interval.
///
/// Its clusters are those of a ``Comparison``: the pairs of prompts, where they have their seeds to themselves; else the
/// seeds, where there are five or more with finite values; else each run by itself.
public struct ClaimEstimate: Hashable, Sendable {
  /// Of `of` as treatment; the baseline of a plain mean is 0. It has an interval of its own only where ``interval`` is by the
  /// bootstrap.
  public let result: PairedDifference
  /// Of the mean difference, corrected: by Student's t for pairs, and for fewer than ``Comparison/fewClusters`` clusters, whose
  /// resampling would promise too much, else by the bootstrap. Of a share of pairs or few clusters it is Korn and Graubard's, and of a
  /// difference of such shares that of ``ShareDifference``. nil for fewer than two clusters.
  public let interval: ClosedRange<Double>?
  public let clustering: Comparison.Clustering
  /// Runs that are not done, or without the metric, or without a partner.
  public let missing: Int
  /// What `result` is made of.
  let sample: ClusteredSample
  /// Of each of the result's differences, in their order.
  let clusterNumbers: [Int]
  /// Whether it is a mean of values that are 0 or 1, with an interval of a share.
  let isShare: Bool
  /// Where it is a difference of values that are 0 or 1, with the interval of one.
  let shares: ShareDifference?
  /// Whether the standard error was known otherwise than by the values.
  let hasOwnError: Bool
  /// The runs whose values are in the mean, by their places among all.
  let runs: Set<Int>

  /// - Parameters:
  ///   - error: the standard error, where it is known otherwise than by the values: the interval is then by t, where values of
  ///     a range do not all agree.
  ///   - range: that no value leaves; nil where there is none.
  init(
    _ values: (found: [ClaimRuns.Value], missing: Int), _ bootstrap: Bootstrap, standardError error: Double? = nil,
    within range: ClosedRange<Double>? = nil
  ) {
    let finite = values.found.filter { $0.of.isFinite && $0.against.isFinite }
    let clustering = Comparison.Clustering(of: finite.map(\.key))
    let numbers = ClusterNumbers(values.found.map(\.key))
    let measurements = values.found.map { value in
      PairedMeasurement(
        baseline: value.against, treatment: value.of, cluster: numbers.number(of: value.key, clustering))
    }
    clusterNumbers = finite.map { numbers.number(of: $0.key, clustering) }
    let sample = ClusteredSample(differencesOf: measurements.filter { $0.baseline.isFinite && $0.treatment.isFinite })
    let agrees = range.map { sample.clustersAgree(width: $0.upperBound - $0.lowerBound) } ?? false
    let isByClusters = clustering == .pairs || sample.clusters < Comparison.fewClusters || agrees
    // A corrected interval takes up to a million resamples, which nobody is to wait for where another one is told.
    result = PairedDifference(measurements, bootstrap: error == nil && !isByClusters ? bootstrap : nil)
    let isOfShares = error == nil && isByClusters
    isShare = isOfShares && range == 0...1 && finite.allSatisfy { $0.of == 0 || $0.of == 1 }
    shares =
      isOfShares && range == -1...1
      ? ShareDifference(result.differences, clusters: clusterNumbers) : nil
    hasOwnError = error != nil
    interval =
      if error != nil, agrees {
        sample.interval(confidence: bootstrap.confidence, within: range, values: sample.clusters)
      } else if error != nil {
        sample.studentInterval(confidence: bootstrap.confidence, standardError: error).map { student in
          range.map(student.clamped) ?? student
        }
      } else if isShare {
        sample.shareInterval(confidence: bootstrap.confidence)
      } else if let shares {
        shares.interval(confidence: bootstrap.confidence)
      } else if isByClusters {
        sample.interval(confidence: bootstrap.confidence, within: range, values: sample.clusters)
      } else {
        result.interval
      }
    self.sample = sample
    self.clustering = clustering
    missing = values.missing
    runs = Set(finite.flatMap(\.runs))
  }

  /// Whether the interval lies on one side of 0; nil without one.
  package var excludesZero: Bool? {
    let zero = ClaimThreshold.above(0)
    return interval.map { zero.lies(before: $0) || zero.lies(beyond: $0) }
  }

  /// Why there is no interval; nil if there is one.
  package var problem: String? {
    guard interval == nil else { return nil }
    if result.count + result.excluded + missing == 0 { return "there is no such run" }
    if result.count == 0 {
      return result.excluded == 0
        ? "none of \(counted(missing, "run")) is done and has the metric" : "no value is a finite number"
    }
    return result.clusters < 2
      ? "all values are of one cluster, and an interval needs two" : "the values are too large to be added up"
  }
}
