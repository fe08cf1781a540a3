import Foundation
import GRDB
import Testing

@testable import AttentionStore

@Suite("Migration")
struct MigrationTests {
  let folder: TestFolder
  var url: URL { folder.database }

  /// A database of schema version 1 with a group that was interrupted.
  init() throws {
    let full = try Fixture()
    try full.commit(step: 0)
    try full.store.close()
    folder = try TestFolder()
    let queue = try DatabaseQueue(path: folder.database.path)
    try queue.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = OFF")
      try db.execute(sql: StoreSchema.version1)
      try db.execute(sql: "PRAGMA application_id = \(StoreSchema.applicationID); PRAGMA user_version = 1")
      try db.execute(sql: "ATTACH ? AS full", arguments: [full.folder.database.path])
      let tables = try String.fetchAll(db, sql: "SELECT name FROM main.sqlite_master WHERE type = 'table'")
      for table in tables {
        let columns = try String.fetchAll(db, sql: "SELECT name FROM main.pragma_table_info(?)", arguments: [table])
          .joined(separator: ", ")
        try db.execute(sql: "INSERT INTO main.\(table) (\(columns)) SELECT \(columns) FROM full.\(table)")
      }
      try db.execute(sql: "INSERT INTO metric (run_id, name, value) VALUES (1, 'psnr', 30)")
    }
    try queue.close()
    // The folder goes with the value.
    withExtendedLifetime(full) {}
  }

  private func objects(_ url: URL) throws -> [String] {
    try DatabaseQueue(path: url.path).inDatabase {
      try String.fetchAll(
        $0, sql: "SELECT type || ' ' || name || ': ' || ifnull(sql, '') FROM sqlite_master ORDER BY 1")
    }
  }

  @Test("version 1 becomes the newest when it is opened for writing: the same rows, the same schema as a new file")
  func toTheNewest() throws {
    let before = try allRows(url)
    #expect(before.contains { $0.hasPrefix("attention_map: ") } && before.contains { $0.hasPrefix("checkpoint: ") })
    #expect(try value(url, "SELECT count(*) FROM sqlite_master WHERE type = 'view'") == "1")

    let store = try AttentionStore.open(url, mode: .readWrite)
    #expect(try store.integrityCheck() == [])
    #expect(try store.checkpoint(groupHash: "g")?.state == Data("state 0".utf8))
    try store.close()
    #expect(try value(url, "PRAGMA user_version") == "\(StoreSchema.version)")
    let after = try allRows(url).map {
      // What version 4 adds to rows.
      $0.replacingOccurrences(of: " calls=3", with: "").replacingOccurrences(of: " source=NULL", with: "")
    }
    #expect(after == before)
    #expect(try value(url, "SELECT count(*) FROM site_summary") == "1")

    let new = folder.url.appendingPathComponent("new.sqlite")
    try AttentionStore.open(new, mode: .create).close()
    #expect(try objects(url) == objects(new))
    let bytes = try Data(contentsOf: url)
    try AttentionStore.open(url, mode: .readWrite).close()
    #expect(try Data(contentsOf: url) == bytes, "the second opening changes nothing")
  }

  @Test("version 3: metrics keep what they were measured with, and what failed with its group is tried again")
  func fromVersionThree() throws {
    let queue = try DatabaseQueue(path: url.path)
    try queue.inDatabase { db in
      try StoreSchema.migrate(db, from: 1, to: 3)
      try db.execute(
        sql: """
          INSERT INTO metric_source (name, hash) VALUES ('psnr', 'abc');
          UPDATE run SET status = 'failed', error = 'a NaN somewhere';
          """)
    }
    try queue.close()
    let store = try AttentionStore.open(url, mode: .readWrite)
    #expect(try store.metricSources(RunID(rawValue: 1)) == ["psnr": "abc"])
    #expect(try store.statusOfRuns() == ["s": .pending, "t": .pending])
    #expect(try store.runs().map(\.run.calls) == [3, 3])
    #expect(try store.runs(.planned).count == 2, "without a plan every run is of it")
    #expect(try store.countOfOtherRuns() == 0)
    #expect(try store.integrityCheck() == [])
  }

  @Test("version 1 is read as it is")
  func readingVersionOne() throws {
    let before = try Data(contentsOf: url)
    let store = try AttentionStore.open(url, mode: .readOnly)
    #expect(try store.runs().map(\.run.hash) == ["s", "t"])
    #expect(try store.maps().count == 2)
    try store.close()
    #expect(try Data(contentsOf: url) == before)
  }

  @Test("a migration that fails leaves version 1, whole")
  func failing() throws {
    // A name that the migration wants for its last view is taken.
    try outside(url, "CREATE TABLE comparison (run_id INTEGER, name TEXT, note TEXT)")
    let before = try (objects(url), allRows(url))
    #expect(throws: StoreError.self) { try AttentionStore.open(url, mode: .readWrite) }
    #expect(try value(url, "PRAGMA user_version") == "1")
    #expect(try objects(url) == before.0)
    #expect(try allRows(url) == before.1)
  }
}
