/// A test whether paired differences lie about 0, by turning the sign of all differences of a cluster at once.
///
/// It assumes that under the null hypothesis the differences of a cluster are as likely to have the other sign, all of
/// them together, and that clusters (seeds, or pairs and seeds) are independent. It assumes no shape of the
/// distribution beyond that.
///
/// With `S_c` the sum of the differences of cluster c the statistic is `z = sum S_c / sqrt(sum S_c^2)`, and 0 where all
/// sums are 0. Its denominator does not change with the signs, so z sorts them as the mean difference does; over the
/// same number of clusters it rises with Student's t of their sums, so that comparisons of unequal spread weigh alike
/// in a family.
///
/// p-values are of two kinds. Where all `2^n` signs of n clusters are no more than the permutations asked for, all are
/// gone through, and p is the share with a statistic as extreme as the one found or more; it is exact. Otherwise m
/// signs are drawn, b of them as extreme, and `p = (b + 1) / (m + 1)`, which is never 0 (Phipson and Smyth 2010). Few
/// clusters cannot give a small p: two-sided none below `2 / 2^n`, which is 0.06 for 5 clusters.
/// - Source: Fisher 1935; Nichols and Holmes 2002; for families Westfall and Young 1993, algorithm 4.1.
public struct PermutationTest: Hashable, Sendable {
  /// What counts as extreme.
  public enum Alternative: String, CaseIterable, Hashable, Sendable {
    /// Differences of either sign.
    case twoSided
    /// Treatments above their baselines.
    case greater
    /// Treatments below their baselines.
    case less

    func extremeness(_ z: Double) -> Double {
      switch self {
      case .twoSided: abs(z)
      case .greater: z
      case .less: -z
      }
    }
  }

  /// How many signs to draw, and at most go through.
  public let permutations: Int
  /// Of the draws.
  public let seed: UInt64
  public let alternative: Alternative

  /// - Parameter permutations: 999 or more.
  public init(permutations: Int = 9_999, seed: UInt64 = 0, alternative: Alternative = .twoSided) {
    precondition(permutations >= 999, "\(permutations) permutations, fewer than 999")
    self.permutations = permutations
    self.seed = seed
    self.alternative = alternative
  }

  /// The fewest clusters of which any differences give a p of a level, uncorrected; nil if none do, since the draws are
  /// too few.
  package func fewestClusters(level: Double) -> Int? {
    // A level that is a difference of decimals may lie below what is meant.
    let level = level * (1 + 1e-9)
    guard 1 / Double(permutations + 1) <= level else { return nil }
    return (2...).first { clusters in
      guard clusters < Int.bitWidth - 1, 1 << clusters <= permutations else { return true }
      return (alternative == .twoSided ? 2.0 : 1.0) / Double(1 << clusters) <= level
    }
  }

  /// Tests comparisons together: of many interventions or attention sites, over the same prompts and seeds.
  ///
  /// Cluster numbers are the same throughout the family: a cluster has one sign in all comparisons, which keeps how
  /// they depend on one another. A comparison may lack clusters. The corrected p-values hold the chance of one or more
  /// false findings among all comparisons to the level at which they are read, whichever of the null hypotheses hold,
  /// as long as the joint distribution of some comparisons' statistics does not hang on whether the others' hypotheses
  /// hold (subset pivotality). Comparisons that cannot be tested are not in the family.
  public func callAsFunction(_ comparisons: [[PairedMeasurement]]) -> PermutationFamily {
    let finite = comparisons.map { $0.filter(\.isFinite) }
    let samples = finite.map { ClusteredSample(differencesOf: $0) }
    let tested = samples.indices.filter { samples[$0].clusters >= 2 }
    let flips = SignFlips(tested.map { samples[$0] })
    let isExact = flips.clusters < Int.bitWidth - 1 && 1 << flips.clusters <= permutations
    let counts = count(flips, exact: isExact)
    var results = samples.indices.map { index in
      PermutationFamily.Comparison(
        count: samples[index].count, excluded: comparisons[index].count - samples[index].count,
        clusters: samples[index].clusters, difference: samples[index].mean)
    }
    for (index, found) in zip(tested, counts) { results[index].found = found }
    return PermutationFamily(
      comparisons: results, alternative: alternative, clusters: flips.clusters,
      signs: isExact ? .all(1 << flips.clusters) : .drawn(permutations, seed: seed))
  }

  /// p-values of each sample, alone and corrected.
  private func count(_ flips: SignFlips, exact: Bool) -> [PermutationFamily.Comparison.Found] {
    let statistics = flips.statistics { _ in false }
    var tally = ExtremeCounts(statistics.map(alternative.extremeness))
    func add(_ values: [Double]) { tally.add(values.map(alternative.extremeness)) }
    if exact {
      for signs in 0..<(1 << flips.clusters) { add(flips.statistics { signs >> $0 & 1 == 1 }) }
    } else {
      // The signs that were found are one draw more.
      add(statistics)
      var generator = SplitMix64(seed: seed)
      for _ in 0..<permutations {
        let words = (0..<(flips.clusters + 63) / 64).map { _ in generator.next() }
        add(flips.statistics { words[$0 / 64] >> UInt64($0 % 64) & 1 == 1 })
      }
    }
    return zip(statistics, zip(tally.single, tally.corrected)).map { statistic, counts in
      .init(
        statistic: statistic, p: Double(counts.0) / Double(tally.total),
        correctedP: Double(counts.1) / Double(tally.total))
    }
  }
}
