import Foundation
internal import GRDB

extension AttentionStore {
  /// Opens the database of an experiment.
  ///
  /// Nothing is changed in a file that is not this tool's, or of another version.
  /// - Parameter url: A file; its folder must exist, and may be a link. The file may not, nor what stands beside it.
  /// - Throws: `StoreError` that says why it cannot be opened: missing, not a file, not a database, of another
  ///   program, of another version, damaged, not writable, or in use by another writer.
  public static func open(_ url: URL, mode: Mode) throws(StoreError) -> AttentionStore {
    let file = try DatabaseFile(url)
    try file.check(mode)
    if mode == .readOnly {
      return AttentionStore(path: file.path, mode: mode, queue: try openForReading(file), lock: nil)
    }
    let lock = try StoreLock(file)
    do {
      return AttentionStore(path: file.path, mode: mode, queue: try openForWriting(file.path), lock: lock)
    } catch {
      lock.release()
      throw error
    }
  }

  private static func openForWriting(_ path: String) throws(StoreError) -> DatabaseQueue {
    do {
      let queue = try DatabaseQueue(path: path, configuration: configuration(readOnly: false))
      try queue.inDatabase { db in
        let isNew = try isEmpty(db)
        if !isNew { try check(db, path: path) }
        try setUp(db, isNew: isNew)
        if isNew { try StoreSchema.create(db) } else { try StoreSchema.renewViews(db) }
      }
      return queue
    } catch {
      throw StoreError(error, path: path)
    }
  }

  private static func openForReading(_ file: DatabaseFile) throws(StoreError) -> DatabaseQueue {
    let path = file.path
    do {
      let queue = try DatabaseQueue(path: file.readingPath(), configuration: configuration(readOnly: true))
      try queue.read { db in try check(db, path: path) }
      return queue
    } catch {
      throw StoreError(error, path: path)
    }
  }

  private static func configuration(readOnly: Bool) -> Configuration {
    var configuration = Configuration()
    configuration.readonly = readOnly
    configuration.foreignKeysEnabled = true
    configuration.busyMode = .timeout(TimeInterval(busySeconds))
    // The file may be anybody's: its schema may call no function that does more than compute, and pages are checked when
    // they are read. See https://www.sqlite.org/security.html.
    configuration.prepareDatabase { db in
      try db.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
    }
    return configuration
  }

  /// Whether it is a database without any table, as a process killed at the very start leaves.
  private static func isEmpty(_ db: Database) throws -> Bool {
    let id = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    return try id == 0 && version == 0 && Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") == 0
  }

  /// Sees that the file is this tool's and of the schema that it knows.
  private static func check(_ db: Database, path: String) throws {
    let id = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    if id == StoreSchema.formerApplicationID { throw StoreError.beforeRelease(path: path) }
    guard id == StoreSchema.applicationID else { throw StoreError.otherApplication(path: path, applicationID: id) }
    guard version <= StoreSchema.version else {
      throw StoreError.newerSchema(path: path, found: version, supported: StoreSchema.version)
    }
    guard version == StoreSchema.version else {
      throw StoreError.damaged(
        path: path, StoreFault("header", "user_version", is: "\(version)", expected: "\(StoreSchema.version)"))
    }
    try StoreSchema.check(db, path: path)
  }

  private static func setUp(_ db: Database, isNew: Bool) throws {
    // Fixed once the file holds anything.
    if isNew {
      try db.execute(sql: "PRAGMA page_size = \(RowSize.page)")
      // What brings a new file into WAL mode needs a rollback journal, which is to be no file: no file of that name is
      // ever attnlab's, so that one that is there can be refused.
      if try String.fetchOne(db, sql: "PRAGMA journal_mode") != "wal" {
        try db.execute(sql: "PRAGMA journal_mode = MEMORY")
      }
    }
    guard try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL") == "wal" else {
      throw DatabaseError(message: "the file system offers no write-ahead log")
    }
    // After every 64 MiB of log it is carried over into the database, and no more than that is kept of it.
    try db.execute(
      sql: """
        PRAGMA synchronous = NORMAL;
        PRAGMA wal_autocheckpoint = \((64 << 20) / RowSize.page);
        PRAGMA journal_size_limit = 67108864;
        PRAGMA secure_delete = OFF;
        """)
  }
}
