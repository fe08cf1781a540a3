import Analysis

/// What seeds say of a mean: where it lies, and how likely they are if it is a threshold.
public struct ProbeContrast: Hashable, Codable, Sendable {
  /// The mean over seeds.
  public let mean: Double
  /// By Student's t over seeds, and by samples where all seeds agree; nil for fewer than two.
  public let interval: ClosedRange<Double>?
  /// The n of the test.
  public let seeds: Int
  /// By turning signs of seeds about the threshold, two-sided; nil for fewer than two.
  public let p: Double?
}

/// Tests of what probes reach, or of how they differ, by turning the signs of whole seeds.
public struct ProbeContrasts: Hashable, Sendable {
  private let test: PermutationTest
  private let confidence: Double

  /// - Parameters:
  ///   - permutations: 999 or more; all signs are gone through where they are fewer.
  ///   - confidence: above 0 and below 1.
  /// - Throws: ``ProbingError`` for fewer permutations.
  public init(permutations: Int = 9_999, seed: UInt64 = 0, confidence: Double = 0.95) throws(ProbingError) {
    guard permutations >= LabelPermutations.fewest else {
      throw .tooFewPermutations(found: permutations, needed: LabelPermutations.fewest)
    }
    precondition(confidence > 0 && confidence < 1, "an interval of confidence \(confidence)")
    test = PermutationTest(permutations: permutations, seed: seed)
    self.confidence = confidence
  }

  /// The fewest seeds of which any differences give a p of a level; nil if there are too few permutations for it.
  package func fewestSeeds(level: Double) -> Int? { test.fewestClusters(level: level) }

  /// Tests a mean over seeds, of accuracy or of bits, or of differences of these seed by seed.
  ///
  /// The interval is of the values as they are, in their own range: where all seeds agree it depends on that.
  /// - Parameters:
  ///   - values: each seed once.
  ///   - range: of a sample's value; nil where it has none, as bits do.
  ///   - threshold: the value that p is the chance of.
  public func callAsFunction(
    _ values: [SeedMean], within range: ClosedRange<Double>? = nil, against threshold: Double = 0
  ) -> ProbeContrast {
    let sample = ClusteredSample(values.map(\.mean))
    let differences = values.enumerated().map { place, value in
      PairedMeasurement(baseline: threshold, treatment: value.mean, cluster: place)
    }
    let found = test([differences]).comparisons[0]
    return ProbeContrast(
      mean: sample.mean,
      interval: sample.interval(
        confidence: confidence, within: range, values: values.reduce(0) { $0 + $1.count }),
      seeds: found.clusters, p: found.p)
  }
}
