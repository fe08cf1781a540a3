import Foundation
internal import GRDB

extension AttentionStore {
  /// Opens the database of an experiment.
  ///
  /// Nothing is changed in a file that is not this tool's, or of a newer version.
  /// - Parameter url: A file; its folder must exist.
  /// - Throws: `StoreError` that says why it cannot be opened: missing, not a file, not a database, of another
  ///   program, of another version, damaged, not writable, or in use by another writer.
  public static func open(_ url: URL, mode: Mode) throws(StoreError) -> AttentionStore {
    let path = url.absoluteURL.standardizedFileURL.resolvingSymlinksInPath().path
    try checkFile(path, mode: mode)
    if mode == .readOnly {
      return AttentionStore(path: path, mode: mode, queue: try openForReading(path), lock: nil)
    }
    let lock = try StoreLock(database: path)
    do {
      return AttentionStore(path: path, mode: mode, queue: try openForWriting(path), lock: lock)
    } catch {
      lock.release()
      throw error
    }
  }

  /// What the file system says, before SQLite is asked: it would open a file it may not write to for reading, silently.
  private static func checkFile(_ path: String, mode: Mode) throws(StoreError) {
    var status = stat()
    let exists = stat(path, &status) == 0
    if !exists, errno == EACCES { throw .notReadable(path: path, reason: systemReason()) }
    var folderStatus = stat()
    guard exists || (stat(folder(of: path), &folderStatus) == 0 && folderStatus.st_mode & S_IFMT == S_IFDIR) else {
      throw .missingFolder(path: folder(of: path))
    }
    guard exists || mode == .create else { throw .missing(path: path) }
    if exists {
      guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
      guard access(path, R_OK) == 0 else { throw .notReadable(path: path, reason: systemReason()) }
    }
    guard mode != .readOnly else { return }
    if exists, access(path, W_OK) != 0 { throw .fileNotWritable(path: path, reason: systemReason()) }
    guard access(folder(of: path), W_OK | X_OK) == 0 else {
      throw .folderNotWritable(path: folder(of: path), reason: systemReason())
    }
  }

  private static func systemReason() -> String { String(cString: strerror(errno)) }

  private static func openForWriting(_ path: String) throws(StoreError) -> DatabaseQueue {
    do {
      let queue = try DatabaseQueue(path: path, configuration: configuration(readOnly: false))
      try queue.inDatabase { db in
        let version = try checkedVersion(db, path: path, mayBeEmpty: true)
        try setUp(db, isNew: version == nil)
        if version != StoreSchema.version {
          try StoreSchema.migrate(db, from: version ?? 0)
        }
      }
      return queue
    } catch {
      throw StoreError(error, path: path)
    }
  }

  private static func openForReading(_ path: String) throws(StoreError) -> DatabaseQueue {
    do {
      let queue = try DatabaseQueue(path: readingPath(path), configuration: configuration(readOnly: true))
      try queue.read { db in
        guard let version = try checkedVersion(db, path: path, mayBeEmpty: false) else { return }
        guard version >= StoreSchema.oldestReadable else {
          throw StoreError.olderSchema(path: path, found: version, supported: StoreSchema.version)
        }
      }
      return queue
    } catch {
      throw StoreError(error, path: path)
    }
  }

  /// What SQLite is given to open for reading.
  ///
  /// A reader of a database in WAL mode makes two files beside it. Where it may not, and no log is there that would
  /// have to be read, the file is opened as one that does not change (`immutable`).
  private static func readingPath(_ path: String) throws(StoreError) -> String {
    guard access(folder(of: path), W_OK | X_OK) != 0 else { return path }
    let reason = systemReason()
    var log = stat()
    if stat(path + "-wal", &log) == 0, log.st_size > 0 {
      if access(path + "-shm", R_OK) == 0 { return path }
      throw .folderNotWritable(path: folder(of: path), reason: reason)
    }
    var allowed = CharacterSet.urlPathAllowed
    allowed.remove(charactersIn: "?#%")
    guard let escaped = path.addingPercentEncoding(withAllowedCharacters: allowed) else { return path }
    return "file:\(escaped)?immutable=1"
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

  /// The schema's version, once the file is known to be this tool's.
  /// - Returns: nil for a database without any table, as a process killed at the very start leaves.
  private static func checkedVersion(_ db: Database, path: String, mayBeEmpty: Bool) throws -> Int? {
    let id = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    if mayBeEmpty, id == 0, version == 0, try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") == 0 {
      return nil
    }
    guard id == StoreSchema.applicationID else { throw StoreError.otherApplication(path: path, applicationID: id) }
    guard version <= StoreSchema.version else {
      throw StoreError.newerSchema(path: path, found: version, supported: StoreSchema.version)
    }
    guard version > 0 else {
      throw StoreError.damaged(path: path, place: "header", detail: "user_version is \(version), expected 1 or more")
    }
    if let wrong = try StoreSchema.difference(db, version: version) {
      throw StoreError.damaged(
        path: path, place: "schema", detail: "\(wrong) is not as version \(version) of the schema has it")
    }
    return version
  }

  private static func setUp(_ db: Database, isNew: Bool) throws {
    // Maps are tens of kilobytes: pages of 16 KiB take them in fewer pieces. Fixed once the file holds anything.
    if isNew { try db.execute(sql: "PRAGMA page_size = 16384") }
    guard try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL") == "wal" else {
      throw DatabaseError(message: "the file system offers no write-ahead log")
    }
    // After every 64 MiB of log it is carried over into the database, and no more than that is kept of it.
    try db.execute(
      sql: """
        PRAGMA synchronous = NORMAL;
        PRAGMA wal_autocheckpoint = 4096;
        PRAGMA journal_size_limit = 67108864;
        PRAGMA secure_delete = OFF;
        """)
  }
}
