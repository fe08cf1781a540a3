/// An operation on a run of a group, resolved against a model.
public struct PlannedOperation: Codable, Hashable, Sendable {
  public let change: AttentionChange
  public let place: AttentionEdit.Place
  /// Index of the run in its group.
  public private(set) var run: Int
  /// Indices of the runs that it takes from, for operations that need some: their mean.
  public let sources: [Int]
  /// Indices of sites.
  public let sites: [Int]
  /// Paths of residual blocks whose features are changed.
  public let residuals: [String]
  public private(set) var steps: [Int]
  public let branches: Set<GuidanceBranch>
  /// The heads that are changed; nil: all.
  public let heads: Set<Int>?
  /// The positions of the chosen words; nil: all.
  public let tokens: [Int]?
  public let renormalizes: Bool
  /// Where the tokens of source and target stand at different positions: cross-attention of the conditional half takes
  /// them by it.
  public let alignment: TokenAlignment?
  /// The tokens of the object, for an operation that asks where it is.
  public let object: PlannedObject?

  /// - Parameter values: of the operation's own keys; the others take their standard.
  public init(
    operation: AttentionOperation, values: [String: OperationValue] = [:],
    place: AttentionEdit.Place = .probabilities, run: Int, sources: [Int] = [], sites: [Int],
    residuals: [String] = [], steps: [Int], branches: Set<GuidanceBranch>, heads: Set<Int>? = nil,
    tokens: [Int]? = nil, renormalizes: Bool = false, alignment: TokenAlignment? = nil, object: PlannedObject? = nil
  ) {
    change = AttentionChange(operation, values)
    self.place = place
    self.run = run
    self.sources = sources
    self.sites = sites
    self.residuals = residuals
    self.steps = steps
    self.branches = branches
    self.heads = heads
    self.tokens = tokens
    self.renormalizes = renormalizes
    self.alignment = alignment
    self.object = object
  }

  /// What it does in one of its steps, whichever run it is of: equal where two runs are changed alike.
  var asOfAnyRun: PlannedOperation {
    var same = self
    same.run = 0
    // What it takes from an earlier call depends on where its steps begin.
    same.steps = heldCall.map { [$0 + 1] } ?? []
    return same
  }

  /// Whether it leaves everything as it is: it is then left out, and the bits stay.
  var isNothing: Bool {
    guard !renormalizes else { return false }
    if case .nothing = change.effect { return true }
    return tokens?.isEmpty == true || heads?.isEmpty == true
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
