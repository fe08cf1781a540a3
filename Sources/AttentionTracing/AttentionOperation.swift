/// What can be done to the probabilities of an attention.
public enum AttentionOperation: String, CaseIterable, Codable, Hashable, Sendable {
  /// Take the source run's probabilities, with the target's own values.
  case replace
  /// Set them to 0: the attention adds nothing but its output bias.
  case zero
  /// Give every key the same, 1 / keys.
  case uniform

  /// Whether it needs a source run beside the target.
  public var needsSource: Bool { self == .replace }
}

/// An operation on a run of a group, resolved against a model.
public struct PlannedOperation: Hashable, Sendable {
  public let operation: AttentionOperation
  /// Index of the run in its group.
  public let run: Int
  /// Index of the run whose probabilities it takes, for operations that need one.
  public let source: Int?
  /// Indices of sites.
  public let sites: [Int]
  public let steps: [Int]
  public let branches: Set<GuidanceBranch>

  public init(
    operation: AttentionOperation, run: Int, source: Int?, sites: [Int], steps: [Int], branches: Set<GuidanceBranch>
  ) {
    self.operation = operation
    self.run = run
    self.source = source
    self.sites = sites
    self.steps = steps
    self.branches = branches
  }
}

/// How the values of a stored map are kept.
public enum MapType: String, CaseIterable, Codable, Hashable, Sendable {
  case float32 = "fp32"
  case float16 = "fp16"

  public var bytes: Int { self == .float32 ? 4 : 2 }
}

/// What a record entry keeps of a group, resolved against a model and its prompts.
public struct PlannedRecord: Hashable, Sendable {
  /// Index of the entry in the experiment's list.
  public let record: Int
  /// Indices of sites.
  public let sites: [Int]
  public let steps: [Int]
  public let branches: Set<GuidanceBranch>
  public let meanOfHeads: Bool
  /// The keys of cross maps, for each run of the group.
  public let tokens: [[TokenKey]]
  /// Grids larger than this, along either side, are averaged down to it; keys of self maps are summed alike.
  public let pool: Int?
  public let type: MapType

  public init(
    record: Int, sites: [Int], steps: [Int], branches: Set<GuidanceBranch>, meanOfHeads: Bool, tokens: [[TokenKey]],
    pool: Int?, type: MapType
  ) {
    self.record = record
    self.sites = sites
    self.steps = steps
    self.branches = branches
    self.meanOfHeads = meanOfHeads
    self.tokens = tokens
    self.pool = pool
    self.type = type
  }
}
