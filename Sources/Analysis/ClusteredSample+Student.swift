extension ClusteredSample {
  /// Where the mean lies, by Student's t of what the clusters leave over: wide where they are few, which an interval by
  /// resampling them is not.
  ///
  /// With `r = S - mean n` of each cluster's sum S and number n, the variance of the mean is
  /// `k / (k - 1) sum r^2 / (sum n)^2` for k clusters, and there are k - 1 degrees of freedom. Clusters are taken to be
  /// independent and their sums near normal. It is exact for clusters of one size with normal sums.
  /// - Parameters:
  ///   - confidence: above 0 and below 1.
  ///   - error: the standard error of the mean, where it is known otherwise.
  /// - Returns: nil for fewer than two clusters, or where sums overflow.
  public func studentInterval(confidence: Double, standardError error: Double? = nil) -> ClosedRange<Double>? {
    guard clusters >= 2 else { return nil }
    let reach = StudentT.quantile((1 + confidence) / 2, freedom: Double(clusters - 1)) * (error ?? standardError)
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

  /// Where the mean of values lies that cannot leave a range: Student's interval, which ends where the range does, or an
  /// interval by values where all clusters have one mean.
  ///
  /// Clusters that agree leave Student's t no width, which says more than was seen. There the mean is taken as a share of the
  /// range, and the interval is that of Clopper and Pearson for as many values, with their number corrected for the few
  /// clusters as Korn and Graubard do: `n' = n (t(n - 1) / t(k - 1))^2` for n values in k clusters. For values that are not
  /// 0 or 1 it is wider than it need be, as no values spread more than those at the ends of the range.
  ///
  /// In a range around 0, as that of a difference of shares, clusters that are all 0 bound the share of values that are not, and so the
  /// mean on both sides: the interval reaches from minus to plus that bound.
  /// - Parameters:
  ///   - confidence: above 0 and below 1.
  ///   - range: of a value; nil where it has none, and agreement leaves a point. Lies around 0 for differences.
  ///   - values: what the clusters' values were made of, where they are means already; nil: `count`.
  /// - Returns: nil for fewer than two clusters, or where sums overflow.
  /// - Source: Korn and Graubard 1998, "Confidence intervals for proportions with small expected number of positive counts
  ///   estimated from survey data"; Clopper and Pearson 1934.
  package func interval(
    confidence: Double, within range: ClosedRange<Double>?, values: Int? = nil
  ) -> ClosedRange<Double>? {
    let student = studentInterval(confidence: confidence)
    guard let student, let range, range.upperBound > range.lowerBound else { return student }
    guard clustersAgree(width: range.upperBound - range.lowerBound) else { return student.clamped(to: range) }
    let isNoDifference = range.lowerBound == -range.upperBound && abs(mean) <= 1e-9 * range.upperBound
    let (start, width) =
      isNoDifference ? (0, range.upperBound) : (range.lowerBound, range.upperBound - range.lowerBound)
    let n = Double(max(values ?? count, clusters))
    let share = Self.clopperPearson(
      min(1, max(0, (mean - start) / width)), of: n * correction(confidence, values: n), confidence)
    let (low, high) = (share.lowerBound, share.upperBound)
    return isNoDifference ? (-width * high)...(width * high) : (start + width * low)...(start + width * high)
  }

  /// Where the share of values that are 1 lies, of values that are 0 or 1: Clopper and Pearson's interval of as many values as tell
  /// as much, as Korn and Graubard have it.
  ///
  /// Few clusters with a hit, or few without, leave Student's t an interval that is too narrow, and at 0 and 1 none. Here `n` values in
  /// `k` clusters with the share `p` and its standard error `s` count as `n' = min(n, p (1 - p) / s^2) (t(n - 1) / t(k - 1))^2`. So
  /// clusters that have one share between 0 and 1 count as `n`. At 0 and 1, where `p (1 - p) / s^2` says nothing, it is `k`.
  /// - Parameter confidence: above 0 and below 1.
  /// - Returns: nil for fewer than two clusters.
  /// - Source: Korn and Graubard 1998, as above.
  package func shareInterval(confidence: Double) -> ClosedRange<Double>? {
    guard clusters >= 2, (0...1).contains(mean) else { return nil }
    // At 0 and 1 nothing is left over either. Elsewhere a variance of 0, or what rounding makes of it, gives more than any count.
    let spread = mean * (1 - mean)
    let told = spread < 1e-9 ? Double(clusters) : min(Double(count), spread / (standardError * standardError))
    return Self.clopperPearson(mean, of: told * correction(confidence, values: Double(count)), confidence)
  }

  /// What few clusters take from a number of values: `(t(n - 1) / t(k - 1))^2`.
  private func correction(_ confidence: Double, values n: Double) -> Double {
    let upper = (1 + confidence) / 2
    let ratio = StudentT.quantile(upper, freedom: n - 1) / StudentT.quantile(upper, freedom: Double(clusters - 1))
    return ratio * ratio
  }

  private static func clopperPearson(_ share: Double, of n: Double, _ confidence: Double) -> ClosedRange<Double> {
    let (upper, right) = ((1 + confidence) / 2, share * n)
    let low = share < 1e-9 ? 0 : Beta.quantile(1 - upper, right, n - right + 1)
    let high = share > 1 - 1e-9 ? 1 : Beta.quantile(upper, right + 1, n - right)
    return low...high
  }

  /// Whether all clusters have one mean, but for rounding.
  /// - Parameter width: of the range that values lie in, above 0.
  package func clustersAgree(width: Double) -> Bool {
    zip(sums, counts).allSatisfy { abs($0 - mean * Double($1)) <= 1e-9 * width * Double($1) }
  }
}
