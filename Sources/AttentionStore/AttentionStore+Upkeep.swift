import Foundation
internal import GRDB

extension AttentionStore {
  /// Removes runs, with their maps, metrics and artifacts' rows, and targets whose source goes. Files are left where they
  /// are: `artifacts` of a run must be asked for before. Nothing else ever removes a run.
  ///
  /// What is unfinished of a group that loses a run starts from the beginning; what is done of it stays.
  /// - Returns: the runs that were removed.
  @discardableResult
  public func removeRuns(_ ids: Set<RunID>) throws(StoreError) -> [StoredRun] {
    try write { db in
      let before = try fetchRuns(.all, db)
      let delete = try db.cachedStatement(sql: "DELETE FROM run WHERE id = ?")
      for id in ids.sorted() { try delete.execute(arguments: [id.rawValue]) }
      let left = Set(try Int64.fetchAll(db, sql: "SELECT id FROM run"))
      let removed = before.filter { !left.contains($0.id.rawValue) }
      for group in Set(removed.map(\.groupHash)).sorted() { try restart(group: group, db) }
      return removed
    }
  }

  /// Removes settings and prompts that no run uses and records without maps, with their tokens and keys. For the end of a
  /// run: ids that `register` gave out before may be gone.
  public func removeUnused() throws(StoreError) {
    try write { db in
      try db.execute(
        sql: """
          DELETE FROM record WHERE NOT EXISTS (SELECT 1 FROM attention_map WHERE record_id = record.id);
          DELETE FROM setting WHERE NOT EXISTS (SELECT 1 FROM run WHERE setting_id = setting.id);
          DELETE FROM prompt WHERE NOT EXISTS (SELECT 1 FROM run WHERE prompt_id = prompt.id)
            AND NOT EXISTS (SELECT 1 FROM setting WHERE negative_prompt_id = prompt.id);
          """)
    }
  }

  /// Reads everything and says what is wrong: the file's structure, references, sizes of maps and the numbers that stand
  /// beside their values, checkpoints of finished groups.
  /// - Returns: one line for each problem; none for a database in good order. Takes as long as reading the file.
  public func integrityCheck() throws(StoreError) -> [String] {
    do {
      return try read { db in
        var problems = try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
        for row in try Row.fetchAll(db, sql: "PRAGMA foreign_key_check") {
          let table: String = try row.decode(forColumn: "table")
          let id = try row.decode(Int64?.self, forColumn: "rowid").map { " row \($0)" } ?? ""
          let parent: String = try row.decode(forColumn: "parent")
          problems.append("\(table)\(id): refers to a row of \(parent) that is gone")
        }
        problems += try mapProblems(db)
        let left = try String.fetchAll(
          db,
          sql: """
            SELECT group_hash FROM checkpoint
            WHERE group_hash NOT IN (SELECT group_hash FROM run WHERE status IN ('pending', 'running'))
            ORDER BY group_hash
            """)
        problems += left.map { "checkpoint \($0): no run of this group is unfinished" }
        return problems
      }
    } catch .malformed(_, let message) {
      return [message]
    }
  }

  /// Carries the write-ahead log over into the database file and empties it, as far as readers allow.
  ///
  /// `finishGroup` and `close` do so. After it a copy of the file alone is whole, unless someone was reading an older
  /// state meanwhile.
  public func carryOverLog() throws(StoreError) {
    guard mode != .readOnly else { throw .openedForReading(path: path) }
    do {
      try queue.unsafeReentrantWrite { db in
        guard !db.isInsideTransaction else { throw StoreError.writeWhileReading(path: path) }
        guard db.sqliteConnection != nil else { throw StoreError.closed(path: path) }
        // A reader may keep part of the log for as long as it likes: the work must not wait for it.
        try db.execute(sql: "PRAGMA busy_timeout = 0")
        defer { try? db.execute(sql: "PRAGMA busy_timeout = \(Self.busySeconds * 1000)") }
        do {
          try db.checkpoint(.truncate)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
          try db.checkpoint(.passive)
        }
      }
    } catch {
      throw StoreError(error, path: path)
    }
  }
}
