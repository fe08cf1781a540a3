internal import GRDB

extension AttentionStore {
  /// Stores metrics of a run, or their new values, by name. NaN is stored as NULL.
  public func setMetrics(_ values: [String: Double], run: RunID) throws(StoreError) {
    try write { db in
      for (name, value) in values.sorted(by: { $0.key < $1.key }) { try Self.setMetric(name, value, run: run, db) }
    }
  }

  /// Keeps the stored values of a metric if they were measured with the same source, and forgets them otherwise.
  /// - Parameter source: a hash of what measures: definition, network and, of sets, all runs.
  public func beginMetric(_ name: String, source: String) throws(StoreError) {
    try write { db in
      let known = try String.fetchOne(db, sql: "SELECT hash FROM metric_source WHERE name = ?", arguments: [name])
      guard known != source else { return }
      try db.execute(sql: "DELETE FROM metric WHERE name = ?", arguments: [name])
      try db.execute(
        sql:
          "INSERT INTO metric_source (name, hash) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET hash = excluded.hash",
        arguments: [name, source])
    }
  }

  static func setMetric(_ name: String, _ value: Double, run: RunID, _ db: Database) throws {
    try db.cachedStatement(
      sql: """
        INSERT INTO metric (run_id, name, value) VALUES (?, ?, ?)
        ON CONFLICT (run_id, name) DO UPDATE SET value = excluded.value
        """
    ).execute(arguments: [run.rawValue, name, value.isNaN ? nil : value])
  }
}
