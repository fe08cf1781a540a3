import Files
import Formatting
import Foundation

/// Where a database is: a folder held open, and the name of the file in it.
///
/// The way to the folder may lead through links; the database, and the files that stand beside it, are no links.
struct DatabaseFile {
  let folder: OpenFolder
  let name: String
  var path: String { folder.path(of: name) }
  var lockName: String { name + ".lock" }

  /// - Throws: `StoreError.missingFolder`; `notReadable` if the system lets nobody look.
  init(_ url: URL) throws(StoreError) {
    let whole = url.absoluteURL.standardizedFileURL
    let parent = whole.deletingLastPathComponent().resolvingSymlinksInPath()
    name = whole.lastPathComponent
    do { folder = try OpenFolder(parent) } catch {
      if error.reason == .system(EACCES) {
        throw .notReadable(path: whole.path, reason: String(cString: strerror(EACCES)))
      }
      throw .missingFolder(path: parent.path)
    }
  }

  /// What the file system says, before SQLite is asked: it would open a file it may not write to for reading, silently,
  /// and write through links and into files that have a second name elsewhere.
  func check(_ mode: AttentionStore.Mode) throws(StoreError) {
    let kind = try checked { () throws(FileError) in try folder.kind(of: name) }
    if kind == nil, mode != .create { throw .missing(path: path) }
    if kind == .folder || kind == .other { throw .notAFile(path: path) }
    try checked { () throws(FileError) in
      // A file with a second name can be read; what SQLite makes beside it cannot be written.
      if kind == .link || mode != .readOnly { try folder.requirePlain(name) }
      for ending in ["-wal", "-shm"] { try folder.requirePlain(name + ending) }
    }
    // SQLite would carry out what a rollback journal says, which may be to remove another file.
    if try checked({ () throws(FileError) in try folder.kind(of: name + "-journal") }) != nil {
      throw .journal(path: path)
    }
    if kind != nil, access(path, R_OK) != 0 { throw .notReadable(path: path, reason: Self.systemReason()) }
    guard mode != .readOnly else { return }
    if kind != nil, access(path, W_OK) != 0 { throw .fileNotWritable(path: path, reason: Self.systemReason()) }
    guard isWritable else { throw .folderNotWritable(path: folder.path, reason: Self.systemReason()) }
  }

  /// Whether files can be made in the folder; the system's reason is left where they cannot.
  private var isWritable: Bool { access(folder.path, W_OK | X_OK) == 0 }

  /// What SQLite is given to open for reading.
  ///
  /// A reader of a database in WAL mode makes two files beside it. Where it may not, and no log is there that would
  /// have to be read, the file is opened as one that does not change (`immutable`).
  func readingPath() throws(StoreError) -> String {
    guard !isWritable else { return path }
    let reason = Self.systemReason()
    if try checked({ () throws(FileError) in try folder.size(of: name + "-wal") }) > 0 {
      if access(path + "-shm", R_OK) == 0 { return path }
      throw .folderNotWritable(path: folder.path, reason: reason)
    }
    var allowed = CharacterSet.urlPathAllowed
    allowed.remove(charactersIn: "?#%")
    guard let escaped = path.addingPercentEncoding(withAllowedCharacters: allowed) else { return path }
    return "file:\(escaped)?immutable=1"
  }

  private func checked<Value>(_ body: () throws(FileError) -> Value) throws(StoreError) -> Value {
    do { return try body() } catch {
      if error.reason == .system(EACCES) {
        throw .notReadable(path: path, reason: String(cString: strerror(EACCES)))
      }
      throw .unsafe(error)
    }
  }

  private static func systemReason() -> String { String(cString: strerror(errno)) }
}
