/// A change that an intervention makes in one lane's attention.
public struct AttentionEdit: Hashable, Sendable {
  /// What is changed, in the order in which an attention computes it.
  public enum Place: String, CaseIterable, Codable, Hashable, Sendable {
    case queries
    case keys
    case values
    /// Before the softmax.
    case scores
    /// After the softmax.
    case probabilities
    /// What the attention adds to its block, after its last projection.
    case output

    /// Whether it is the map of queries and keys, rather than vectors.
    public var isMap: Bool { self == .scores || self == .probabilities }
  }

  /// The lane of the batch that is changed.
  public let lane: Int
  /// The lanes that it takes from: their mean, where there are several.
  public let sources: [Int]
  public let place: Place
  public let change: AttentionChange
  /// The heads that are changed; nil: all.
  public let heads: Set<Int>?
  /// The tokens that are changed: columns of maps, rows of keys and values; nil: all.
  public let tokens: [Int]?
  /// Whether rows of probabilities are brought back to a sum of 1.
  public let renormalizes: Bool
  /// Where the sources' tokens stand at other positions; nil: at the same.
  public let alignment: TokenAlignment?
  /// Where the object is, for an operation that asks for it; nil elsewhere.
  public var objects: ObjectMasks?
  /// The query that tells where the object is: an index into those of a step.
  var objectQuery: Int?
  /// What it takes from an earlier call; nil for one that takes from none.
  public var held: HeldValues?
  /// Where that was kept: the mean, where there are several.
  var heldFrom: [HeldAttention] = []

  public init(
    lane: Int, sources: [Int], place: Place, change: AttentionChange, heads: Set<Int>? = nil, tokens: [Int]? = nil,
    renormalizes: Bool = false, alignment: TokenAlignment? = nil
  ) {
    self.lane = lane
    self.sources = sources
    self.place = place
    self.change = change
    self.heads = heads
    self.tokens = tokens
    self.renormalizes = renormalizes
    self.alignment = alignment
  }

  func changes(head: Int) -> Bool { heads?.contains(head) ?? true }

  /// Whether its sources' maps are computed for it: masks come of other maps, and what was kept is there.
  var takesMaps: Bool { objects == nil && held == nil }

  /// Whether it needs all heads at once.
  var isMeanOfHeads: Bool { if case .meanOfHeads = change.effect { true } else { false } }
}
