import AttentionStore
import Foundation

/// Which runs are to be removed: those that fulfil every condition given. Without any condition it is none.
public struct RemovalSelection: Hashable, Sendable {
  /// The name of an intervention.
  public var intervention: String?
  public var seed: UInt64?
  /// Only runs whose picture was last written before this moment. A run without a picture is not older than anything.
  public var olderThan: Date?
  /// Only runs that failed.
  public var failed: Bool
  /// Only runs that the plan begun last does not have.
  public var otherPlans: Bool

  public init(
    intervention: String? = nil, seed: UInt64? = nil, olderThan: Date? = nil, failed: Bool = false,
    otherPlans: Bool = false
  ) {
    self.intervention = intervention
    self.seed = seed
    self.olderThan = olderThan
    self.failed = failed
    self.otherPlans = otherPlans
  }

  var isEmpty: Bool { self == RemovalSelection() }
}

/// Runs that are to go from an experiment's results, with what goes with them. Nothing else removes a run.
public struct RunRemoval {
  public let results: ResultsFolder
  /// The runs that were asked for.
  public let selected: [StoredRun]
  /// Runs that take attention from them, and go with their source.
  public let others: [StoredRun]
  /// Folders below `runs` that belong to no run of the database, as a process killed between two deletions leaves.
  public let leftovers: [URL]
  /// Of the maps of all these runs.
  public let mapBytes: Int
  /// Of the files of all these runs, and of the leftovers.
  public let fileBytes: Int

  private let selection: RemovalSelection
  private let folders: [URL]

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
    leftovers = Self.leftovers(results, runs: stored)
    folders = gone.compactMap { Self.folder(of: $0, results) } + leftovers
    mapBytes = gone.isEmpty ? 0 : try store.bytesStored(MapFilter(runs: Set(gone.map(\.id))))
    fileBytes = folders.reduce(0) { $0 + Self.bytes(below: $1) }
  }

  /// Removes them: first from the database, in one transaction, then their files.
  /// - Parameter store: opened for writing.
  /// - Throws: `StoreError`, and then nothing is removed; a file error.
  public func apply(to store: AttentionStore) throws {
    if !selected.isEmpty { try store.removeRuns(Set((selected + others).map(\.id))) }
    // Also where nothing is selected: a process may have been killed before it came to this.
    if selection == RemovalSelection(otherPlans: true) { try store.removeOtherPlans() }
    try store.removeUnused()
    for folder in folders where FileManager.default.fileExists(atPath: folder.path) {
      try FileManager.default.removeItem(at: folder)
    }
  }

  /// nil for a hash that is none: nothing outside the results may be deleted, whatever a database says.
  private static func folder(of run: StoredRun, _ results: ResultsFolder) -> URL? {
    guard isHash(run.run.hash) else { return nil }
    return results.url.appending(path: ResultsFolder.runPath(run.run.hash))
  }

  private static func leftovers(_ results: ResultsFolder, runs: [StoredRun]) -> [URL] {
    let known = Set(runs.map { ResultsFolder.runPath($0.run.hash) })
    let names = (try? FileManager.default.contentsOfDirectory(atPath: results.runs.path)) ?? []
    return names.sorted().filter { isHash($0) && !known.contains(ResultsFolder.runPath($0)) }
      .map { results.runs.appending(path: $0) }
  }

  private static func isHash(_ text: String) -> Bool {
    text.utf8.count >= 16 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }

  private static func bytes(below folder: URL) -> Int {
    let names = FileManager.default.enumerator(atPath: folder.path)?.allObjects as? [String] ?? []
    return names.reduce(0) { sum, name in
      let attributes = try? FileManager.default.attributesOfItem(atPath: folder.appending(path: name).path)
      guard attributes?[.type] as? FileAttributeType == .typeRegular else { return sum }
      return sum + ((attributes?[.size] as? NSNumber)?.intValue ?? 0)
    }
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
    let path = results.url.appending(path: picture.path).path
    let written = (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
    return written.map { $0 < olderThan } ?? false
  }
}
