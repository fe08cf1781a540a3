import AttentionStore
import Foundation

/// Everything that a database holds but its time of birth, each map whole: what two runs of an experiment must share.
public struct StoredContents: Equatable, Sendable {
  public let runs: [StoredRun]
  public let maps: [StoredMap]
  public let prompts: [StoredPrompt]
  public let sites: [StoredSite]
  public let records: [StoredRecord]
  public let metrics: [[String: Double]]
  public let artifacts: [[Artifact]]
  /// What `integrityCheck` found.
  public let problems: [String]

  public init(_ database: URL) throws {
    let store = try AttentionStore.open(database, mode: .readOnly)
    defer { try? store.close() }
    let stored = try store.runs()
    runs = stored
    maps = try store.maps()
    prompts = try store.prompts()
    sites = try store.sites()
    records = try store.records()
    metrics = try stored.map { try store.metrics($0.id) }
    artifacts = try stored.map { try store.artifacts($0.id) }
    problems = try store.integrityCheck()
  }
}
