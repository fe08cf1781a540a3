import AttentionStore
import Tensors

/// What a run of an experiment did.
public struct RunSummary: Codable, Hashable, Sendable {
  public let runsMade: Int
  /// Runs that were done already.
  public let runsKept: Int
  /// Denoising steps of groups.
  public let stepsMade: Int
  /// Files of finished runs that were missing or changed, and are as they were.
  public let filesMade: Int
  /// Stored runs of other plans.
  public let otherRuns: Int
  /// Runs of this plan that failed, in its order.
  public let failed: [FailedRun]
  /// Files of finished runs that could not be made again as they were.
  public let fileProblems: [String]
  public let seconds: Double
  /// The path of `report.md`.
  public let report: String
}

/// A run that failed, now or before. That is final: it is not tried again while it is stored.
public struct FailedRun: Codable, Hashable, Sendable, CustomStringConvertible {
  public let hash: String
  public let intervention: String
  public let prompt: String
  /// Of the run whose attention it takes.
  public let sourcePrompt: String?
  public let seed: Seed
  public let error: String
  /// Whether it failed in this run of the program.
  public let isNew: Bool

  init(_ run: StoredRun, isNew: Bool) {
    hash = run.run.hash
    intervention = run.run.intervention
    prompt = run.prompt
    sourcePrompt = run.sourcePrompt
    seed = run.run.seed
    error = run.error ?? ""
    self.isNew = isNew
  }

  /// `a red car -> a blue car, seed 1, nan: step 2: ...`
  public var description: String {
    let prompts = sourcePrompt.map { "\($0) -> \(prompt)" } ?? prompt
    return "\(prompts), seed \(seed), \(intervention): \(error)\(isNew ? "" : " (failed before; not tried again)")"
  }
}
