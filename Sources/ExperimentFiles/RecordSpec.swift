import Attention
import Generation
import Tensors

/// One entry of the file's `record` list: what is stored of which attentions, and how it is reduced first.
public struct RecordSpec: Codable, Hashable, Sendable {
  /// The entry's name in the database and in figures.
  public internal(set) var name: String
  /// Selects attention sites, as `cross:*` or `self:4-14`. Checked against the model by the plan.
  public internal(set) var sites: String
  /// What is stored of each attention.
  public internal(set) var of: RecordedQuantity {
    get { quantity ?? .probabilities }
    set { quantity = newValue == .probabilities ? nil : newValue }
  }
  /// nil for probabilities: plans that were written down before there was another quantity do not name it.
  private var quantity: RecordedQuantity?
  public internal(set) var heads: HeadChoice
  public internal(set) var steps: StepSelector
  /// The keys that are kept of cross-attention maps.
  public internal(set) var tokens: TokenSelector
  public internal(set) var branch: BranchChoice
  /// The side, in cells, of the grid that maps are averaged down to, 1...1024; nil keeps each site's own grid.
  public internal(set) var pool: Int?
  public internal(set) var dtype: MapType
  /// The seed of the random UNet whose attention is stored; nil: the model's own is.
  public internal(set) var randomUNet: Seed?

  public init(
    name: String, of quantity: RecordedQuantity = .probabilities, sites: String, heads: HeadChoice = .mean,
    steps: StepSelector = .all, tokens: TokenSelector = .all, branch: BranchChoice = .conditional, pool: Int? = nil,
    dtype: MapType = .float32, randomUNet: Seed? = nil
  ) {
    self.name = name
    self.sites = sites
    self.heads = heads
    self.steps = steps
    self.tokens = tokens
    self.branch = branch
    self.pool = pool
    self.dtype = dtype
    self.randomUNet = randomUNet
    of = quantity
  }
}

extension RecordSpec {
  /// Whether it holds probabilities of the model itself, which metrics and figures of maps are of.
  package var isOfOwnProbabilities: Bool { of == .probabilities && randomUNet == nil }
}

/// What becomes of a site's heads.
public enum HeadChoice: String, CaseIterable, Codable, Hashable, Sendable {
  /// One map, the mean over all heads.
  case mean
  /// One map a head.
  case all
}
