internal import GRDB

extension StoreError {
  /// The case that fits an error of SQLite or of GRDB.
  init(_ error: any Error, path: String) {
    switch error {
    case let error as StoreError: self = error
    case let error as DatabaseError: self.init(error, path: path)
    // What is left is a value of a type that the column cannot hold by its declaration.
    default: self = .malformed(path: path, message: "\(error)")
    }
  }

  private init(_ error: DatabaseError, path: String) {
    let code = error.extendedResultCode.rawValue
    let message = error.message ?? "no message"
    switch error.resultCode {
    case .SQLITE_NOTADB: self = .notADatabase(path: path)
    case .SQLITE_CORRUPT: self = .malformed(path: path, message: message)
    case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy(path: path, code: code)
    case .SQLITE_FULL: self = .diskFull(path: path, code: code)
    // The file beside a log could not grow: by SQLite's documentation the file system is out of space.
    case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_SHMSIZE: self = .diskFull(path: path, code: code)
    case .SQLITE_IOERR: self = .inputOutput(path: path, code: code, message: message)
    case .SQLITE_READONLY:
      self =
        error.extendedResultCode == .SQLITE_READONLY_DIRECTORY
        ? .folderNotWritable(path: folder(of: path), reason: message)
        : .fileNotWritable(path: path, reason: message)
    case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH: self = .notReadable(path: path, reason: message)
    default: self = .sqlite(path: path, code: code, message: message)
    }
  }
}

/// The folder that holds the file at an absolute path.
func folder(of path: String) -> String {
  // A mark may join the last slash, which is then no sign of its own.
  guard let slash = path.unicodeScalars.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
  return String(path[..<slash])
}
