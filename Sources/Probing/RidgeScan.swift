import Analysis

/// Ridge probes of many feature blocks with the same samples, labels, folds and permutations.
///
/// The statistic of a block is the share of held-out samples that its probe tells right. Each draw of labels is given to all
/// blocks, and its largest statistic is what theirs are compared with: the chance of one or more false findings among all
/// blocks is held to the level at which the p values are read, however the blocks hang together. P values are corrected step
/// by step downwards, and each is `(b + 1) / (m + 1)` with b of m draws as extreme.
/// - Source: Nichols and Holmes 2002; Westfall and Young 1993, algorithm 4.1; Phipson and Smyth 2010.
public struct RidgeScan: Sendable {
  public let samples: [ProbeSample]
  public let folds: Folds
  public let permutations: LabelPermutations
  public let penalty: Double
  /// Of the intervals.
  public let confidence: Double

  /// - Parameters:
  ///   - penalty: above 0, the same for all blocks.
  ///   - confidence: above 0 and below 1.
  /// - Throws: ``ProbingError`` if labels, folds and samples do not fit one another, or the penalty is not positive.
  public init(
    samples: [ProbeSample], folds: Folds, permutations: LabelPermutations, penalty: Double, confidence: Double = 0.95
  ) throws(ProbingError) {
    guard samples.count == folds.count else {
      throw .count(of: "samples", expected: folds.count, found: samples.count)
    }
    guard penalty > 0, penalty.isFinite else { throw .penalty(penalty) }
    try folds.check(permutations.labels)
    precondition(confidence > 0 && confidence < 1, "an interval of confidence \(confidence)")
    self.samples = samples
    self.folds = folds
    self.permutations = permutations
    self.penalty = penalty
    self.confidence = confidence
  }

  /// Probes blocks, which are asked for one by one and on several threads, so that not all need be in memory.
  /// - Parameters:
  ///   - count: of blocks.
  ///   - block: the block of a place in `0 ..< count`.
  /// - Throws: what `block` throws; ``ProbingError``; `LinearAlgebraError`.
  public func callAsFunction(
    _ count: Int, block: @Sendable (Int) throws -> FeatureBlock
  ) throws -> ProbeFamily {
    family(of: try Parallel.map(count) { try probe(block($0)).found })
  }

  /// What a probe of one block found, before it is compared with others.
  package struct Probed: Sendable {
    package let name: String
    package let features: Int
    /// For each sample the place of a class.
    package let predicted: [Int]
    package let accuracy: ProbeAccuracy
    /// How many samples are told right, by the labels and then by each draw.
    fileprivate let correct: [Int]
  }

  /// Probes one block. The matrix is good for other labels of the same samples.
  /// - Throws: ``ProbingError``; `LinearAlgebraError`.
  package func probe(_ features: FeatureBlock) throws -> (found: Probed, hat: HatMatrix) {
    let labels = permutations.labels
    let hat = try HatMatrix(features, folds: folds, penalty: penalty)
    let predicted = try hat.predictions(labels).predicted
    let found = Probed(
      name: features.name, features: features.width, predicted: predicted,
      accuracy: try ProbeAccuracy(predicted: predicted, labels: labels, samples: samples, confidence: confidence),
      correct: hat.correct(permutations.labellings, classes: labels.classes.count))
    return (found, hat)
  }

  /// What another kind of probe says of the samples, judged by the labels and by each draw: draws are of labels alone here,
  /// and the probe stays as it was trained. Its folds share what they were trained on, so that p is too small and holds no level.
  /// - Throws: ``ProbingError`` for another number of samples.
  package func judge(_ name: String, features: Int, predicted: [Int]) throws(ProbingError) -> Probed {
    Probed(
      name: name, features: features, predicted: predicted,
      accuracy: try ProbeAccuracy(
        predicted: predicted, labels: permutations.labels, samples: samples, confidence: confidence),
      correct: permutations.labellings.map { labels in zip(predicted, labels).count { $0 == $1 } })
  }

  /// Compares blocks with the draws, and with one another.
  package func family(of probed: [Probed]) -> ProbeFamily {
    let labels = permutations.labels
    var tally = ExtremeCounts(probed.map { Double($0.correct[0]) })
    for draw in 0...permutations.count { tally.add(probed.map { Double($0.correct[draw]) }) }
    let p = zip(tally.single, tally.corrected).map {
      (Double($0) / Double(tally.total), Double($1) / Double(tally.total))
    }
    return ProbeFamily(
      label: labels.name, classes: labels.classes, samples: samples.count, grouping: folds.grouping,
      folds: folds.tests.count, penalty: penalty, permutations: permutations.count, strata: permutations.strata,
      seed: permutations.seed,
      sites: zip(probed, p).map { site, p in
        .init(name: site.name, features: site.features, accuracy: site.accuracy, p: p.0, familyWiseP: p.1)
      })
  }
}

/// What a ``RidgeScan`` found.
public struct ProbeFamily: Hashable, Codable, Sendable {
  /// One feature block.
  public struct Site: Hashable, Codable, Sendable {
    public let name: String
    public let features: Int
    public let accuracy: ProbeAccuracy
    /// Of this block alone, above 0 and at most 1.
    public let p: Double
    /// Corrected for all blocks of the family.
    public let familyWiseP: Double
  }

  /// What is told, as `color`.
  public let label: String
  public let classes: [String]
  public let samples: Int
  public let grouping: Grouping
  public let folds: Int
  public let penalty: Double
  public let permutations: Int
  /// Within which labels were permuted.
  public let strata: Int
  /// Of the permutations.
  public let seed: UInt64
  /// In the order in which they were given.
  public let sites: [Site]

  /// The names of the sites that tell the label at a level, corrected for all of them.
  public func found(level: Double = 0.05) -> [String] { sites.filter { $0.familyWiseP <= level }.map(\.name) }
}
