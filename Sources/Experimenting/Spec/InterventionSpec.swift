import AttentionTracing

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
  /// Selects attention sites, as `self:4-14`. Checked against the model by the plan.
  public let sites: String
  public let steps: StepSelector
  public let branch: BranchChoice

  public init(op: AttentionOperation, sites: String, steps: StepSelector = .all, branch: BranchChoice = .conditional) {
    self.op = op
    self.sites = sites
    self.steps = steps
    self.branch = branch
  }
}
