import Analysis
import Tensors

/// The mean of what was measured on the samples of one seed.
public struct SeedMean: Hashable, Codable, Sendable {
  public let seed: Seed
  /// Samples.
  public let count: Int
  public let mean: Double

  public init(seed: Seed, count: Int, mean: Double) {
    self.seed = seed
    self.count = count
    self.mean = mean
  }

  /// In the order in which seeds first occur.
  static func all(_ values: [Double], seeds: [Seed]) -> [SeedMean] {
    var order: [Seed] = []
    var sums: [Seed: (sum: Double, count: Int)] = [:]
    for (value, seed) in zip(values, seeds) {
      if sums[seed] == nil { order.append(seed) }
      let before = sums[seed] ?? (0, 0)
      sums[seed] = (before.sum + value, before.count + 1)
    }
    return order.map { seed in
      let (sum, count) = sums[seed] ?? (0, 0)
      return SeedMean(seed: seed, count: count, mean: sum / Double(count))
    }
  }
}

/// A mean over samples with its interval over seeds.
public struct SeedEstimate: Hashable, Codable, Sendable {
  /// Over all samples.
  public let mean: Double
  /// By Student's t over seeds, and by samples where all seeds agree; nil for fewer than two.
  public let interval: ClosedRange<Double>?
  /// How often the interval should hold the true mean.
  public let confidence: Double
  /// Samples.
  public let count: Int
  public let seeds: [SeedMean]

  /// - Parameter range: of a value; nil where it has none.
  package init(_ values: [Double], seeds: [Seed], confidence: Double, within range: ClosedRange<Double>?) {
    let means = SeedMean.all(values, seeds: seeds)
    let places = Dictionary(uniqueKeysWithValues: means.enumerated().map { ($1.seed, $0) })
    let sample = ClusteredSample(values, clusters: seeds.compactMap { places[$0] })
    mean = sample.mean
    interval = sample.interval(confidence: confidence, within: range)
    self.confidence = confidence
    count = values.count
    self.seeds = means
  }
}

/// How often a probe is right.
public struct ProbeAccuracy: Hashable, Codable, Sendable {
  /// The share of samples that were told right, 0...1.
  public let share: SeedEstimate
  /// The share of the largest class.
  public let chance: Double
  public let confusion: ConfusionMatrix

  /// - Parameters:
  ///   - predicted: for each sample the place of a class.
  ///   - samples: in the order of the labels.
  ///   - confidence: above 0 and below 1.
  /// - Throws: ``ProbingError`` for other numbers of samples.
  public init(
    predicted: [Int], labels: ProbeLabels, samples: [ProbeSample], confidence: Double = 0.95
  ) throws(ProbingError) {
    for (what, found) in [("predictions", predicted.count), ("samples", samples.count)]
    where found != labels.values.count {
      throw .count(of: what, expected: labels.values.count, found: found)
    }
    precondition(confidence > 0 && confidence < 1, "an interval of confidence \(confidence)")
    share = SeedEstimate(
      zip(predicted, labels.values).map { $0 == $1 ? 1 : 0 }, seeds: samples.map(\.seed), confidence: confidence,
      within: 0...1)
    chance = labels.chance
    confusion = ConfusionMatrix(predicted: predicted, labels: labels)
  }
}

/// What was said of the samples of each class.
public struct ConfusionMatrix: Hashable, Codable, Sendable {
  public let classes: [String]
  /// A row for each true class, a column for each predicted one, in samples.
  public let counts: [[Int]]
  public var count: Int { counts.joined().reduce(0, +) }

  init(predicted: [Int], labels: ProbeLabels) {
    var counts = labels.classes.map { _ in [Int](repeating: 0, count: labels.classes.count) }
    for (said, label) in zip(predicted, labels.values) { counts[label][said] += 1 }
    classes = labels.classes
    self.counts = counts
  }
}
