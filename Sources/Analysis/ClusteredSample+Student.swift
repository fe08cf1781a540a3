extension ClusteredSample {
  /// Where the mean lies, by Student's t of what the clusters leave over: wide where they are few, which an interval by
  /// resampling them is not.
  ///
  /// With `r = S - mean n` of each cluster's sum S and number n, the variance of the mean is
  /// `k / (k - 1) sum r^2 / (sum n)^2` for k clusters, and there are k - 1 degrees of freedom. Clusters are taken to be
  /// independent and their sums near normal. It is exact for clusters of one size with normal sums.
  /// - Parameter confidence: above 0 and below 1.
  /// - Returns: nil for fewer than two clusters, or where sums overflow.
  public func studentInterval(confidence: Double) -> ClosedRange<Double>? {
    guard clusters >= 2 else { return nil }
    let reach = StudentT.quantile((1 + confidence) / 2, freedom: Double(clusters - 1)) * standardError
    guard mean.isFinite, reach.isFinite else { return nil }
    return (mean - reach)...(mean + reach)
  }

  /// Of the mean, by what the clusters leave over; NaN for fewer than two clusters.
  var standardError: Double {
    let k = Double(clusters)
    let squares = zip(sums, counts).reduce(0) { total, cluster in
      let left = cluster.0 - mean * Double(cluster.1)
      return total + left * left
    }
    return (k / (k - 1) * squares).squareRoot() / Double(count)
  }
}
