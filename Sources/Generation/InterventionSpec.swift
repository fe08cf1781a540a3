import Attention
import Formatting
import Tensors

/// A named way to make the target run: its operations are applied together.
public struct InterventionSpec: Codable, Hashable, Sendable {
  public let name: String
  /// In the order of the file. Empty leaves the run alone.
  public let operations: [OperationSpec]

  public init(name: String, operations: [OperationSpec]) {
    self.name = name
    self.operations = operations
  }

  /// What results call the source of a pair; no intervention may have this name.
  public static let sourceName = "source"

  /// Whether what is recorded of its runs is another map than they use.
  package var readsAcross: Bool { operations.contains { $0.op.onlyObserves } }

  /// Called `none`: nothing is changed. Stands for `interventions` in a file that has none.
  public static let none = InterventionSpec(name: "none", operations: [])
}

/// One change to the attention of chosen sites and steps.
public struct OperationSpec: Codable, Hashable, Sendable {
  /// The operation with the values of its own keys.
  public internal(set) var change: AttentionChange
  /// What of an attention is changed.
  public internal(set) var place: AttentionEdit.Place
  /// Selects attention sites, as `self:4-14`. Checked against the model by the plan.
  public internal(set) var sites: String
  public internal(set) var steps: StepSelector
  public internal(set) var branch: BranchChoice
  /// The heads that are changed, from 0; nil: all.
  public internal(set) var heads: [Int]?
  /// The words that are changed: columns of cross maps, rows of keys and values; nil: all.
  public internal(set) var words: [TokenName]?
  /// Whether rows of probabilities are brought back to a sum of 1.
  public internal(set) var renormalize: Bool

  /// - Parameter values: of the operation's own keys; the others take their standard.
  public init(
    op: AttentionOperation, values: [String: OperationValue] = [:], place: AttentionEdit.Place = .probabilities,
    sites: String, steps: StepSelector = .all, branch: BranchChoice = .conditional, heads: [Int]? = nil,
    words: [TokenName]? = nil, renormalize: Bool = false
  ) {
    change = AttentionChange(op, values)
    self.place = place
    self.sites = sites
    self.steps = steps
    self.branch = branch
    self.heads = heads
    self.words = words
    self.renormalize = renormalize
  }

  public var op: AttentionOperation { change.operation }

  /// The start noise of a source of its own; nil: the group's source, which has the target's noise.
  public var sourceNoise: ReferenceNoise? {
    if case .seed(let seed)? = change.values[OperationKey.sourceSeed.name] { return .seed(seed) }
    if case .seed(let number)? = change.values[OperationKey.sourceSeedAdded.name] { return .added(number) }
    return nil
  }

  /// What an operation that takes from a dataset takes from.
  public var dataset: DatasetSpec? {
    guard op.takesFrom == .dataset else { return nil }
    let prompts: [String]? =
      if case .texts(let texts)? = change.values[OperationKey.datasetPrompts.name] { texts } else { nil }
    let seeds: [Seed]? =
      if case .seeds(let seeds)? = change.values[OperationKey.datasetSeeds.name] { seeds } else { nil }
    return DatasetSpec(prompts: prompts, seeds: seeds)
  }
}

/// The start noise of a run that is made beside others.
public enum ReferenceNoise: Hashable, Sendable {
  /// The same one beside every group.
  case seed(Seed)
  /// That of the others' own seed with a number added, modulo 2^64.
  case added(Seed)

  /// The seed that the noise is drawn from.
  /// - Parameter own: the seed of the runs beside which it is made.
  public func seed(beside own: Seed) -> Seed {
    switch self {
    case .seed(let seed): seed
    case .added(let number): Seed(own.value &+ number.value)
    }
  }
}

/// Prompts and seeds whose mean attention `dataset_mean` takes: every prompt with every seed.
public struct DatasetSpec: Codable, Hashable, Sendable {
  /// Templates already expanded; nil: the sources and the single prompts of `generate`.
  public let prompts: [String]?
  /// nil: those of `generate`.
  public let seeds: [Seed]?

  /// More runs than this do not go in a batch beside the others.
  package static let mostRuns = 256

  public init(prompts: [String]? = nil, seeds: [Seed]? = nil) {
    self.prompts = prompts
    self.seeds = seeds
  }
}
