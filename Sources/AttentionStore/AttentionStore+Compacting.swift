import Foundation
internal import GRDB

extension AttentionStore {
  /// Writes the database anew without the room that removed rows have left, so that the file shrinks.
  ///
  /// Ids and values stay as they are. It needs free space of up to twice the size that the file then has, and takes as
  /// long as reading and writing all of it. Where it fails the database is as it was before. As long as someone reads
  /// an older state the file keeps its size.
  /// - Throws: `StoreError.diskFull` where that space is not there; `writeWhileReading` from within a loop over rows.
  public func compact() throws(StoreError) {
    guard mode != .readOnly else { throw .openedForReading(path: path) }
    do {
      try queue.unsafeReentrantWrite { db in
        guard !db.isInsideTransaction else { throw StoreError.writeWhileReading(path: path) }
        guard db.sqliteConnection != nil else { throw StoreError.closed(path: path) }
        try db.execute(sql: "VACUUM")
      }
    } catch {
      throw StoreError(error, path: path)
    }
    try carryOverLog()
  }

  /// What the database takes on the disk, in bytes: the file, and its log where there is one.
  public var bytesOnDisk: Int {
    [path, path + "-wal"].reduce(0) { sum, file in
      var status = stat()
      return lstat(file, &status) == 0 ? sum + Int(status.st_size) : sum
    }
  }
}
