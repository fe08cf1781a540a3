import Foundation
internal import GRDB

extension AttentionStore {
  /// Stores a step of a group: its maps, and what the next step needs. One transaction, kept whole or not at all.
  ///
  /// - Parameters:
  ///   - step: from 0; beyond every step of the group stored before.
  ///   - timestep: of the schedule, as the UNet was told it; stored with every map.
  ///   - state: replaces that of the former step.
  ///   - maps: taken one by one, so a lazy sequence may encode each when it is asked for it; but no other call may
  ///     write until the last is taken.
  ///   - failures: runs that ended in this step, with the reason. They keep the maps of earlier steps.
  /// - Throws: `StoreError.staleCheckpoint` if the step does not follow the last one that is stored; `conflict` if the
  ///   group was not begun, or a map belongs to a run that is not under way; `wrongSize` if the values of maps are not as
  ///   many as their size says; else what SQLite reports.
  public func commitStep(
    groupHash: String, step: Int, timestep: Double, state: Data, maps: some Sequence<MapRow>,
    failures: [RunID: String] = [:]
  ) throws(StoreError) {
    try write { db in
      let members = try runningMembers(groupHash, db)
      let last = try Int.fetchOne(
        db.cachedStatement(sql: "SELECT step FROM checkpoint WHERE group_hash = ?"), arguments: [groupHash])
      if step < 0 || step <= last ?? -1 {
        throw StoreError.staleCheckpoint(path: path, group: groupHash, step: step, stored: last ?? -1)
      }
      let insert = try db.cachedStatement(
        sql: """
          INSERT INTO attention_map
            (run_id, record_id, site_id, step, timestep, branch, head, height, width, keys, minimum, maximum, mean,
              mass, dtype, codec, data)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'raw', ?)
          """)
      var faults: [MapSizeFault] = []
      for map in maps {
        guard members.contains(map.run.rawValue) else {
          throw StoreError.conflict(path: path, .mapOfOther(run: map.run, group: groupHash))
        }
        if let fault = map.sizeFault() { faults.append(fault) }
        guard faults.isEmpty else { continue }
        let summary = MapSummary(map)
        // With its arguments given here, SQLite reads the map where it lies: nothing is copied on the way.
        try insert.execute(arguments: [
          map.run.rawValue, map.record.rawValue, map.site.rawValue, step, timestep, map.branch.rawValue, map.head,
          map.height, map.width, map.keys, summary.minimum, summary.maximum, summary.mean, summary.mass,
          map.type.column, map.data,
        ])
      }
      guard faults.isEmpty else { throw StoreError.wrongSize(path: path, faults) }
      try db.cachedStatement(
        sql: """
          INSERT INTO checkpoint (group_hash, step, state) VALUES (?, ?, ?)
          ON CONFLICT (group_hash) DO UPDATE SET step = excluded.step, state = excluded.state
          """
      ).execute(arguments: [groupHash, step, state])
      try fail(failures, group: groupHash, among: members, db)
    }
  }

  /// Marks runs `failed`, for good. A group without a run that goes on needs no checkpoint.
  private func fail(
    _ failures: [RunID: String], group: String, among members: Set<Int64>, _ db: Database
  ) throws {
    for (run, reason) in failures.sorted(by: { $0.key < $1.key }) {
      guard members.contains(run.rawValue) else {
        throw StoreError.conflict(path: path, .failureOfOther(run: run, group: group))
      }
      try db.execute(
        sql: "UPDATE run SET status = 'failed', error = ? WHERE id = ?", arguments: [reason, run.rawValue])
    }
    if members.count == failures.count {
      try db.execute(sql: "DELETE FROM checkpoint WHERE group_hash = ?", arguments: [group])
    }
  }

  /// Ends a group: stores what its runs leave, marks them `done` and deletes the checkpoint. One transaction; after it
  /// the log is carried over, so that the file alone holds everything.
  /// - Parameters:
  ///   - results: one for each run that is under way and does not fail now.
  ///   - failures: runs that fail now, with the reason.
  /// - Throws: `StoreError.conflict` if the group was not begun or the results are not those of its runs.
  public func finishGroup(
    hash: String, results: [RunResult], failures: [RunID: String] = [:]
  ) throws(StoreError) {
    try write { db in
      let underWay = try runningMembers(hash, db)
      try fail(failures, group: hash, among: underWay, db)
      let members = underWay.subtracting(failures.keys.map(\.rawValue))
      guard results.count == members.count, Set(results.map(\.run.rawValue)) == members else {
        throw StoreError.conflict(
          path: path,
          .otherResults(
            group: hash, underWay: members.sorted().map { RunID(rawValue: $0) }, given: results.map(\.run)))
      }
      for result in results {
        let run = try String.fetchOne(db, sql: "SELECT hash FROM run WHERE id = ?", arguments: [result.run.rawValue])
        for artifact in result.artifacts {
          if let fault = run.flatMap({ artifact.fault(run: $0, at: "a file of run \(result.run.rawValue)") }) {
            throw StoreError.invalid(path: path, [fault])
          }
          try db.execute(
            sql: "INSERT INTO artifact (run_id, kind, path, sha256) VALUES (?, ?, ?, ?)",
            arguments: [result.run.rawValue, artifact.kind, artifact.path, artifact.sha256])
        }
        for (name, value) in result.metrics.sorted(by: { $0.key < $1.key }) {
          try Self.setMetric(name, value, source: nil, run: result.run, db)
        }
      }
      try db.execute(
        sql: "UPDATE run SET status = 'done' WHERE group_hash = ? AND status = 'running'", arguments: [hash])
      try db.execute(sql: "DELETE FROM checkpoint WHERE group_hash = ?", arguments: [hash])
    }
    try carryOverLog()
  }

  private func runningMembers(_ group: String, _ db: Database) throws -> Set<Int64> {
    let statement = try db.cachedStatement(sql: "SELECT id FROM run WHERE group_hash = ? AND status = 'running'")
    let members = try Int64.fetchSet(statement, arguments: [group])
    guard !members.isEmpty else {
      throw StoreError.conflict(path: path, .notBegun(group: group))
    }
    return members
  }
}
