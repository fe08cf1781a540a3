/// A test whether paired differences are too small to matter: two one-sided t tests (TOST).
///
/// That a difference was not found does not say that there is none. This turns the question around: the null hypothesis
/// is a mean difference at or beyond a bound, and a small p speaks for one between the bounds, which are to be set
/// before the measurements are seen.
///
/// The differences of a cluster are averaged first, and the n averages are what is tested: they are taken to be
/// independent and near normal. With mean d and standard error `e = s / sqrt(n)`, `t = (d - lower) / e` is tested
/// upwards and `t = (d - upper) / e` downwards, with n - 1 degrees of freedom; p is the larger of both. The means are
/// equivalent at level alpha where the interval `d -+ t(1 - alpha) e` of confidence `1 - 2 alpha`, 90 % at 0.05, lies
/// between the bounds.
/// - Source: Schuirmann 1987.
public struct EquivalenceTest: Hashable, Sendable {
  /// Finite measurements.
  public let count: Int
  /// Measurements that are infinite or no number on either side.
  public let excluded: Int
  /// Of the finite measurements: the n of the test.
  public let clusters: Int
  /// Differences between these, in the unit of the measurements, do not matter.
  public let bounds: ClosedRange<Double>
  /// Alpha: how often bounds may be taken to hold that do not.
  public let level: Double
  /// The mean of the clusters' mean differences; NaN where `count` is 0. It is not the mean of all differences where
  /// clusters have unequal numbers of them.
  public let difference: Double
  /// Of `difference`; nil for fewer than two clusters.
  public let standardError: Double?
  /// For a difference above the lower bound.
  public let lowerP: Double?
  /// For a difference below the upper bound.
  public let upperP: Double?
  /// Of `difference`, with confidence `1 - 2 level`.
  public let interval: ClosedRange<Double>?
  /// Why there are no p and no interval.
  public let unanswered: Unanswered?

  /// For a difference between the bounds: the larger of both.
  public var p: Double? {
    guard let lowerP, let upperP else { return nil }
    return max(lowerP, upperP)
  }

  /// Whether the difference lies between the bounds, at the level; nil if that cannot be said.
  public var isEquivalent: Bool? { p.map { $0 < level } }

  /// - Parameters:
  ///   - bounds: finite and of different ends, as `-0.5...0.5` decibels.
  ///   - level: above 0 and below 0.5.
  public init(_ measurements: [PairedMeasurement], bounds: ClosedRange<Double>, level: Double = 0.05) {
    precondition(bounds.lowerBound < bounds.upperBound && (bounds.upperBound - bounds.lowerBound).isFinite, "\(bounds)")
    precondition(level > 0 && level < 0.5, "an equivalence test at level \(level)")
    let finite = measurements.filter(\.isFinite)
    let sample = ClusteredSample(differencesOf: finite)
    let means = Summary(zip(sample.sums, sample.counts).map { $0 / Double($1) })
    count = finite.count
    excluded = measurements.count - finite.count
    clusters = sample.clusters
    self.bounds = bounds
    self.level = level
    difference = means.mean
    let error = means.standardDeviation / Double(clusters).squareRoot()
    standardError = clusters < 2 ? nil : error
    guard clusters >= 2, error > 0 else {
      unanswered =
        clusters < 2
        ? .tooFew(found: clusters, needed: 2, of: "clusters") : .noSpread(of: "clusters' differences")
      (lowerP, upperP, interval) = (nil, nil, nil)
      return
    }
    let freedom = Double(clusters - 1)
    lowerP = StudentT.upper((means.mean - bounds.lowerBound) / error, freedom: freedom)
    upperP = StudentT.upper((bounds.upperBound - means.mean) / error, freedom: freedom)
    let reach = StudentT.quantile(1 - level, freedom: freedom) * error
    interval = (means.mean - reach)...(means.mean + reach)
    unanswered = nil
  }
}
