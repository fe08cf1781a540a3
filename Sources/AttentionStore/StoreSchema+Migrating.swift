internal import GRDB

extension StoreSchema {
  /// Brings the schema from one version to another, each in a transaction of its own.
  ///
  /// A table that changes is made anew under another name, filled, and put in the place of the former one, as
  /// https://www.sqlite.org/lang_altertable.html describes it. Rows keep their ids, so those that refer to them by the
  /// table's name find them again, and views stay as they are written.
  /// - Throws: `StoreError`, or what SQLite reports; the database then has the last version that was reached.
  static func migrate(_ db: Database, from version: Int, to newest: Int = StoreSchema.version) throws {
    try db.execute(sql: "PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON")
    defer { try? db.execute(sql: "PRAGMA legacy_alter_table = OFF; PRAGMA foreign_keys = ON") }
    for (number, sql) in migrations.enumerated().prefix(newest).dropFirst(version) {
      try db.inTransaction(.immediate) {
        try db.execute(sql: sql)
        try db.execute(sql: "PRAGMA application_id = \(applicationID)")
        try db.execute(sql: "PRAGMA user_version = \(number + 1)")
        return .commit
      }
    }
  }
}
