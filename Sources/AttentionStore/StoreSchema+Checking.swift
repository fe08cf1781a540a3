internal import GRDB

extension StoreSchema {
  /// The first table, index or view of a version, by name, that the database lacks or defines in other words.
  ///
  /// Values are read by the types and checks of these definitions, and SQLite carries out whatever a view says. What
  /// other tools have added beside them is of no matter.
  /// - Returns: nil if all are as the migrations make them.
  static func difference(_ db: Database, version: Int) throws -> String? {
    let expected = try DatabaseQueue().inDatabase { own in
      try migrate(own, from: 0, to: version)
      return try definitions(own)
    }
    let found = try definitions(db)
    return expected.keys.sorted().first { found[$0] != expected[$0] }
  }

  /// The text that made each table, index and view, by its name.
  private static func definitions(_ db: Database) throws -> [String: String] {
    var definitions: [String: String] = [:]
    for row in try Row.fetchAll(db, sql: "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL") {
      definitions[try row.decode(forColumn: "name")] = try row.decode(forColumn: "sql")
    }
    return definitions
  }
}
