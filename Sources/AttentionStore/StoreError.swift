import Attention
import Files

/// What can go wrong with an experiment's database. Its text says where, what was found and what is allowed, then what to
/// do next.
public enum StoreError: Error, Hashable, Sendable {
  /// There is no such file.
  case missing(path: String)
  /// The folder that should hold the file does not exist, or is a file.
  case missingFolder(path: String)
  /// A folder, or something else that is no plain file, stands where the database should be.
  case notAFile(path: String)
  /// A file that SQLite did not write.
  case notADatabase(path: String)
  /// A SQLite database of another program; 0 for one that names no program.
  case otherApplication(path: String, applicationID: Int32)
  /// Made by this tool before its first release, whose databases it does not read.
  case beforeRelease(path: String)
  /// Written by a newer version of this tool.
  case newerSchema(path: String, found: Int, supported: Int)
  /// It holds another experiment than the one that is to be run.
  case otherExperiment(path: String, stored: String, asked: String)
  /// A row, or the schema, contradicts itself.
  case damaged(path: String, StoreFault)
  /// SQLite cannot read the file: its structure is broken.
  case malformed(path: String, message: String)
  /// The values of a map are not as many as its size says: a row that is stored, or maps that were to be stored.
  case wrongSize(path: String, [MapSizeFault])
  /// Something about the database, or beside it, is a link or has a second name.
  case unsafe(FileError)
  /// A rollback journal stands beside the database, which this tool never leaves.
  case journal(path: String)
  /// The schema holds a trigger, or an index or view of somebody else's on this tool's tables. `name` and `table` are the
  /// database's own text.
  case foreignSchema(path: String, type: String, name: String, table: String)
  /// The file cannot be written to; `reason` is the system's.
  case fileNotWritable(path: String, reason: String)
  /// The folder takes no new files, and SQLite needs two beside the database.
  case folderNotWritable(path: String, reason: String)
  /// The file cannot be read; `reason` is the system's.
  case notReadable(path: String, reason: String)
  /// Another process writes to it. `holder` is nil if that process has not said who it is.
  case inUse(path: String, holder: LockHolder?)
  /// Another program holds a lock on the database for longer than the store waits.
  case busy(path: String, code: Int32)
  case diskFull(path: String, code: Int32)
  /// The disk of the database, or that of SQLite's temporary files, has no room for the copy that compacting makes.
  case noRoomToCompact(path: String, code: Int32, temporary: String)
  case inputOutput(path: String, code: Int32, message: String)
  /// The store was closed before.
  case closed(path: String)
  /// Something that writes was asked of a store opened for reading.
  case openedForReading(path: String)
  /// Something that writes was asked from within a loop over the store's own rows.
  case writeWhileReading(path: String)
  /// The step that is to be stored does not follow the group's checkpoint, which is of the step `stored`.
  case staleCheckpoint(path: String, group: String, step: Int, stored: Int)
  /// What is given contradicts what is stored.
  case conflict(path: String, StoreConflict)
  /// Values that may not be stored: all faults of one call.
  case invalid(path: String, [StoreFault])
  /// Any other failure of SQLite, with its extended result code.
  case sqlite(path: String, code: Int32, message: String)
}

/// A value that is not what it can be: of a row that is stored, or of one that was to be stored.
public struct StoreFault: Hashable, Sendable, CustomStringConvertible {
  /// The table and its row, as `run row 1`, or what was given, as `run 5bec`.
  public let place: String
  /// The column, or what is wrong of the place.
  public let field: String
  /// As it was found.
  public let value: String
  /// What it can be.
  public let allowed: String

  init(_ place: String, _ field: String, is value: String, expected allowed: String) {
    self.place = place
    self.field = field
    self.value = value
    self.allowed = allowed
  }

  public var description: String { "\(place): \(field) is \(value), expected \(allowed)" }
}

/// A map whose values are not as many as its size says.
public struct MapSizeFault: Hashable, Sendable, CustomStringConvertible {
  /// The row, as `attention_map row 2`; nil for a map that was to be stored.
  public let row: Int64?
  public let height: Int
  public let width: Int
  public let keys: Int
  public let type: MapType
  /// Of its values, as found.
  public let bytes: Int

  public var description: String {
    let place = row.map { "attention_map row \($0): " } ?? ""
    let size = "a map of \(width) x \(height) queries and \(keys) keys"
    guard height > 0, width > 0, keys > 0 else { return "\(place)\(size) is empty" }
    return "\(place)\(size) in \(type.column) has \(bytes) bytes"
  }
}

/// The process that holds the right to write to a database.
public struct LockHolder: Hashable, Sendable, CustomStringConvertible {
  public let processID: Int32
  public let host: String
  /// When it took the lock: ISO 8601, UTC.
  public let since: String

  public init(processID: Int32, host: String, since: String) {
    self.processID = processID
    self.host = host
    self.since = since
  }

  public var description: String { "process \(processID) on \(host) since \(since)" }
}
