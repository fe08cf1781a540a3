import Analysis

/// Labels shuffled within strata: what a probe would see if they had nothing to do with the maps.
///
/// Each stratum keeps its labels and gives them to other samples of its own, as the seven pictures of one seed and object
/// exchange their colors. So whatever seed and object alone tell stays as it is, in every draw.
public struct LabelPermutations: Sendable {
  public let labels: ProbeLabels
  public let strata: Int
  public let seed: UInt64
  /// The labels as they are, then the draws.
  let labellings: [[Int]]
  /// How many were drawn.
  public var count: Int { labellings.count - 1 }

  /// The fewest: p values come in steps of a thousandth.
  public static let fewest = 999

  /// - Parameters:
  ///   - strata: for each sample the number of its stratum, as `samples.strata([.seeds, .objects])`.
  ///   - count: 999 or more.
  /// - Throws: ``ProbingError`` for fewer, for another number of samples, or if no permutation changes a label.
  public init(
    _ labels: ProbeLabels, within strata: [Int], count: Int = 999, seed: UInt64 = 0
  ) throws(ProbingError) {
    guard count >= Self.fewest else { throw .tooFewPermutations(found: count, needed: Self.fewest) }
    let members = try Self.members(strata, labels)
    var generator = SplitMix64(seed: seed)
    self.labels = labels
    self.strata = members.count
    self.seed = seed
    labellings = [labels.values] + (0..<count).map { _ in Self.shuffled(labels.values, members, &generator) }
  }

  /// The samples of each stratum, in the order of its number.
  private static func members(_ strata: [Int], _ labels: ProbeLabels) throws(ProbingError) -> [[Int]] {
    guard strata.count == labels.values.count else {
      throw .count(of: "strata", expected: labels.values.count, found: strata.count)
    }
    let members = Dictionary(grouping: strata.indices, by: { strata[$0] }).sorted { $0.key < $1.key }.map(\.value)
    guard members.contains(where: { Set($0.map { labels.values[$0] }).count > 1 }) else {
      throw .nothingToPermute(strata: members.count)
    }
    return members
  }

  /// Fisher and Yates' shuffle, stratum by stratum.
  private static func shuffled(_ values: [Int], _ strata: [[Int]], _ generator: inout SplitMix64) -> [Int] {
    var result = values
    for members in strata {
      for last in members.indices.dropFirst().reversed() {
        result.swapAt(members[last], members[generator.next(below: last + 1)])
      }
    }
    return result
  }

  /// The control of shuffled labels: one draw.
  /// - Throws: ``ProbingError`` as for permutations.
  public static func shuffled(
    _ labels: ProbeLabels, within strata: [Int], seed: UInt64
  ) throws(ProbingError) -> ProbeLabels {
    var generator = SplitMix64(seed: seed)
    return ProbeLabels(labels, values: shuffled(labels.values, try members(strata, labels), &generator))
  }
}
