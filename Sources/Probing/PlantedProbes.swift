import Tensors

/// Data whose truth is known: at one site each class has a pattern of its own, and all other sites are noise.
///
/// ``RidgeScan`` must find that site and no other. How often it finds another one, over many data sets, is its family-wise
/// error, which it promises to hold to the level.
public struct PlantedProbes: Hashable, Codable, Sendable {
  public let classes: Int
  public let objects: Int
  public let seeds: Int
  public let sites: Int
  /// Features of a site.
  public let width: Int
  /// The deviation of a class's pattern where the noise has 1; with 0 no site knows anything.
  public let strength: Double
  /// The site of the pattern, from 0.
  public let planted: Int
  /// Of the first data set; those that follow have the next numbers.
  public let seed: UInt64

  /// - Throws: ``ProbingError`` if a number is too small to probe with, or the planted site is none of them.
  public init(
    classes: Int = 4, objects: Int = 3, seeds: Int = 8, sites: Int = 8, width: Int = 12, strength: Double = 1,
    planted: Int = 2, seed: UInt64 = 0
  ) throws(ProbingError) {
    guard classes >= 2, objects >= 1, seeds >= 2, width >= 1, sites >= 1, (0..<sites).contains(planted) else {
      throw .simulation(
        "expected 2 or more classes and seeds, an object, a feature, and a planted site below \(sites); "
          + "found \(classes), \(seeds), \(objects), \(width) and \(planted)")
    }
    self.classes = classes
    self.objects = objects
    self.seeds = seeds
    self.sites = sites
    self.width = width
    self.strength = strength
    self.planted = planted
    self.seed = seed
  }

  /// A picture of every class, object and seed.
  public var samples: [ProbeSample] {
    (0..<seeds).flatMap { seed in
      (0..<objects).flatMap { object in
        (0..<classes).map { label in
          ProbeSample(
            prompt: "a class\(label) thing\(object)", seed: Seed(UInt64(seed)), template: "a <class> <object>",
            object: "thing\(object)")
        }
      }
    }
  }

  /// The classes of ``samples``.
  public func labels() throws(ProbingError) -> ProbeLabels {
    try ProbeLabels(
      name: "class", classes: (0..<classes).map { "class\($0)" },
      values: (0..<(seeds * objects)).flatMap { _ in 0..<classes })
  }

  /// The features of a data set, a block for each site, of the same numbers every time.
  /// - Parameter repetition: from 0.
  public func blocks(_ repetition: Int) throws(ProbingError) -> [FeatureBlock] {
    var generator = TorchGenerator(seed: Seed(seed &+ UInt64(repetition)))
    let patterns = generator.randn([classes, width]).values
    let count = seeds * objects * classes
    var blocks: [FeatureBlock] = []
    for site in 0..<sites {
      var values = generator.randn([count, width]).values
      if site == planted {
        for place in values.indices {
          let label = (place / width) % classes
          values[place] += Float(strength) * patterns[label * width + place % width]
        }
      }
      blocks.append(try FeatureBlock(name: "site \(site)", samples: count, width: width, values: values))
    }
    return blocks
  }

  /// What was found in many data sets.
  public struct Outcome: Hashable, Codable, Sendable {
    public let repetitions: Int
    public let level: Double
    public let permutations: Int
    /// Data sets in which the planted site was found.
    public let found: Int
    /// Data sets in which any site without a pattern was found.
    public let falselyFound: Int
    /// The share of data sets with a false finding; its standard error is `sqrt(level (1 - level) / repetitions)`.
    public var familyWiseError: Double { Double(falselyFound) / Double(repetitions) }
  }

  /// Probes many data sets.
  /// - Parameters:
  ///   - repetitions: 1 or more.
  ///   - permutations: of each, 999 or more.
  ///   - level: above 0 and below 1.
  /// - Throws: ``ProbingError``; `LinearAlgebraError`.
  public func simulate(
    repetitions: Int, permutations: Int = LabelPermutations.fewest, level: Double = 0.05, penalty: Double = 1
  ) throws -> Outcome {
    guard repetitions > 0, level > 0, level < 1 else {
      throw ProbingError.simulation(
        "expected repetitions and a level between 0 and 1, found \(repetitions) and \(level)")
    }
    let (samples, labels) = (self.samples, try self.labels())
    let folds = try Folds(samples, by: .seeds)
    let strata = samples.strata([.seeds, .objects])
    var (found, falselyFound) = (0, 0)
    for repetition in 0..<repetitions {
      let draws = try LabelPermutations(
        labels, within: strata, count: permutations, seed: seed &+ UInt64(repetition))
      let scan = try RidgeScan(samples: samples, folds: folds, permutations: draws, penalty: penalty)
      let blocks = try self.blocks(repetition)
      let names = Set(try scan(blocks.count) { blocks[$0] }.found(level: level))
      let truth: Set = strength > 0 ? ["site \(planted)"] : []
      if !names.isDisjoint(with: truth) { found += 1 }
      if !names.isSubset(of: truth) { falselyFound += 1 }
    }
    return Outcome(
      repetitions: repetitions, level: level, permutations: permutations, found: found, falselyFound: falselyFound)
  }
}
