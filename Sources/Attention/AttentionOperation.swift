import Tensors

/// What an intervention does at an attention.
public enum AttentionOperation: String, CaseIterable, Codable, Hashable, Sendable {
  /// Take the source's, in place of the target's own.
  case replace
  /// Take a share of the source's: `(1 - strength)` of the target's and `strength` of the source's.
  case mix
  /// Set it to 0.
  case zero
  /// Give every key the same probability, 1 / keys.
  case uniform
  /// Let each place see itself alone: self-attention maps.
  case identity
  /// Put the rows of the map (its queries) in another order.
  case shuffle
  /// Average each row with its neighbours on the grid, by a Gaussian.
  case blur
  /// Multiply, without bringing rows back to a sum of 1.
  case scale
  /// Take the mean over a set of prompts and seeds, in place of the target's own.
  case datasetMean = "dataset_mean"
  /// Give every head the mean of all heads.
  case headMean = "head_mean"

  /// Whether it needs a source run beside the target.
  public var needsSource: Bool { self == .replace || self == .mix }

  /// The meaning in a line, for people who choose one.
  public var meaning: String {
    switch self {
    case .replace: "the source's in place of the target's own"
    case .mix: "(1 - strength) of the target's and strength of the source's"
    case .zero: "0: the attention adds nothing but its output bias"
    case .uniform: "the same probability for every key, 1 / keys"
    case .identity: "each place sees itself alone (self-attention maps)"
    case .shuffle: "the rows of the map in another order, drawn from seed"
    case .blur: "each row averaged with its neighbours on the grid, a Gaussian of sigma cells"
    case .scale: "times factor; rows are not brought back to a sum of 1 unless renormalise: true"
    case .datasetMean: "the mean over a set of prompts and seeds, which run beside the target"
    case .headMean: "the mean of all heads for every head"
    }
  }

  /// The keys of a file that it has beside `op`, `of`, `sites`, `steps`, `branch`, `heads`, `words`.
  public var parameters: [String] {
    switch self {
    case .replace: ["part", "source_seed"]
    case .mix: ["strength", "source_seed"]
    case .datasetMean: ["prompts", "seeds"]
    case .shuffle: ["seed"]
    case .blur: ["sigma"]
    case .scale: ["factor"]
    case .zero, .uniform, .identity, .headMean: []
    }
  }
}

/// What of the source's map a replacement takes.
public enum MapPart: String, CaseIterable, Codable, Hashable, Sendable {
  /// The whole of it.
  case all
  /// How much each key gets over all queries; where stays the target's.
  case mass
  /// Where each key's share lies; how much stays the target's.
  case pattern
}

/// An operation on a run of a group, resolved against a model.
public struct PlannedOperation: Hashable, Sendable {
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

extension AttentionOperation {
  /// The change with the defaults of a file.
  public var plainChange: AttentionEdit.Change {
    switch self {
    case .replace, .datasetMean: .mix(strength: 1)
    case .mix: .mix(strength: 0.5)
    case .zero: .zero
    case .uniform: .uniform
    case .identity: .identity
    case .shuffle: .shuffle(seed: 0)
    case .blur: .blur(sigma: 1)
    case .scale: .scale(factor: 1)
    case .headMean: .headMean
    }
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
  /// The keys of cross maps, for each run of the group; of runs beyond nothing is kept.
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
