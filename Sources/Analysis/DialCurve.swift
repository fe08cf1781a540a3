/// What a method does at several values of its dial: two metrics of the same subjects at each.
///
/// The one is held, as the share of edits that keep the layout; the other is read where the held one has a given mean. So methods are
/// compared where they keep equally much, whatever their published settings.
public struct DialCurve: Sendable {
  /// Both metrics of one subject at one value of the dial.
  public struct Value: Hashable, Sendable {
    public let held: Double
    public let metric: Double

    public init(held: Double, metric: Double) {
      self.held = held
      self.metric = metric
    }
  }

  /// Where the points of a curve stand on the dial.
  public struct Dial: Hashable, Sendable {
    /// One for each point, finite.
    public let values: [Double]
    /// The value that has the published setting.
    public let published: Double

    public init(values: [Double], published: Double) {
      self.values = values
      self.published = published
    }
  }

  /// Between which values of the dial a level of the held metric lies.
  struct Crossing {
    /// Places in ``points``.
    let from, to: Int
    /// How far from the one to the other, 0...1.
    let share: Double
    /// The value of the dial there.
    let place: Double
    /// What the metric gains for one of the held metric between them.
    let slope: Double
  }

  /// By value of the dial, in its order, then by subject; nil for a subject that lacks one of both there.
  public let points: [[Value?]]
  public let dial: Dial
  /// Of each subject, from 0.
  let clusterOf: [Int]
  public let clusters: Int
  /// Sums by value of the dial and cluster.
  private let sums: [[Sums]]

  struct Sums {
    var held = 0.0
    var metric = 0.0
    var count = 0.0

    static func += (total: inout Sums, other: Sums) {
      total.held += other.held
      total.metric += other.metric
      total.count += other.count
    }

    var means: Value? { count > 0 ? Value(held: held / count, metric: metric / count) : nil }
  }

  /// - Parameters:
  ///   - points: as the property; both numbers are finite. Each point has as many subjects as there are clusters' numbers.
  ///   - dial: with a value for each point.
  ///   - clusters: subjects with the same number are not independent of one another.
  public init(_ points: [[Value?]], dial: Dial, clusters numbers: [Int]) {
    precondition(points.allSatisfy { $0.count == numbers.count }, "points of other subjects")
    precondition(points.count == dial.values.count, "\(points.count) points at \(dial.values.count) values of the dial")
    var places: [Int: Int] = [:]
    for number in numbers where places[number] == nil { places[number] = places.count }
    let clusterOf = numbers.compactMap { places[$0] }
    self.points = points
    self.dial = dial
    self.clusterOf = clusterOf
    clusters = places.count
    sums = points.map { values in
      var sums = Array(repeating: Sums(), count: places.count)
      for (value, cluster) in zip(values, clusterOf) {
        if let value { sums[cluster] += Sums(held: value.held, metric: value.metric, count: 1) }
      }
      return sums
    }
  }

  /// Of each value of the dial; nil where no subject has both metrics.
  public var means: [Value?] { sums.map { clusters in clusters.reduce(into: Sums()) { $0 += $1 }.means } }

  /// The place along the dial where the mean of the held metric is the level.
  ///
  /// A curve that rises and falls has several. The one nearest to the published value of the dial is taken, since
  /// another may be of a setting that nobody uses; of two that are equally near, the one at the lower value of the dial.
  /// - Returns: nil where all means lie on one side of the level.
  static func crossing(of means: [Value?], along dial: Dial, at level: Double) -> Crossing? {
    let found = crossings(of: means, along: dial, at: level).sorted { $0.place < $1.place }
    let distances = found.map { abs($0.place - dial.published) }
    guard let least = distances.min() else { return nil }
    // Places whose distances differ by rounding alone are equally near.
    let slack = 1e-12 * max(1, abs(dial.published))
    return zip(found, distances).first { $0.1 <= least + slack }?.0
  }

  /// Every place where the mean of the held metric is the level: on the straight line between neighbors, of which
  /// values of the dial without any subject are left out.
  private static func crossings(of means: [Value?], along dial: Dial, at level: Double) -> [Crossing] {
    let found = means.indices.sorted { dial.values[$0] < dial.values[$1] }.compactMap { index in
      means[index].map { (index: index, mean: $0) }
    }
    let exact = found.filter { $0.mean.held == level }.map { point in
      Crossing(from: point.index, to: point.index, share: 0, place: dial.values[point.index], slope: 0)
    }
    let between = zip(found, found.dropFirst()).compactMap { a, b -> Crossing? in
      guard a.mean.held != level, b.mean.held != level, (a.mean.held < level) != (b.mean.held < level) else {
        return nil
      }
      let rise = b.mean.held - a.mean.held
      let share = (level - a.mean.held) / rise
      let (start, end) = (dial.values[a.index], dial.values[b.index])
      return Crossing(
        from: a.index, to: b.index, share: share, place: start + share * (end - start),
        slope: (b.mean.metric - a.mean.metric) / rise)
    }
    return exact + between
  }

  /// The metric at a place of the curve.
  static func metric(at crossing: Crossing, _ means: [Value?]) -> Double? {
    guard let a = means[crossing.from], let b = means[crossing.to] else { return nil }
    return a.metric + crossing.share * (b.metric - a.metric)
  }

  /// What each subject adds to the reading: a linear form of its values at the two neighbors, whose mean is the reading. A subject that
  /// keeps more than the level there pays for it by the curve's slope.
  /// - Returns: nil where the curve does not reach the level; nil for a subject that lacks a value at one of the neighbors.
  func contributions(at level: Double) -> [Double?]? {
    guard let crossing = Self.crossing(of: means, along: dial, at: level) else { return nil }
    return zip(points[crossing.from], points[crossing.to]).map { a, b in
      guard let a, let b else { return nil }
      let metric = a.metric + crossing.share * (b.metric - a.metric)
      let held = a.held + crossing.share * (b.held - a.held)
      return metric - crossing.slope * (held - level)
    }
  }

  /// The metric at the level in samples of as many clusters drawn with replacement: in each the means are taken and the level is
  /// looked for anew. Curves with as many clusters are drawn alike for one seed.
  /// - Returns: nil for a sample whose curve does not reach the level.
  func resampled(at level: Double, resamples: Int, seed: UInt64) -> [Double?] {
    var random = SplitMix64(seed: seed)
    return (0..<resamples).map { _ in
      var totals = Array(repeating: Sums(), count: points.count)
      for _ in 0..<clusters {
        let drawn = random.next(below: clusters)
        for point in totals.indices { totals[point] += sums[point][drawn] }
      }
      let means = totals.map(\.means)
      return Self.crossing(of: means, along: dial, at: level).flatMap { Self.metric(at: $0, means) }
    }
  }
}

/// A metric of one curve where the held metric has a given level, or of two curves and their difference.
///
/// The interval is by Student's t, as that of a mean over clusters. Its standard error is the deviation of the readings in samples of
/// clusters drawn with replacement, with the level looked for anew along the curve of each, times `sqrt(k / (k - 1))` for k clusters: so it
/// has in it that the place along the dial is itself an estimate.
public struct DialReading: Sendable {
  /// What each subject adds, whose mean is the reading; nil for one that has none.
  public let of: [Double?]
  /// Of the other curve; nil where there is none.
  public let against: [Double?]?
  /// NaN for fewer than two clusters.
  public let standardError: Double
  /// The share of the samples in which the curves reach the level.
  public let reached: Double
  public let clusters: Int

  /// Samples that the standard error is taken of.
  public static let resamples = 2000
  /// In fewer of the samples than this the level counts as not reached.
  public static let surely = 0.95

  /// - Parameter curve: of the same subjects as the other one.
  /// - Returns: nil where a curve does not reach the level.
  public init?(
    _ curve: DialCurve, against other: DialCurve? = nil, at level: Double, resamples: Int = DialReading.resamples,
    seed: UInt64 = 0
  ) {
    precondition(other.map { $0.clusterOf == curve.clusterOf } ?? true, "curves of other subjects")
    guard let of = curve.contributions(at: level) else { return nil }
    let against = other.map { $0.contributions(at: level) }
    if case .some(nil) = against { return nil }
    self.of = of
    self.against = against ?? nil
    clusters = curve.clusters
    let first = curve.resampled(at: level, resamples: resamples, seed: seed)
    let second = other?.resampled(at: level, resamples: resamples, seed: seed)
    let found = first.indices.compactMap { index -> Double? in
      guard let value = first[index] else { return nil }
      guard let second else { return value }
      return second[index].map { value - $0 }
    }
    reached = Double(found.count) / Double(resamples)
    let k = Double(clusters)
    standardError = clusters < 2 ? .nan : Summary(found).standardDeviation * (k / (k - 1)).squareRoot()
  }
}
