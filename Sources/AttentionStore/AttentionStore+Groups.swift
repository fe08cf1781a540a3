import Formatting
import Foundation
internal import GRDB

/// A group of runs that go through the steps together, as it stands in the database.
public struct StoredGroup: Hashable, Sendable {
  public let hash: String
  /// In the order they were given.
  public let runs: [StoredRun]
  /// Where to go on; nil to start from the beginning, and for a finished group.
  public let checkpoint: GroupCheckpoint?
  /// Every run of it is done or has failed: nothing is to be computed.
  public var isSettled: Bool { runs.allSatisfy { $0.status == .done || $0.status == .failed } }
}

extension AttentionStore {
  /// Makes sure that runs whose maps and files another database holds are in this one, so that metrics are kept with them:
  /// each is done, in a group of its own by its hash. Runs that are stored and done stay as they are; what was begun of others is left out.
  /// - Parameter runs: sources before their targets.
  public func register(read runs: [RunDescription]) throws(StoreError) {
    let stored = try statusOfRuns()
    let unfinished = runs.filter { stored[$0.hash] != .done }
    for run in unfinished { try check([run], group: run.hash) }
    try write { db in
      for run in unfinished {
        if stored[run.hash] == nil {
          _ = try insert([run], group: run.hash, db)
        } else {
          try db.execute(
            sql: "DELETE FROM checkpoint WHERE group_hash = (SELECT group_hash FROM run WHERE hash = ?)",
            arguments: [run.hash])
          for table in ["attention_map", "metric", "artifact"] {
            try db.execute(
              sql: "DELETE FROM \(table) WHERE run_id = (SELECT id FROM run WHERE hash = ?)", arguments: [run.hash])
          }
        }
        try db.execute(
          sql: "UPDATE run SET group_hash = hash, status = 'done', error = NULL WHERE hash = ?", arguments: [run.hash])
      }
    }
  }

  /// Begins a group or goes on with it; does nothing to runs that are done or have failed. Runs that are new are stored.
  ///
  /// It goes on from its checkpoint where it has one and its runs are all as they were. Otherwise it starts from the
  /// beginning, and maps that may be left of its unfinished runs are deleted.
  /// - Parameters:
  ///   - runs: all runs of the group; the runs they take attention from are among them, or stored.
  ///   - anew: whether it starts from the beginning in any case.
  /// - Throws: `StoreError.conflict` if the group is stored with other runs, or a run in another group or with other
  ///   settings; `invalid` for runs that cannot be.
  public func beginGroup(
    hash: String, runs: [RunDescription], anew: Bool = false
  ) throws(StoreError) -> StoredGroup {
    try check(runs, group: hash)
    return try write { db in
      let inserted = try insert(runs, group: hash, db)
      let checkpoint = try readCheckpoint(hash, db)
      if inserted > 0 || checkpoint == nil || anew { try restart(group: hash, db) }
      try db.execute(
        sql: "UPDATE run SET status = 'running' WHERE group_hash = ? AND status = 'pending'", arguments: [hash])
      let now = try fetchRuns(RunFilter(groupHash: hash), db)
      return StoredGroup(
        hash: hash, runs: runs.compactMap { run in now.first { $0.run.hash == run.hash } },
        checkpoint: try readCheckpoint(hash, db))
    }
  }

  /// Where an unfinished group goes on; nil if none of its steps is stored, and for a finished one.
  public func checkpoint(groupHash: String) throws(StoreError) -> GroupCheckpoint? {
    try read { db in try readCheckpoint(groupHash, db) }
  }

  private func check(_ runs: [RunDescription], group: String) throws(StoreError) {
    var faults: [StoreFault] = []
    if runs.isEmpty {
      faults.append(StoreFault("group \(group)", "the number of its runs", is: "0", expected: "1 or more"))
    }
    for (place, hash) in [("a group", group)] + runs.map({ ("a run", $0.hash) }) where !RunFile.isHash(hash) {
      faults.append(StoreFault(place, "hash", is: quoted(hash), expected: RunFile.hashRule))
    }
    for (hash, same) in Dictionary(grouping: runs, by: \.hash).sorted(by: { $0.key < $1.key }) where same.count > 1 {
      faults.append(
        StoreFault("group \(group)", "the number of runs \(hash)", is: "\(same.count)", expected: "1"))
    }
    for run in runs { faults += check(run) }
    guard faults.isEmpty else { throw .invalid(path: path, faults) }
  }

  private func check(_ run: RunDescription) -> [StoreFault] {
    let place = "run \(run.hash)"
    var faults: [StoreFault] = []
    if run.role == .source, let source = run.sourceHash {
      faults.append(StoreFault(place, "the source", is: quoted(source), expected: "none, since it is a source itself"))
    }
    let setting = run.setting
    for (name, value, range) in [
      ("height", setting.height, StoreSchema.sizes), ("width", setting.width, StoreSchema.sizes),
      ("num_inference_steps", setting.numInferenceSteps, StoreSchema.steps), ("calls", run.calls, StoreSchema.steps),
    ] where !range.contains(value) {
      faults.append(
        StoreFault(place, name, is: "\(value)", expected: "\(range.lowerBound) to \(range.upperBound)"))
    }
    if !Self.isJSON(setting.schedulerSettings, object: true) {
      faults.append(
        StoreFault(place, "scheduler_settings", is: quoted(setting.schedulerSettings), expected: "a JSON object"))
    }
    if !setting.guidanceScale.isFinite {
      faults.append(StoreFault(place, "guidance_scale", is: "\(setting.guidanceScale)", expected: "a number"))
    }
    return faults
  }

  /// - Returns: how many runs were not there before, or only read.
  private func insert(_ runs: [RunDescription], group: String, _ db: Database) throws -> Int {
    var inserted = 0
    // Of runs that an earlier plan only read nothing is here: they are made now.
    for run in runs where run.hash != group {
      try db.execute(
        sql: "UPDATE run SET group_hash = ?, status = 'pending' WHERE hash = ? AND group_hash = hash",
        arguments: [group, run.hash])
      inserted += db.changesCount
    }
    if let other = try fetchRuns(RunFilter(hashes: Set(runs.map(\.hash))), db).first(where: { $0.groupHash != group }) {
      throw StoreError.conflict(
        path: path, .otherGroup(run: other.run.hash, stored: other.groupHash, given: group))
    }
    var stored: [String: RunDescription] = [:]
    for run in try fetchRuns(RunFilter(groupHash: group), db) { stored[run.run.hash] = run.run }
    if let extra = stored.keys.filter({ hash in !runs.contains { $0.hash == hash } }).min() {
      throw StoreError.conflict(path: path, .missingRun(extra, group: group))
    }
    // Sources first: a target refers to its source's row.
    for run in runs.filter({ $0.sourceHash == nil }) + runs.filter({ $0.sourceHash != nil }) {
      let setting = try register(setting: run.setting, db)
      guard var same = stored[run.hash] else {
        try insert(run, setting: setting, group: group, db)
        inserted += 1
        continue
      }
      same.setting.label = run.setting.label
      guard same == run else { throw StoreError.conflict(path: path, .otherSettings(run: run.hash)) }
    }
    return inserted
  }

  private func insert(_ run: RunDescription, setting: Int64, group: String, _ db: Database) throws {
    var source: Int64?
    if let hash = run.sourceHash {
      source = try Int64.fetchOne(db, sql: "SELECT id FROM run WHERE hash = ?", arguments: [hash])
      guard source != nil else {
        throw StoreError.invalid(
          path: path,
          [
            StoreFault(
              "run \(run.hash)", "the source", is: quoted(hash), expected: "a run that is stored, or given too")
          ])
      }
    }
    try db.execute(
      sql: """
        INSERT INTO run (hash, group_hash, setting_id, seed, calls, role, intervention, prompt_id, source_run_id)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        run.hash, group, setting, run.seed.bits, run.calls, run.role.rawValue, run.intervention,
        run.prompt.rawValue, source,
      ])
  }

  /// Deletes everything that the steps of a group's unfinished runs have left, and sets them to `pending`.
  func restart(group: String, _ db: Database) throws {
    let isUnfinished = "group_hash = ? AND status IN ('pending', 'running')"
    for table in ["attention_map", "metric", "artifact"] {
      try db.execute(
        sql: "DELETE FROM \(table) WHERE run_id IN (SELECT id FROM run WHERE \(isUnfinished))", arguments: [group])
    }
    try db.execute(sql: "DELETE FROM checkpoint WHERE group_hash = ?", arguments: [group])
    try db.execute(sql: "UPDATE run SET status = 'pending' WHERE \(isUnfinished)", arguments: [group])
  }

  private func readCheckpoint(_ group: String, _ db: Database) throws -> GroupCheckpoint? {
    try Row.fetchOne(db, sql: "SELECT step, state FROM checkpoint WHERE group_hash = ?", arguments: [group]).map {
      GroupCheckpoint(step: try $0.decode(forColumn: "step"), state: try $0.decode(forColumn: "state"))
    }
  }
}
