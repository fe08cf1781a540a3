import Formatting
import Foundation
import Tensors

/// Whether a run gives its attention to others or takes it from one.
public enum RunRole: String, Codable, CaseIterable, Hashable, Sendable {
  case source
  case target
}

/// How far a run has come. `running` where no process holds the database is a run that was killed. `done` and `failed` are
/// final: only `AttentionStore.removeRuns` takes such a run away.
public enum RunStatus: String, Codable, CaseIterable, Hashable, Sendable {
  case pending
  case running
  case done
  case failed
}

/// One picture to be made.
public struct RunDescription: Hashable, Sendable {
  /// Of everything that decides the run's bits; unique in a database.
  public var hash: String
  public var role: RunRole
  /// Its name in the experiment file.
  public var intervention: String
  public var prompt: PromptID
  /// The hash of the run whose attention it takes; nil for a source.
  public var sourceHash: String?
  /// Of the start noise.
  public var seed: Seed
  /// How often the model is called: what steps of maps and of checkpoints count.
  public var calls: Int
  public var setting: SettingDescription

  /// - Parameter calls: nil where the model is called once a step.
  public init(
    hash: String, role: RunRole, intervention: String, prompt: PromptID, sourceHash: String? = nil, seed: Seed,
    calls: Int? = nil, setting: SettingDescription
  ) {
    self.hash = hash
    self.role = role
    self.intervention = intervention
    self.prompt = prompt
    self.sourceHash = sourceHash
    self.seed = seed
    self.calls = calls ?? setting.numInferenceSteps
    self.setting = setting
  }
}

/// A run that is in the database.
public struct StoredRun: Identifiable, Hashable, Sendable {
  public let id: RunID
  public let run: RunDescription
  public let groupHash: String
  public let status: RunStatus
  /// Why it failed; nil unless `status` is `failed`.
  public let error: String?
  public let prompt: String
  /// Of its setting; nil without guidance.
  public let negativePrompt: String?
  /// The run whose attention it takes, and that run's prompt.
  public let sourceID: RunID?
  public let sourcePrompt: String?
}

/// Which runs: those that fulfil every condition given.
public struct RunFilter: Hashable, Sendable {
  public var hashes: Set<String>?
  public var groupHash: String?
  public var status: RunStatus?
  public var role: RunRole?
  public var intervention: String?
  public var prompt: String?
  public var seed: Seed?
  /// Only runs of the plan that was begun last, in its order. Where no plan is written down every run is of it.
  public var isPlanned: Bool

  public init(
    hashes: Set<String>? = nil, groupHash: String? = nil, status: RunStatus? = nil, role: RunRole? = nil,
    intervention: String? = nil, prompt: String? = nil, seed: Seed? = nil, isPlanned: Bool = false
  ) {
    self.hashes = hashes
    self.groupHash = groupHash
    self.status = status
    self.role = role
    self.intervention = intervention
    self.prompt = prompt
    self.seed = seed
    self.isPlanned = isPlanned
  }

  /// Every run, whatever plan it is of.
  public static let all = RunFilter()
  /// The runs of the plan that was begun last.
  public static let planned = RunFilter(isPlanned: true)
}

/// What an unfinished group needs to go on.
public struct GroupCheckpoint: Hashable, Sendable {
  /// The last step that is done and stored, from 0; the next to make is `step + 1`.
  public let step: Int
  /// As it was given to `commitStep`.
  public let state: Data
}

/// A file that a run left.
public struct Artifact: Hashable, Sendable {
  /// `picture`, `latents`, or that of a predicted picture: `RunFile.kind`.
  public var kind: String
  /// Relative to the folder of the database: `RunFile.path` of the kind and the run's hash.
  public var path: String
  /// Of the file's bytes, in hexadecimal.
  public var sha256: String

  public init(kind: String, path: String, sha256: String) {
    self.kind = kind
    self.path = path
    self.sha256 = sha256
  }

  /// A file of a run.
  /// - Parameter hash: The run's.
  public init(_ file: RunFile, of hash: String, sha256: String) {
    self.init(kind: file.kind, path: file.path(of: hash), sha256: sha256)
  }
}

extension Artifact {
  /// What is wrong with it as a file of a run; nil where it is one.
  func fault(run hash: String, at place: String) -> StoreFault? {
    guard let expected = RunFile(kind: kind)?.path(of: hash) else {
      return StoreFault(place, "kind", is: quoted(kind), expected: "picture, latents or predicted- and a step")
    }
    return path == expected ? nil : StoreFault(place, "path", is: quoted(path), expected: expected)
  }
}

/// What a finished run leaves beside its maps.
public struct RunResult: Hashable, Sendable {
  public var run: RunID
  public var artifacts: [Artifact]
  /// By name. NaN is stored as NULL and comes back as NaN.
  public var metrics: [String: Double]

  public init(run: RunID, artifacts: [Artifact] = [], metrics: [String: Double] = [:]) {
    self.run = run
    self.artifacts = artifacts
    self.metrics = metrics
  }
}
