import Tensors

/// What groups samples: what a fold holds out, or a permutation keeps apart.
public enum Grouping: String, CaseIterable, Codable, Hashable, Sendable {
  case seeds, templates, objects
}

/// A picture whose maps are a sample.
public struct ProbeSample: Hashable, Codable, Sendable {
  /// What makes a picture, for one model and its settings: it must not stand on both sides of a split.
  public struct Key: Hashable, Codable, Sendable {
    public let prompt: String
    public let seed: Seed

    package init(prompt: String, seed: Seed) {
      self.prompt = prompt
      self.seed = seed
    }
  }

  public let prompt: String
  public let seed: Seed
  /// What the prompt was made from, as `a <color> car`.
  public let template: String
  /// What the prompt shows, as `car`.
  public let object: String

  public init(prompt: String, seed: Seed, template: String, object: String) {
    self.prompt = prompt
    self.seed = seed
    self.template = template
    self.object = object
  }

  public var key: Key { Key(prompt: prompt, seed: seed) }

  /// Its seed, template or object as text.
  public func name(_ grouping: Grouping) -> String {
    switch grouping {
    case .seeds: seed.description
    case .templates: template
    case .objects: object
    }
  }
}

extension Collection<ProbeSample> {
  /// For each sample the number of its stratum, which is what the samples with the same seed, object and so on share.
  ///
  /// Numbers count from 0 in the order in which strata first occur.
  public func strata(_ groupings: Set<Grouping>) -> [Int] {
    let order = Grouping.allCases.filter(groupings.contains)
    var numbers: [[String]: Int] = [:]
    return map { sample in
      let names = order.map(sample.name)
      let number = numbers[names, default: numbers.count]
      numbers[names] = number
      return number
    }
  }
}

/// The class of each sample.
public struct ProbeLabels: Hashable, Codable, Sendable {
  /// What is to be told, as `color`.
  public let name: String
  public let classes: [String]
  /// For each sample the place of its class in `classes`.
  public let values: [Int]

  /// - Throws: ``ProbingError`` for fewer than two classes, or a number that is no class.
  public init(name: String, classes: [String], values: [Int]) throws(ProbingError) {
    guard classes.count >= 2 else { throw .tooFewClasses(found: classes.count) }
    if let sample = values.firstIndex(where: { !classes.indices.contains($0) }) {
      throw .label(sample: sample, value: values[sample], classes: classes.count)
    }
    self.name = name
    self.classes = classes
    self.values = values
  }

  /// Reads a class for each sample; classes are numbered in the order of their names.
  /// - Throws: ``ProbingError`` for fewer than two classes.
  public init(name: String, _ names: [String]) throws(ProbingError) {
    let classes = Set(names).sorted()
    let places = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    try self.init(name: name, classes: classes, values: names.compactMap { places[$0] })
  }

  /// The share of the largest class: what a probe reaches that always says the same.
  public var chance: Double {
    let counts = classes.indices.map { place in values.count { $0 == place } }
    return Double(counts.max() ?? 0) / Double(values.count)
  }

  /// The same classes with other labels; they are known to be classes.
  init(_ labels: ProbeLabels, values: [Int]) {
    name = labels.name
    classes = labels.classes
    self.values = values
  }
}
