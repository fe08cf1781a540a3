import Attention
import Formatting
import Foundation
internal import GRDB

extension AttentionStore {
  /// Calls `body` with each map that fulfils every condition of the filter, one at a time.
  ///
  /// In the order of run, record, step, site (as registered), branch and head, the mean first. All are of one state of
  /// the database, also where a writer is at work. Memory holds one map, and eight bytes for each of the others.
  /// `body` may read from this store, but not write to it.
  /// - Throws: `StoreError.damaged` with the row if what is stored does not fit its size, and what `body` throws.
  public func forEachMap(_ filter: MapFilter = .all, _ body: (StoredMap) throws -> Void) throws {
    var failureOfBody: (any Error)?
    do {
      try readPassingErrors { db in
        for id in try mapIDs(filter, db) {
          let map = try storedMap(id, db)
          do {
            try body(map)
          } catch {
            failureOfBody = error
            throw error
          }
        }
      }
    } catch {
      throw failureOfBody ?? StoreError(error, path: path)
    }
  }

  /// The maps that fulfil every condition of the filter, all in memory, in the order of `forEachMap`.
  public func maps(_ filter: MapFilter = .all) throws(StoreError) -> [StoredMap] {
    try read { db in try mapIDs(filter, db).map { try storedMap($0, db) } }
  }

  /// How many maps fulfil every condition of the filter.
  public func mapCount(_ filter: MapFilter = .all) throws(StoreError) -> Int {
    try read { db in
      let conditions = try conditions(filter)
      let sql = "SELECT count(*) FROM attention_map WHERE \(conditions.sql)"
      return try Int.fetchOne(db, sql: sql, arguments: conditions.arguments) ?? 0
    }
  }

  /// How many bytes the values of the maps take that fulfil every condition of the filter.
  public func bytesStored(_ filter: MapFilter = .all) throws(StoreError) -> Int {
    try read { db in
      let conditions = try conditions(filter)
      let sql = "SELECT ifnull(sum(length(data)), 0) FROM attention_map WHERE \(conditions.sql)"
      return try Int.fetchOne(db, sql: sql, arguments: conditions.arguments) ?? 0
    }
  }

  /// Every column of the condition and the order is in the index of the maps' identity: no map is touched, and SQLite
  /// never has to sort rows that carry one.
  private func mapIDs(_ filter: MapFilter, _ db: Database) throws -> [Int64] {
    let conditions = try conditions(filter)
    let sql = """
      SELECT id FROM attention_map WHERE \(conditions.sql)
      ORDER BY run_id, record_id, step, site_id, branch, head
      """
    return try Int64.fetchAll(db.cachedStatement(sql: sql), arguments: conditions.arguments)
  }

  /// The steps that maps are stored of, ascending; the index answers it without reading one.
  ///
  /// Steps beyond those of any run are left out: no run made them.
  /// - Throws: `StoreError`.
  public func steps(_ filter: MapFilter) throws(StoreError) -> [Int] {
    try read { db in
      var conditions = try conditions(filter)
      conditions.add("step < ?", StoreSchema.steps.upperBound)
      let sql = "SELECT DISTINCT step FROM attention_map WHERE \(conditions.sql) ORDER BY step"
      return try Int.fetchAll(db.cachedStatement(sql: sql), arguments: conditions.arguments)
    }
  }

  private func conditions(_ filter: MapFilter) throws -> Conditions {
    var conditions = Conditions()
    if let runs = filter.runs {
      conditions.add("run_id IN (SELECT value FROM json_each(?))", try json(runs.map(\.rawValue).sorted()))
    }
    if let records = filter.records {
      conditions.add(
        "record_id IN (SELECT id FROM record WHERE name IN (SELECT value FROM json_each(?)))",
        try json(records.sorted()))
    }
    if let quantities = filter.quantities {
      conditions.add(
        "record_id IN (SELECT id FROM record WHERE of IN (SELECT value FROM json_each(?)))",
        try json(quantities.map(\.rawValue).sorted()))
    }
    if let sites = filter.sites {
      conditions.add("site_id IN (SELECT value FROM json_each(?))", try json(sites.map(\.rawValue).sorted()))
    }
    if let steps = filter.steps { conditions.add("step >= ? AND step < ?", steps.lowerBound, steps.upperBound) }
    if let branch = filter.branch { conditions.add("branch = ?", branch.rawValue) }
    switch filter.heads {
    case nil: break
    case .mean: conditions.add("head IS NULL")
    case .single: conditions.add("head IS NOT NULL")
    case .list(let heads):
      conditions.add("head IN (SELECT value FROM json_each(?))", try json(heads.sorted()))
    }
    return conditions
  }

  private func storedMap(_ id: Int64, _ db: Database) throws -> StoredMap {
    let found = try db.all("SELECT * FROM attention_map WHERE id = ?", [id], as: storedMap)
    guard let map = found.first else {
      throw StoreError.damaged(
        path: path, StoreFault("attention_map row \(id)", "the row", is: "gone", expected: "what the index names"))
    }
    if let fault = map.written.sizeFault(row: id) { throw StoreError.wrongSize(path: path, [fault]) }
    return map
  }

  private func storedMap(_ row: Row) throws -> StoredMap {
    let codec: String = try row.decode(forColumn: "codec")
    guard codec == "raw" else {
      throw fault("codec", of: row, table: "attention_map", is: quoted(codec), expected: "raw")
    }
    return StoredMap(
      run: RunID(rawValue: try row.decode(forColumn: "run_id")),
      record: RecordID(rawValue: try row.decode(forColumn: "record_id")),
      site: SiteID(rawValue: try row.decode(forColumn: "site_id")),
      step: try row.decode(forColumn: "step"), timestep: try row.decode(forColumn: "timestep"),
      branch: try named("branch", of: row, table: "attention_map"), head: try row.decode(forColumn: "head"),
      height: try row.decode(forColumn: "height"), width: try row.decode(forColumn: "width"),
      keys: try row.decode(forColumn: "keys"), type: try named("dtype", of: row, table: "attention_map", as: \.column),
      data: try row.decode(forColumn: "data"))
  }

  /// Maps whose values are not as many as their size says, or have other sums than stand beside them.
  func mapProblems(_ db: Database) throws -> [String] {
    var problems: [String] = []
    for id in try Int64.fetchAll(db, sql: "SELECT id FROM attention_map WHERE codec = 'raw' ORDER BY id") {
      do {
        let summary = MapSummary(try storedMap(id, db).written)
        let sql = "SELECT minimum, maximum, mean, mass FROM attention_map WHERE id = ?"
        let row = try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [id])
        let stored = try (0..<4).map { try row?.decode(Double?.self, atIndex: $0) }
        if stored != [summary.minimum, summary.maximum, summary.mean, summary.mass] {
          problems.append(
            "attention_map row \(id): minimum, maximum, mean and mass are not those of its values: change them together"
          )
        }
      } catch StoreError.wrongSize(_, let faults) {
        problems += faults.map(\.description)
      }
    }
    return problems
  }
}
