/// What a ``PermutationTest`` found of comparisons that were tested together.
public struct PermutationFamily: Hashable, Sendable {
  /// The signs that were tried.
  public enum Signs: Hashable, Sendable, CustomStringConvertible {
    /// All there are: p-values are exact.
    case all(Int)
    /// So many, by the seed.
    case drawn(Int, seed: UInt64)

    public var description: String {
      switch self {
      case .all(let count): "all \(count) signs of clusters"
      case .drawn(let count, let seed): "\(count) signs of clusters, drawn with seed \(seed)"
      }
    }
  }

  /// One comparison of the family.
  public struct Comparison: Hashable, Sendable {
    /// Finite measurements.
    public let count: Int
    /// Measurements that are infinite or no number on either side.
    public let excluded: Int
    /// Of the finite measurements.
    public let clusters: Int
    /// The mean of treatment less baseline, in their unit; NaN where `count` is 0.
    public let difference: Double
    var found: Found?

    struct Found: Hashable, Sendable {
      let statistic, p, correctedP: Double
    }

    /// `z = sum S_c / sqrt(sum S_c^2)`; nil for fewer than two clusters.
    public var statistic: Double? { found?.statistic }
    /// Of this comparison alone, above 0 and at most 1.
    public var p: Double? { found?.p }
    /// Corrected for the family by step-down maxima: of the most extreme comparison the share of signs with any
    /// statistic as extreme, of the next the same among the others, and so on; no less than that of a more extreme
    /// comparison.
    public var correctedP: Double? { found?.correctedP }
    /// Why there is no p.
    public var unanswered: Unanswered? {
      found == nil ? .tooFew(found: clusters, needed: 2, of: "clusters") : nil
    }
  }

  /// In the order in which they were given.
  public let comparisons: [Comparison]
  public let alternative: PermutationTest.Alternative
  /// That any tested comparison has; each was given one sign in all.
  public let clusters: Int
  public let signs: Signs
  /// How many comparisons the correction is for.
  public var tested: Int { comparisons.count { $0.found != nil } }
}
