import Attention
import AttentionStore

/// Which maps of a run a view is of: those of the conditional half of guidance.
public struct MapViewRequest: Hashable, Sendable {
  /// The run's hash, whole.
  public var run: String
  /// The name of an entry of the file's `record` list; nil: the first that has maps of the view's kind, or all for
  /// statistics.
  public var record: String?
  /// nil takes every site that was recorded.
  public var sites: SiteSelector?
  /// nil takes every step that was recorded.
  public var steps: StepSelector?
  /// Words of cross-attention, as `car` or `car#2`; nil takes every word.
  public var words: [String]?

  public init(
    run: String, record: String? = nil, sites: SiteSelector? = nil, steps: StepSelector? = nil, words: [String]? = nil
  ) {
    self.run = run
    self.record = record
    self.sites = sites
    self.steps = steps
    self.words = words
  }
}

extension AttentionKind {
  /// What kinds of attention are called in sentences.
  package var title: String { "\(rawValue)-attention" }

  /// An entry of a file's `record` list that records it.
  package var recordExample: String {
    switch self {
    case .selfAttention: "- { name: layout, sites: \"self:*\", steps: { from: 0, to: 30, every: 10 } }"
    case .cross: "- { name: words, sites: \"cross:*\", tokens: words }"
    }
  }
}
