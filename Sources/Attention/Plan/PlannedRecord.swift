import Tensors

/// How the values of a stored map are kept: the `dtype` of an entry of `record`.
public enum MapType: String, CaseIterable, Codable, Hashable, Sendable {
  /// IEEE single precision: the values as they were computed.
  case float32 = "fp32"
  /// IEEE half precision, rounded to nearest, ties to even: 11 significant bits, so the relative error of values of
  /// 6.1e-5 and more is at most 2^-11; below, the absolute error is at most 2^-25. From 65520 on it is infinite.
  case float16 = "fp16"

  /// Of one value.
  public var bytes: Int { self == .float32 ? 4 : 2 }
}

/// What a record entry keeps of a group, resolved against a model and its prompts.
public struct PlannedRecord: Codable, Hashable, Sendable {
  /// Index of the entry in the experiment's list.
  public let record: Int
  public let quantity: RecordedQuantity
  /// Indices of sites.
  public let sites: [Int]
  /// Of each of the sites, how many values a vector of all heads has; empty for maps, which need none.
  public let channels: [Int]
  public let steps: [Int]
  public let branches: Set<GuidanceBranch>
  public let meanOfHeads: Bool
  /// The keys of cross maps, for each run of the group; of runs beyond nothing is kept.
  public let tokens: [[TokenKey]]
  /// Grids larger than this, along either side, are averaged down to it; keys of self maps are put together alike.
  public let pool: Int?
  public let type: MapType
  /// The seed of the random UNet whose attention is kept; nil: the model's own is.
  public let randomUNet: Seed?

  public init(
    record: Int, of quantity: RecordedQuantity = .probabilities, sites: [Int], channels: [Int] = [], steps: [Int],
    branches: Set<GuidanceBranch>, meanOfHeads: Bool, tokens: [[TokenKey]], pool: Int?, type: MapType,
    randomUNet: Seed? = nil
  ) {
    precondition(quantity.isMap || channels.count == sites.count, "the channels of each site")
    self.record = record
    self.quantity = quantity
    self.channels = channels
    self.sites = sites
    self.steps = steps
    self.branches = branches
    self.meanOfHeads = meanOfHeads
    self.tokens = tokens
    self.pool = pool
    self.type = type
    self.randomUNet = randomUNet
  }
}
