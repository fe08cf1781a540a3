import Analysis

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
}

extension ClaimEstimate {
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
