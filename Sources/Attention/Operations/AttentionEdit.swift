/// A change that an intervention makes in one element's attention.
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

  public enum Change: Codable, Hashable, Sendable {
    /// `(1 - strength)` of the element's own and `strength` of the source's.
    case mix(strength: Float)
    /// The source's mass of each key with the own pattern.
    case mass
    /// The source's pattern of each key with the own mass.
    case pattern
    case zero
    /// 1 / keys.
    case uniform
    /// Each query sees itself alone: self-attention maps.
    case identity
    /// Rows in another order: that of the values that torch's generator draws for the seed, ascending.
    case shuffle(seed: UInt64)
    /// A Gaussian mean over the grid of rows.
    /// - `sigma`: standard deviation in cells.
    case blur(sigma: Float)
    case scale(factor: Float)
    /// The mean of all heads, for each head.
    case headMean

    /// Whether it takes something from a source.
    public var needsSource: Bool {
      switch self {
      case .mix, .mass, .pattern: true
      default: false
      }
    }
  }

  /// The element of the batch that is changed.
  public let element: Int
  /// The elements that it takes from: their mean, where there are several.
  public let sources: [Int]
  public let place: Place
  public let change: Change
  /// The heads that are changed; nil: all.
  public let heads: Set<Int>?
  /// The tokens that are changed: columns of maps, rows of keys and values; nil: all.
  public let tokens: [Int]?
  /// Whether rows of probabilities are brought back to a sum of 1.
  public let renormalises: Bool
  /// Where the sources' tokens stand at other positions; nil: at the same.
  public let alignment: TokenAlignment?

  public init(
    element: Int, sources: [Int], place: Place, change: Change, heads: Set<Int>? = nil, tokens: [Int]? = nil,
    renormalises: Bool = false, alignment: TokenAlignment? = nil
  ) {
    self.element = element
    self.sources = sources
    self.place = place
    self.change = change
    self.heads = heads
    self.tokens = tokens
    self.renormalises = renormalises
    self.alignment = alignment
  }

  func changes(head: Int) -> Bool { heads?.contains(head) ?? true }
}
