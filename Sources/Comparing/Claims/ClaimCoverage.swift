import Analysis
import ExperimentFiles

/// How far the interval of a test can be trusted: what simulated samples of the same size say, whose true mean is known.
public struct ClaimCoverage: Hashable, Sendable {
  /// The clusters.
  public let pairs: Int
  /// Values of a pair: the fewest and the most.
  public let values: ClosedRange<Int>
  /// Of the differences that were found.
  public let components: VarianceComponents
  /// Of normal values with these components; nil for shares, whose intervals are of other values.
  public let normal: IntervalCoverage?
  /// Of pairs drawn from those that were found.
  public let drawn: IntervalCoverage

  /// The lower of both.
  public var share: Double { min(normal?.share ?? 1, drawn.share) }

  /// Whether such intervals surely hold the true mean too seldom.
  var isTooLow: Bool { Self.isTooLow(share, samples: drawn.samples) }

  /// Whether a share of simulated samples lies below ``IntervalCoverage/bar`` by more than the simulation may be wrong:
  /// by two standard errors of a share of so many samples.
  static func isTooLow(_ share: Double, samples: Int) -> Bool {
    share + 2 * (share * (1 - share) / Double(samples)).squareRoot() < IntervalCoverage.bar
  }
}

extension ClaimEstimate {
  /// Why a verdict cannot rest on the interval: simulated samples say that it holds the true mean too seldom, and the
  /// mean lies near the threshold. nil where it can, or where nothing can be simulated.
  ///
  /// A simulation costs thousands of intervals, so that none is made where the mean lies far from the threshold.
  func shortfall(at threshold: ClaimThreshold) -> String? {
    guard !isFar(from: threshold.value), let coverage, coverage.isTooLow else { return nil }
    let level = Int((100 * IntervalCoverage.confidence).rounded())
    let share = Int((100 * coverage.share).rounded(.down))
    return "the simulated coverage of \(level) % intervals like its own is \(share) %"
  }

  /// Whether the mean lies further from a value than twice the half-width of the interval on that side. There even an
  /// interval of twice that width would exclude the value.
  func isFar(from value: Double) -> Bool {
    guard let interval else { return false }
    let mean = result.difference
    let halfWidth = value < mean ? mean - interval.lowerBound : interval.upperBound - mean
    return abs(mean - value) > 2 * halfWidth
  }

  /// nil where pairs are not the clusters, or fewer than two of them have a value, or where the standard error is not of the values.
  public var coverage: ClaimCoverage? {
    guard clustering == .pairs, !hasOwnError,
      let components = VarianceComponents(result.differences, clusters: clusterNumbers),
      let drawn = shares.map({ IntervalCoverage(drawingFrom: $0) })
        ?? IntervalCoverage(drawingFrom: sample, isShare: isShare)
    else { return nil }
    let counts = Dictionary(grouping: clusterNumbers) { $0 }.values.map(\.count).sorted()
    guard let fewest = counts.first, let most = counts.last else { return nil }
    return ClaimCoverage(
      pairs: sample.clusters, values: fewest...most, components: components,
      normal: isShare || shares != nil ? nil : IntervalCoverage(components, counts: counts), drawn: drawn)
  }
}
