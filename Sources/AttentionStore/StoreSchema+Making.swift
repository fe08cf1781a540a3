internal import GRDB

extension StoreSchema {
  /// Makes the tables and views of an empty database, and marks the file. One transaction.
  static func create(_ db: Database) throws {
    try db.inTransaction(.immediate) {
      try db.execute(sql: sql)
      try db.execute(sql: "PRAGMA application_id = \(applicationID)")
      try db.execute(sql: "PRAGMA user_version = \(version)")
      return .commit
    }
  }

  /// Puts the present view in the place of a former one: views hold no data. One transaction, and none where there is nothing
  /// to replace.
  static func renewViews(_ db: Database) throws {
    let stored = "SELECT sql FROM sqlite_master WHERE type = 'view' AND name = 'comparison'"
    guard try String.fetchOne(db, sql: stored) == formerComparison else { return }
    try db.inTransaction(.immediate) {
      try db.execute(sql: "DROP VIEW comparison;\n" + comparison)
      return .commit
    }
  }

  /// Refuses a schema that is not this one.
  ///
  /// A schema is a program that SQLite runs. Values are read by the types and checks of these definitions, SQLite carries
  /// out whatever a view or the expression of an index says, and a trigger changes what is written. So every table, index
  /// and view must be there in its own words, there may be no trigger at all, and nobody else's index or view
  /// on these tables. The view `comparison` may have its former words too. Tables that other tools have added, and what
  /// belongs to them alone, are of no matter, whatever their columns are called.
  /// - Throws: `StoreError.foreignSchema`; `damaged` with the first of its own that is lacking or other.
  static func check(_ db: Database, path: String) throws {
    let expected = try DatabaseQueue().inDatabase { own in
      try own.execute(sql: sql)
      return try entries(own)
    }
    let found = try entries(db)
    let own = Dictionary(expected.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    // SQLite takes names for the same whatever their case.
    let ownNames = Set(expected.filter { ["table", "view"].contains($0.type) }.map { $0.name.lowercased() })
    let foreign = found.first { entry in
      guard own[entry.name]?.type != entry.type else { return false }
      switch entry.type {
      case "trigger": return true
      case "index": return ownNames.contains(entry.table.lowercased())
      case "view": return !ViewSources(entry.sql ?? "").names.isDisjoint(with: ownNames)
      default: return false
      }
    }
    if let foreign {
      throw StoreError.foreignSchema(path: path, type: foreign.type, name: foreign.name, table: foreign.table)
    }
    let definitions = Dictionary(found.map { ($0.name, $0.sql) }, uniquingKeysWith: { first, _ in first })
    let wrong = expected.first { entry in
      guard let own = entry.sql else { return false }
      guard let found = definitions[entry.name] ?? nil else { return true }
      return found != own && !(entry.name == "comparison" && found == formerComparison)
    }
    if let wrong {
      throw StoreError.damaged(
        path: path,
        StoreFault(
          "schema", "the \(wrong.type) \(wrong.name)", is: definitions[wrong.name] == nil ? "not there" : "another one",
          expected: "that of schema \(version)"))
    }
  }

  private struct Entry {
    let type, name, table: String
    /// nil for an index that a constraint of its table makes.
    let sql: String?
  }

  /// All that is in a schema, by name.
  private static func entries(_ db: Database) throws -> [Entry] {
    try Row.fetchAll(db, sql: "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name").map { row in
      Entry(
        type: try row.decode(forColumn: "type"), name: try row.decode(forColumn: "name"),
        table: try row.decode(forColumn: "tbl_name"), sql: try row.decode(forColumn: "sql"))
    }
  }
}
