/// Which samples are held out together: each sample in one fold, groups never divided.
///
/// A probe is trained on all folds but one and tested on that one.
public struct Folds: Hashable, Codable, Sendable {
  public let grouping: Grouping
  /// The groups that each fold holds out, as seeds or objects.
  public let groups: [[String]]
  /// The samples that each fold holds out, rising.
  public let tests: [[Int]]
  /// Samples in all.
  public let count: Int

  /// - Parameters:
  ///   - count: How many folds; without it each group is a fold of its own. Groups are dealt out in the order in which they
  ///     first occur.
  /// - Throws: ``ProbingError`` if there are fewer groups than two or than folds, or if the same prompt and seed would stand
  ///   on both sides.
  public init(_ samples: [ProbeSample], by grouping: Grouping, count: Int? = nil) throws(ProbingError) {
    let numbers = samples.strata([grouping])
    let found = (numbers.max() ?? -1) + 1
    let needed = max(2, count ?? 2)
    guard found >= needed else { throw .tooFewGroups(grouping, found: found, needed: needed) }
    if let count, count < 2 { throw .tooFewGroups(grouping, found: count, needed: 2) }
    let folds = count ?? found
    var tests = [[Int]](repeating: [], count: folds)
    var groups = [[String]](repeating: [], count: folds)
    var seen = Set<Int>()
    var places: [ProbeSample.Key: Int] = [:]
    for (index, sample) in samples.enumerated() {
      let fold = numbers[index] % folds
      guard places.updateValue(fold, forKey: sample.key) ?? fold == fold else {
        throw .keyOnBothSides(sample.key, grouping)
      }
      if seen.insert(numbers[index]).inserted { groups[fold].append(sample.name(grouping)) }
      tests[fold].append(index)
    }
    self.grouping = grouping
    self.groups = groups
    self.tests = tests
    self.count = samples.count
  }

  /// The samples that a fold trains on, rising.
  public func training(_ fold: Int) -> [Int] {
    let held = Set(tests[fold])
    return (0..<count).filter { !held.contains($0) }
  }

  /// Refuses labels that do not fit: another number of samples, or a class that some fold never sees in training.
  /// - Throws: ``ProbingError``.
  public func check(_ labels: ProbeLabels) throws(ProbingError) {
    guard labels.values.count == count else {
      throw .count(of: "labels \(labels.name)", expected: count, found: labels.values.count)
    }
    for fold in tests.indices {
      let trained = Set(training(fold).map { labels.values[$0] })
      if let missing = labels.classes.indices.first(where: { !trained.contains($0) }) {
        throw .classNotTrained(
          labels.classes[missing], withheld: "\(grouping.rawValue) \(groups[fold].joined(separator: ", "))")
      }
    }
  }
}
