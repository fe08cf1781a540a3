internal import GRDB

extension AttentionStore {
  /// Stores metrics of a run, or their new values, by name. NaN is stored as NULL.
  /// - Parameter sources: by name, what a value was measured with: a hash of definition, network and, of sets, all
  ///   members.
  public func setMetrics(
    _ values: [String: Double], sources: [String: String] = [:], run: RunID
  ) throws(StoreError) {
    try write { db in
      for (name, value) in values.sorted(by: { $0.key < $1.key }) {
        try Self.setMetric(name, value, source: sources[name], run: run, db)
      }
    }
  }

  /// Forgets values of a run's metrics, by name.
  public func removeMetrics(_ names: [String], run: RunID) throws(StoreError) {
    try write { db in
      for name in names {
        try db.execute(sql: "DELETE FROM metric WHERE run_id = ? AND name = ?", arguments: [run.rawValue, name])
      }
    }
  }

  /// What the values of a run's metrics were measured with, by name; nil where that is not known.
  public func metricSources(_ run: RunID) throws(StoreError) -> [String: String?] {
    try read { db in
      var sources: [String: String?] = [:]
      try db.all("SELECT name, source FROM metric WHERE run_id = ?", [run.rawValue]) { row in
        sources.updateValue(try row.decode(forColumn: "source"), forKey: try row.decode(forColumn: "name"))
      }
      return sources
    }
  }

  static func setMetric(_ name: String, _ value: Double, source: String?, run: RunID, _ db: Database) throws {
    try db.cachedStatement(
      sql: """
        INSERT INTO metric (run_id, name, value, source) VALUES (?, ?, ?, ?)
        ON CONFLICT (run_id, name) DO UPDATE SET value = excluded.value, source = excluded.source
        """
    ).execute(arguments: [run.rawValue, name, value.isNaN ? nil : value, source])
  }
}
