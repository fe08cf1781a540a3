import AttentionStore
import ExperimentFiles
import Files
import Formatting
import Foundation
import Tensors

/// Which runs are to be removed: those that fulfill every condition given. Without any condition it is none.
public struct RemovalSelection: Hashable, Sendable {
  /// The name of an intervention.
  public var intervention: String?
  public var seed: Seed?
  /// Only runs whose picture was last written before this moment. A run without a picture is not older than anything.
  public var olderThan: Date?
  /// Only runs that failed.
  public var failed: Bool
  /// Only runs that the plan begun last does not have.
  public var otherPlans: Bool

  public init(
    intervention: String? = nil, seed: Seed? = nil, olderThan: Date? = nil, failed: Bool = false,
    otherPlans: Bool = false
  ) {
    self.intervention = intervention
    self.seed = seed
    self.olderThan = olderThan
    self.failed = failed
    self.otherPlans = otherPlans
  }

  var isEmpty: Bool { self == RemovalSelection() }

  /// A name that no run has is more likely a slip than a wish.
  /// - Throws: `ExperimentError` that lists the interventions there are; `StoreError`.
  package func checkIntervention(in store: AttentionStore) throws {
    guard let intervention else { return }
    let known = Set(try store.runs().map(\.run.intervention)).sorted()
    if known.contains(intervention) { return }
    throw ExperimentError(
      "--intervention: no run has the intervention \"\(printable(intervention))\"; "
        + (known.isEmpty ? "there are no runs" : "there are \(known.map(printable).joined(separator: ", "))"))
  }
}

/// Runs that are to go from an experiment's results, with what goes with them. Nothing else removes a run.
public struct RunRemoval {
  public let results: ResultsFolder
  /// The runs that were asked for.
  public let selected: [StoredRun]
  /// Runs that take attention from them, and go with their source.
  public let others: [StoredRun]
  /// Names of folders below `runs` that belong to no run of the database, as a process killed between two deletions leaves.
  public let leftovers: [String]
  /// Files that a killed process was writing, from the folder of the results.
  public let unfinished: [String]
  /// Of the maps of all these runs.
  public let mapBytes: Int
  /// Of the files of all these runs, of the leftovers and of unfinished files.
  public let fileBytes: Int

  private let selection: RemovalSelection
  /// From the folder of the results.
  private let folders: [String]

  /// Looks for the runs; removes nothing.
  public init(_ selection: RemovalSelection, from store: AttentionStore, _ results: ResultsFolder) throws {
    let stored = try store.runs()
    let planned = selection.otherPlans ? Set(try store.runs(.planned).map(\.id)) : []
    let asked =
      selection.isEmpty
      ? []
      : try stored.filter { try !planned.contains($0.id) && selection.contains($0, store, results) }
    let askedIDs = Set(asked.map(\.id))
    self.selection = selection
    self.results = results
    selected = asked
    others = stored.filter { run in !askedIDs.contains(run.id) && run.sourceID.map(askedIDs.contains) ?? false }
    let gone = selected + others
    let folder = try results.open()
    leftovers = try Self.leftovers(folder, runs: stored)
    folders = Self.folders(of: gone, among: stored) + leftovers.map { RunFile.folder(of: $0) }
    mapBytes = gone.isEmpty ? 0 : try store.bytesStored(MapFilter(runs: Set(gone.map(\.id))))
    unfinished = try UnfinishedFiles.paths(of: results, in: folder)
    fileBytes = try (folders + unfinished).reduce(0) { $0 + (try folder.size(of: $1)) }
  }

  /// Removes them: first from the database, in one transaction, then their files.
  /// - Parameter store: opened for writing.
  /// - Throws: `StoreError`, and then nothing is removed; a file error.
  public func apply(to store: AttentionStore) throws {
    if !selected.isEmpty { try store.removeRuns(Set((selected + others).map(\.id))) }
    // Also where nothing is selected: a process may have been killed before it came to this.
    if selection == RemovalSelection(otherPlans: true) { try store.removeOtherPlans() }
    try store.removeUnused()
    let folder = try results.openForWriting()
    for path in folders { try folder.remove(path) }
    try UnfinishedFiles.clear(results, in: folder)
  }

  /// The folders of some runs, but not one that a run which stays would share.
  private static func folders(of gone: [StoredRun], among all: [StoredRun]) -> [String] {
    let ids = Set(gone.map(\.id))
    let used = Set(all.filter { !ids.contains($0.id) }.map { RunFile.folder(of: $0.run.hash) })
    return gone.map { RunFile.folder(of: $0.run.hash) }.uniqued.filter { !used.contains($0) }
  }

  private static func leftovers(_ folder: OpenFolder, runs: [StoredRun]) throws -> [String] {
    guard try folder.kind(of: RunFile.runs) != nil else { return [] }
    let known = Set(runs.map { RunFile.folder(of: $0.run.hash) })
    return try folder.folder(RunFile.runs).names().filter { isDigits($0) && !known.contains(RunFile.folder(of: $0)) }
  }

  /// Whether a folder has the name that one of a run has: others are the user's.
  private static func isDigits(_ text: String) -> Bool {
    text.utf8.count == 16 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }
}

extension RemovalSelection {
  fileprivate func contains(_ run: StoredRun, _ store: AttentionStore, _ results: ResultsFolder) throws -> Bool {
    if let intervention, run.run.intervention != intervention { return false }
    if let seed, run.run.seed != seed { return false }
    if failed, run.status != .failed { return false }
    guard let olderThan else { return true }
    // The database keeps no times, so that the same experiment has the same rows.
    guard let picture = try store.artifacts(run.id).first(where: { $0.kind == "picture" }) else { return false }
    return (try? results.open().file(picture.path).modified).map { $0 < olderThan } ?? false
  }
}
