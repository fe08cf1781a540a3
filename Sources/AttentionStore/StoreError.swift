import Files
import Formatting

/// What can go wrong with an experiment's database: where, what was found, and what to do next.
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
  /// Written by a newer version of this tool.
  case newerSchema(path: String, found: Int, supported: Int)
  /// Written by an older version of this tool, and opened for reading alone, so that it cannot be brought up to date.
  case olderSchema(path: String, found: Int, supported: Int)
  /// It holds another experiment than the one that is to be run.
  case otherExperiment(path: String, stored: String, asked: String)
  /// The contents contradict themselves or the file's structure is broken. `place` is a table and row where known.
  case damaged(path: String, place: String, detail: String)
  /// The database, or a file beside it, is a link, no plain file, or a file with a second name elsewhere.
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
  case inputOutput(path: String, code: Int32, message: String)
  /// The store was closed before.
  case closed(path: String)
  /// Something that writes was asked of a store opened for reading.
  case openedForReading(path: String)
  /// Something that writes was asked from within a loop over the store's own rows.
  case writeWhileReading(path: String)
  /// What is given contradicts what is stored.
  case conflict(path: String, detail: String)
  /// Values that may not be stored: all problems of one call.
  case invalid(path: String, problems: [String])
  /// Any other failure of SQLite, with its extended result code.
  case sqlite(path: String, code: Int32, message: String)
}

extension StoreError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .missing, .missingFolder, .notAFile, .notADatabase, .otherApplication, .newerSchema, .olderSchema,
      .otherExperiment, .unsafe, .journal, .foreignSchema:
      return openingDescription
    case .damaged(let path, let place, let detail):
      return "\(path): damaged\(place.isEmpty ? "" : ", \(place)"): \(detail). Keep a copy for inquiry, delete the "
        + "file and run the experiment again, or bring back a backup"
    case .fileNotWritable(let path, let reason):
      return "\(path): cannot be written to (\(reason)). Allow writing, or choose another results folder"
    case .folderNotWritable(let path, let reason):
      return "\(path): the folder takes no new files (\(reason)), and SQLite needs two beside its database. "
        + "Allow writing, choose another results folder, or copy the database to one"
    case .notReadable(let path, let reason):
      return "\(path): cannot be read (\(reason)). Allow reading"
    case .inUse(let path, let holder):
      return "\(path): is in use by \(holder?.description ?? "another process"). "
        + "Wait for it to end, or stop it; reading is possible meanwhile"
    case .busy(let path, let code):
      return "\(path): another program kept it locked for more than \(AttentionStore.busySeconds) seconds "
        + "(SQLite code \(code)). Close that program or let it finish, then run again"
    case .diskFull(let path, let code):
      return "\(path): the disk is full (SQLite code \(code)). Free space and run again: "
        + "what was stored up to the last step is whole"
    case .inputOutput(let path, let code, let message):
      return "\(path): reading or writing failed: \(message) (SQLite code \(code)). Check the disk, then run again: "
        + "what was stored up to the last step is whole"
    case .closed(let path): return "\(path): the store was closed before; open it again"
    case .openedForReading(let path): return "\(path): was opened for reading; open it for writing"
    case .writeWhileReading(let path):
      return "\(path): was written to from within a loop over its own rows; collect first, write after the loop"
    case .conflict(let path, let detail): return "\(path): \(detail)"
    case .invalid(let path, let problems):
      return "\(path): nothing was stored, because of \(problems.count) problem\(problems.count == 1 ? "" : "s"): "
        + problems.joined(separator: "; ")
    case .sqlite(let path, let code, let message): return "\(path): SQLite says: \(message) (code \(code))"
    }
  }

  /// The cases that say why a file was not opened.
  private var openingDescription: String {
    switch self {
    case .missing(let path): return "\(path): there is no such file. Run the experiment first, or check the name"
    case .missingFolder(let path): return "\(path): there is no such folder to hold a database. Create it first"
    case .notAFile(let path):
      return "\(path): expected a database, found a folder or a device. Name the .sqlite file itself"
    case .notADatabase(let path):
      return "\(path): is not a SQLite database. Check the name; nothing in it was changed"
    case .otherApplication(let path, let id):
      let mark = id == 0 ? "none" : "0x" + String(UInt32(bitPattern: id), radix: 16)
      let own = "0x" + String(UInt32(bitPattern: StoreSchema.applicationID), radix: 16)
      return "\(path): is a SQLite database but holds no experiment of attnlab: its application id is \(mark), "
        + "expected \(own). Check the name; nothing in it was changed"
    case .newerSchema(let path, let found, let supported):
      return "\(path): has schema version \(found), and this attnlab knows versions up to \(supported). "
        + "Use a newer attnlab; nothing in it was changed"
    case .olderSchema(let path, let found, let supported):
      return "\(path): has schema version \(found), and this attnlab reads version \(supported). "
        + "Run the experiment once, which brings its database up to date"
    case .unsafe(let error): return "\(error)"
    case .journal(let path):
      return
        "\(path): a rollback journal, \(path)-journal, stands beside it. attnlab leaves none, so another program was "
        + "stopped while it wrote, or the journal was made to do harm: following it can remove other files. Let the program "
        + "that you know finish its work, or move the journal away; nothing was changed"
    case .foreignSchema(let path, let type, let name, let table):
      return
        "\(path): has the \(type) \(quoted(name)) on \(quoted(table)), which is not attnlab's: it would run somebody "
        + "else's code, or change what is read. If it is yours, drop it with the sqlite3 shell; otherwise do not use this "
        + "file. Nothing in it was changed"
    case .otherExperiment(let path, let stored, let asked):
      return "\(path): holds the experiment \"\(stored)\", not \"\(asked)\". Choose another results folder"
    default: return ""
    }
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
