import Attention
import Tensors

/// A named way to make the target run: its operations are applied together.
public struct InterventionSpec: Hashable, Sendable {
  public let name: String
  /// In the order of the file. Empty leaves the run alone.
  public let operations: [OperationSpec]

  public init(name: String, operations: [OperationSpec]) {
    self.name = name
    self.operations = operations
  }

  /// What results call the source of a pair; no intervention may have this name.
  public static let sourceName = "source"

  /// Called `none`: nothing is changed. Stands for `interventions` in a file that has none.
  public static let none = InterventionSpec(name: "none", operations: [])
}

/// One change to the attention of chosen sites and steps.
public struct OperationSpec: Hashable, Sendable {
  public let op: AttentionOperation
  /// What of an attention is changed.
  public let place: AttentionEdit.Place
  /// The operation with its parameters: strength, part, factor, sigma, seed.
  public let change: AttentionEdit.Change
  /// Selects attention sites, as `self:4-14`. Checked against the model by the plan.
  public let sites: String
  public let steps: StepSelector
  public let branch: BranchChoice
  /// The heads that are changed, from 0; nil: all.
  public let heads: [Int]?
  /// The words that are changed: columns of cross maps, rows of keys and values; nil: all.
  public let words: [TokenName]?
  /// Whether rows of probabilities are brought back to a sum of 1.
  public let renormalise: Bool
  /// The start noise of a source of its own; nil: the group's source, which has the target's noise.
  public let sourceSeed: UInt64?
  /// What `dataset_mean` is taken of.
  public let dataset: DatasetSpec?

  public init(
    op: AttentionOperation, place: AttentionEdit.Place = .probabilities, change: AttentionEdit.Change? = nil,
    sites: String, steps: StepSelector = .all, branch: BranchChoice = .conditional, heads: [Int]? = nil,
    words: [TokenName]? = nil, renormalise: Bool = false, sourceSeed: UInt64? = nil, dataset: DatasetSpec? = nil
  ) {
    self.op = op
    self.place = place
    self.change = change ?? op.plainChange
    self.sites = sites
    self.steps = steps
    self.branch = branch
    self.heads = heads
    self.words = words
    self.renormalise = renormalise
    self.sourceSeed = sourceSeed
    self.dataset = op == .datasetMean ? dataset ?? DatasetSpec() : nil
  }
}

/// Prompts and seeds whose mean attention `dataset_mean` takes: every prompt with every seed.
public struct DatasetSpec: Hashable, Sendable {
  /// Templates already expanded; nil: the sources and the single prompts of `generate`.
  public let prompts: [String]?
  /// nil: those of `generate`.
  public let seeds: [UInt64]?

  /// More runs than this do not go in a batch beside the others.
  package static let mostRuns = 256

  public init(prompts: [String]? = nil, seeds: [UInt64]? = nil) {
    self.prompts = prompts
    self.seeds = seeds
  }
}
