/// An operation on a run of a group, resolved against a model.
public struct PlannedOperation: Codable, Hashable, Sendable {
  public let operation: AttentionOperation
  public let place: AttentionEdit.Place
  /// What is computed.
  public let change: AttentionEdit.Change
  /// Index of the run in its group.
  public let run: Int
  /// Indices of the runs that it takes from, for operations that need some: their mean.
  public let sources: [Int]
  /// Indices of sites.
  public let sites: [Int]
  public let steps: [Int]
  public let branches: Set<GuidanceBranch>
  /// The heads that are changed; nil: all.
  public let heads: Set<Int>?
  /// The positions of the chosen words; nil: all.
  public let tokens: [Int]?
  public let renormalises: Bool
  /// Where the tokens of source and target stand at different positions: cross-attention of the conditional half takes
  /// them by it.
  public let alignment: TokenAlignment?

  public init(
    operation: AttentionOperation, place: AttentionEdit.Place = .probabilities, change: AttentionEdit.Change? = nil,
    run: Int, sources: [Int] = [], sites: [Int], steps: [Int], branches: Set<GuidanceBranch>, heads: Set<Int>? = nil,
    tokens: [Int]? = nil, renormalises: Bool = false, alignment: TokenAlignment? = nil
  ) {
    self.operation = operation
    self.place = place
    self.change = change ?? operation.plainChange
    self.run = run
    self.sources = sources
    self.sites = sites
    self.steps = steps
    self.branches = branches
    self.heads = heads
    self.tokens = tokens
    self.renormalises = renormalises
    self.alignment = alignment
  }

  /// Whether it leaves everything as it is: it is then left out, and the bits stay.
  var isNothing: Bool {
    guard !renormalises else { return false }
    switch change {
    case .mix(let strength): return strength == 0
    case .scale(let factor): return factor == 1
    case .blur(let sigma): return sigma == 0
    default: return tokens?.isEmpty == true || heads?.isEmpty == true
    }
  }
}

extension PlannedOperation {
  /// The chosen tokens that have a partner; nil: all.
  func partnered(by alignment: TokenAlignment?, of count: Int) -> [Int]? {
    guard let alignment else { return tokens }
    let chosen = (tokens ?? Array(0..<count)).filter(alignment.covers)
    return chosen.count == count ? nil : chosen
  }
}

extension AttentionEdit.Place {
  /// Whether it has a row or a column a token, at cross-attention.
  var hasTokens: Bool { self != .queries && self != .output }
}
