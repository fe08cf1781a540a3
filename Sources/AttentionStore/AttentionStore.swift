import Foundation
internal import GRDB

/// The database of one experiment. `StoreSchema` describes its tables.
///
/// One process writes at a time: opening for writing takes a lock that names its holder and that the kernel drops when
/// the process ends, however it ends. Any number of readers, of this tool or others, work beside the writer.
///
/// The order of a run: `beginExperiment` with its plan; `register` prompts, sites, records and their keys; for each group
/// `beginGroup`, `commitStep` for each step, `finishGroup`; `close`. Runs of several plans stand beside one another, and
/// nothing but `removeRuns` takes one away.
///
/// **Durability.** A step's maps and its checkpoint are one transaction in the write-ahead log
/// (`synchronous = NORMAL`). A process killed at any moment leaves the last committed step, whole. After a loss of
/// power or a crash of the system the newest steps since the last `finishGroup` may be missing, but what is there is
/// consistent, and the group goes on from an earlier step with the same bits: an `fsync` for every step would buy
/// little and make each wait for the disk.
public final class AttentionStore: Sendable {
  public enum Mode: Hashable, Sendable {
    /// For writing; the file is made if it does not exist.
    case create
    /// For writing; the file must exist.
    case readWrite
    /// For reading; nothing is changed, and a writer may be at work.
    case readOnly
  }

  /// How long to wait for another program's lock.
  static let busySeconds = 10

  /// Absolute, with symbolic links resolved.
  public let path: String
  public let mode: Mode
  let queue: DatabaseQueue
  /// nil when opened for reading.
  private let lock: StoreLock?

  init(path: String, mode: Mode, queue: DatabaseQueue, lock: StoreLock?) {
    self.path = path
    self.mode = mode
    self.queue = queue
    self.lock = lock
  }

  deinit { try? close() }

  /// Brings everything into the one file and gives up the lock. Does nothing the second time.
  ///
  /// Call it rather than wait for the end of the store's life: it can say that something went wrong.
  /// - Throws: `StoreError` if the last writing to the file fails; the lock is given up all the same. From within a
  ///   loop over rows `writeWhileReading`; the store stays open.
  public func close() throws(StoreError) {
    do {
      try queue.unsafeReentrantWrite { db in
        // The loop's transaction would have nothing to end in.
        if db.isInsideTransaction { throw StoreError.writeWhileReading(path: path) }
      }
      // In this order: once the lock is gone another process may open the file, and the log must be put away by then.
      defer { lock?.release() }
      try queue.close()
    } catch {
      throw StoreError(error, path: path)
    }
  }

  /// Runs `body` in one transaction, so that it sees one state of the database.
  func read<Result>(_ body: (Database) throws -> Result) throws(StoreError) -> Result {
    do {
      return try readPassingErrors(body)
    } catch {
      throw StoreError(error, path: path)
    }
  }

  /// As `read`, but for bodies that throw errors of the caller's own.
  func readPassingErrors<Result>(_ body: (Database) throws -> Result) throws -> Result {
    try queue.unsafeReentrantRead { db in
      // Called from within a loop over rows: the loop's transaction serves.
      guard !db.isInsideTransaction else { return try body(db) }
      guard db.sqliteConnection != nil else { throw StoreError.closed(path: path) }
      // As GRDB's own transactions, with statements that are compiled once: some reads take a tenth of a millisecond.
      try db.cachedStatement(sql: "BEGIN DEFERRED TRANSACTION").execute()
      do {
        let result = try body(db)
        try db.cachedStatement(sql: "COMMIT TRANSACTION").execute()
        return result
      } catch {
        if db.isInsideTransaction { try? db.rollback() }
        throw error
      }
    }
  }

  /// Runs `body` in one transaction that is kept whole or not at all.
  func write<Result>(_ body: (Database) throws -> Result) throws(StoreError) -> Result {
    guard mode != .readOnly else { throw .openedForReading(path: path) }
    do {
      return try queue.unsafeReentrantWrite { db in
        guard !db.isInsideTransaction else { throw StoreError.writeWhileReading(path: path) }
        guard db.sqliteConnection != nil else { throw StoreError.closed(path: path) }
        var result: Result?
        try db.inTransaction(.immediate) {
          result = try body(db)
          return .commit
        }
        guard let result else { throw StoreError.closed(path: path) }
        return result
      }
    } catch {
      throw StoreError(error, path: path)
    }
  }
}
