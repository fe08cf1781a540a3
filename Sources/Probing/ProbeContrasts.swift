import Analysis
import Foundation

/// A difference between probes on the same seeds.
public struct ProbeContrast: Hashable, Codable, Sendable {
  public let name: String
  /// The mean over seeds.
  public let difference: Double
  /// By Student's t over seeds, and by samples where all seeds agree; nil for fewer than two.
  public let interval: ClosedRange<Double>?
  /// The n of the test.
  public let seeds: Int
  /// By turning signs of seeds, two-sided; nil for fewer than two.
  public let p: Double?
  /// Corrected for all contrasts that were tested together, by maxima.
  public let familyWiseP: Double?
  /// Signs that were tried, in words.
  public let signs: String
}

/// Tests of differences between probes, by turning the signs of whole seeds.
public struct ProbeContrasts: Hashable, Sendable {
  /// What is compared: a mean for each seed on both sides, of accuracy or of bits.
  public struct Pair: Hashable, Codable, Sendable {
    public let name: String
    public let first: [SeedMean]
    public let second: [SeedMean]
    /// Of a sample's difference; nil where it has none, as bits do.
    public let range: ClosedRange<Double>?
    /// The difference that p is the chance of.
    public let tested: Double

    /// - Parameter first, second: the same seeds, in any order.
    public init(
      _ name: String, _ first: [SeedMean], less second: [SeedMean], within range: ClosedRange<Double>? = nil,
      against tested: Double = 0
    ) {
      self.name = name
      self.first = first
      self.second = second
      self.range = range
      self.tested = tested
    }
  }

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

  /// Tests pairs of sites, or of a site and its control, together.
  /// - Throws: ``ProbingError`` if two sides do not have the same seeds.
  public func callAsFunction(_ pairs: [Pair]) throws(ProbingError) -> [ProbeContrast] {
    // Seeds have one number throughout, since a seed has one sign in all pairs.
    let seeds = Set(pairs.flatMap { $0.first.map(\.seed) }).sorted()
    let numbers = Dictionary(uniqueKeysWithValues: seeds.enumerated().map { ($1, $0) })
    var measurements: [[PairedMeasurement]] = []
    for pair in pairs {
      let second = Dictionary(pair.second.map { ($0.seed, $0.mean) }, uniquingKeysWith: { first, _ in first })
      let both = pair.first.compactMap { one -> PairedMeasurement? in
        guard let other = second[one.seed], let number = numbers[one.seed] else { return nil }
        return PairedMeasurement(baseline: other, treatment: one.mean, cluster: number)
      }
      guard both.count == pair.first.count, both.count == pair.second.count else { throw .seedsDiffer(pair.name) }
      measurements.append(both)
    }
    let family = test(
      zip(pairs, measurements).map { pair, values in
        values.map {
          PairedMeasurement(baseline: $0.baseline, treatment: $0.treatment - pair.tested, cluster: $0.cluster)
        }
      })
    return zip(pairs, zip(measurements, family.comparisons)).map { pair, found in
      let sample = ClusteredSample(differencesOf: found.0)
      return ProbeContrast(
        name: pair.name, difference: sample.mean,
        interval: sample.interval(
          confidence: confidence, within: pair.range, values: pair.first.reduce(0) { $0 + $1.count }),
        seeds: found.1.clusters, p: found.1.p, familyWiseP: found.1.correctedP, signs: family.signs.description)
    }
  }

  /// Whether one kind of maps is ahead of another by more in one task than in another: of color and shape, say, told from
  /// cross maps and from self maps of the same pictures.
  ///
  /// With g a gain in bits over `log2` of its task's classes, `(g(task, maps) - g(task, other maps)) - (g(other task, maps)
  /// - g(other task, other maps))`, seed by seed.
  /// - Throws: ``ProbingError`` if the four do not have the same seeds.
  public func differenceOfDifferences(
    _ name: String, task: (maps: ProbeInformation, otherMaps: ProbeInformation),
    otherTask: (maps: ProbeInformation, otherMaps: ProbeInformation)
  ) throws(ProbingError) -> ProbeContrast {
    let ahead = try [task, otherTask].map { (pair) throws(ProbingError) -> [SeedMean] in
      let other = Dictionary(uniqueKeysWithValues: Self.shares(pair.otherMaps).map { ($0.seed, $0.mean) })
      let own = Self.shares(pair.maps)
      guard Set(own.map(\.seed)) == Set(other.keys) else { throw .seedsDiffer(name) }
      return own.map { SeedMean(seed: $0.seed, count: $0.count, mean: $0.mean - (other[$0.seed] ?? .nan)) }
    }
    return try self([Pair(name, ahead[0], less: ahead[1])])[0]
  }

  private static func shares(_ information: ProbeInformation) -> [SeedMean] {
    information.gain.seeds.map {
      SeedMean(seed: $0.seed, count: $0.count, mean: $0.mean / log2(Double(information.classes)))
    }
  }
}
