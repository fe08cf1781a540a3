import Foundation
internal import GRDB

extension AttentionStore {
  /// Writes the database anew without the room that removed rows have left, so that the file shrinks. It stays as it is where
  /// that room is less than 1 MiB and less than 1 % of it.
  ///
  /// Ids and values stay as they are. It needs free space of the size that the file then has, beside it and in
  /// `temporaryFolder`, and takes as long as reading and writing all of it. Where it fails the database is as it was before.
  /// As long as someone reads an older state the file keeps its size.
  /// - Throws: `StoreError.noRoomToCompact` where that space is not there; `writeWhileReading` from within a loop over rows.
  public func compact() throws(StoreError) {
    guard mode != .readOnly else { throw .openedForReading(path: path) }
    do {
      try queue.unsafeReentrantWrite { db in
        guard !db.isInsideTransaction else { throw StoreError.writeWhileReading(path: path) }
        guard db.sqliteConnection != nil else { throw StoreError.closed(path: path) }
        if try Self.isWorthCompacting(db) { try db.execute(sql: "VACUUM") }
      }
    } catch {
      guard case .diskFull(_, let code) = StoreError(error, path: path) else { throw StoreError(error, path: path) }
      throw .noRoomToCompact(path: path, code: code, temporary: Self.temporaryFolder)
    }
    try carryOverLog()
  }

  private static func isWorthCompacting(_ db: Database) throws -> Bool {
    func number(_ name: String) throws -> Int { try Int.fetchOne(db, sql: "PRAGMA \(name)") ?? 0 }
    let free = try number("freelist_count")
    return try free * number("page_size") >= 1 << 20 || free * 100 >= max(1, number("page_count"))
  }

  /// Where SQLite writes a copy of a database that it compacts.
  /// - Source: `unixTempFileDir` of SQLite's `os_unix.c`.
  static var temporaryFolder: String {
    let environment = ProcessInfo.processInfo.environment
    let named = ["SQLITE_TMPDIR", "TMPDIR"].compactMap { environment[$0] }
    return (named + ["/var/tmp", "/usr/tmp", "/tmp"]).first { access($0 + "/.", W_OK | X_OK) == 0 } ?? "."
  }

  /// What the database takes on the disk, in bytes: the file, and its log where there is one.
  public var bytesOnDisk: Int {
    [path, path + "-wal"].reduce(0) { sum, file in
      var status = stat()
      return lstat(file, &status) == 0 ? sum + Int(status.st_size) : sum
    }
  }
}
