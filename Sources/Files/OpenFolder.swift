import Foundation
import Synchronization

/// A folder held open, in which entries are read, written and removed by name, and no link is followed.
///
/// The folder's own path may lead through links, as its owner likes; below it each name is looked up in the folder that
/// holds it (`openat` with `O_NOFOLLOW`), so that neither a link nor a name such as `..` leads out of it. Paths below it
/// are names between slashes.
public final class OpenFolder: Sendable {
  let descriptor: Int32
  /// As messages name it.
  public let path: String
  /// Whether somebody has kept this folder locked for longer than attnlab does: nobody is waited for twice.
  private let isKeptLocked = Mutex(false)

  /// Opens a folder that somebody named; links on the way are followed.
  /// - Throws: `FileError` if it is missing or no folder.
  public convenience init(_ url: URL) throws(FileError) {
    let path = url.path
    let descriptor = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      let failure = errno
      var status = stat()
      guard failure == ENOTDIR, stat(path, &status) == 0 else { throw .system(path, .open, failure) }
      throw FileError(path, .open, .notAFolder(found: EntryKind(status)))
    }
    self.init(descriptor, path)
  }

  private init(_ descriptor: Int32, _ path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  deinit { close(descriptor) }

  /// Opens a folder, and makes it with those above it where they are missing.
  /// - Throws: `FileError`.
  public static func make(_ url: URL) throws(FileError) -> OpenFolder {
    do { return try OpenFolder(url) } catch {
      let above = url.deletingLastPathComponent()
      guard error.isMissing, above.path != url.path else { throw error }
      _ = try make(above)
      // A dangling link is not replaced: opening it says what it is.
      guard mkdir(url.path, 0o777) == 0 || errno == EEXIST else { throw .system(url.path, .write) }
      return try OpenFolder(url)
    }
  }

  // MARK: - Looking

  /// The path of an entry, for messages and for programs that are told where a file is.
  public func path(of name: String) -> String { path.hasSuffix("/") ? path + name : "\(path)/\(name)" }

  /// What stands at a path; nil where there is nothing.
  /// - Throws: `FileError` if the way to it leads through a link, or cannot be looked at.
  public func kind(of path: String) throws(FileError) -> EntryKind? { try status(of: path).map { EntryKind($0) } }

  /// The names in this folder, sorted.
  public func names() throws(FileError) -> [String] {
    // Of its own, since reading moves a place that duplicates share.
    let listing = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard listing >= 0, let stream = fdopendir(listing) else {
      let failure = errno
      if listing >= 0 { close(listing) }
      throw .system(path, .read, failure)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// The bytes of all plain files at a path and below it; 0 where there is nothing.
  public func size(of path: String) throws(FileError) -> Int {
    guard let status = try status(of: path) else { return 0 }
    switch EntryKind(status) {
    case .file: return Int(status.st_size)
    case .folder:
      let folder = try folder(path)
      var sum = 0
      for name in try folder.names() { sum += try folder.size(of: name) }
      return sum
    case .link, .other: return 0
    }
  }

  // MARK: - Opening

  /// Opens a folder below this one.
  /// - Parameter making: whether it, and folders on the way, are made where they are missing.
  /// - Throws: `FileError`.
  public func folder(_ path: String, making: Bool = false) throws(FileError) -> OpenFolder {
    var folder = self
    for name in try Self.names(path) { folder = try folder.child(name, making: making) }
    return folder
  }

  /// Opens a file below this folder for reading.
  /// - Throws: `FileError`; a link is refused, whatever it leads to.
  public func file(_ path: String) throws(FileError) -> OpenFile {
    let (folder, name) = try place(of: path)
    let full = folder.path(of: name)
    do { return try OpenFile(at: folder.descriptor, name, flags: O_NOFOLLOW, path: full) } catch {
      throw error.reason == .system(ELOOP) ? FileError(full, .open, .link) : error
    }
  }

  /// Begins a file below this folder.
  /// - Parameter making: whether folders on the way are made where they are missing.
  /// - Throws: `FileError`; a link of its name is refused.
  public func newFile(_ path: String, making: Bool = false) throws(FileError) -> NewFile {
    let (folder, name) = try place(of: path, making: making)
    return try NewFile(name, in: folder)
  }

  /// Writes a file whole or not at all, in place of a file of its name.
  /// - Parameter making: as of `newFile`.
  /// - Throws: `FileError`; then a file of its name is as it was.
  public func write(_ data: Data, to path: String, making: Bool = false) throws(FileError) {
    let file = try newFile(path, making: making)
    try file.append(data)
    try file.finish()
  }

  /// Opens a file of this folder for reading and writing, and makes it where it is missing: for a lock, which must keep
  /// its place. It is closed by the caller.
  /// - Throws: `FileError` for anything but a plain file of one name.
  public func descriptorForLocking(_ name: String) throws(FileError) -> Int32 {
    let (folder, name) = try place(of: name)
    let path = folder.path(of: name)
    // Closed in child processes, which would else keep the lock after this one has ended. A pipe is not waited for.
    let file = openat(folder.descriptor, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o644)
    guard file >= 0 else {
      let failure = errno
      if let kind = try kind(of: name), kind != .file { throw FileError(path, .write, Self.reason(kind)) }
      throw .system(path, .write, failure)
    }
    var status = stat()
    guard fstat(file, &status) == 0, let problem = Self.problem(status) else { return file }
    close(file)
    throw FileError(path, .write, problem)
  }

  // MARK: - Checking and removing

  /// Refuses anything but a plain file of one name, or nothing: for files that others open by name, as SQLite does.
  public func requirePlain(_ name: String) throws(FileError) {
    guard let status = try status(of: name), let problem = Self.problem(status) else { return }
    throw FileError(path(of: name), .open, problem)
  }

  /// Removes a file, a link (and not what it leads to) or a folder with all that is in it. Nothing happens where there is
  /// nothing.
  /// - Throws: `FileError`.
  public func remove(_ path: String) throws(FileError) {
    guard let status = try status(of: path) else { return }
    let (folder, name) = try place(of: path)
    let isFolder = EntryKind(status) == .folder
    if isFolder {
      let inside = try folder.folder(name)
      for entry in try inside.names() { try inside.remove(entry) }
    }
    guard unlinkat(folder.descriptor, name, isFolder ? AT_REMOVEDIR : 0) == 0 || errno == ENOENT else {
      throw .system(folder.path(of: name), .remove)
    }
  }

  /// Removes a file or a link of this folder; a folder of that name stays.
  /// - Throws: `FileError`.
  public func removeFile(_ name: String) throws(FileError) {
    let (folder, name) = try place(of: name)
    guard unlinkat(folder.descriptor, name, 0) == 0 || errno == ENOENT else {
      throw .system(folder.path(of: name), .remove)
    }
  }

  /// Whether an open file is the one that stands under a name now.
  public func holds(_ file: Int32, under name: String) -> Bool {
    var held = stat()
    guard fstat(file, &held) == 0, let named = try? status(of: name) else { return false }
    return held.st_ino == named.st_ino && held.st_dev == named.st_dev
  }

  /// Refuses anything but a file, whose place a new one takes, or nothing.
  public func requireReplaceable(_ name: String) throws(FileError) {
    guard let kind = try kind(of: name), kind != .file else { return }
    throw FileError(path(of: name), .write, Self.reason(kind))
  }

  // MARK: - What is left unfinished

  /// Keeps what is being written here from being taken for what an ended process has left, as long as this folder is held open.
  ///
  /// `removeUnfinished` of another command holds its lock for milliseconds, and is waited for. Where the file system knows no
  /// locks on folders, or somebody keeps this one locked for himself, nothing happens.
  /// - Parameter tries: 5 ms apart.
  func lockForWriting(tries: Int = 20) {
    isKeptLocked.withLock { isKeptLocked in
      for _ in 0..<tries {
        if flock(descriptor, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK { return }
        if isKeptLocked { return }
        usleep(5_000)
      }
      isKeptLocked = true
    }
  }

  /// Removes the files of this folder that an ended process was writing, and the lists of such files. Nothing is removed
  /// while anybody writes here: the next call finds them.
  /// - Throws: `FileError`.
  public func removeUnfinished() throws(FileError) {
    // Opened once more: a lock belongs to what was opened, and this folder may hold one of its own.
    let own = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard own >= 0 else { throw .system(path, .open) }
    defer { close(own) }
    guard flock(own, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else { return }
    for name in try unfinishedNames() { try removeFile(name) }
  }

  /// The names of plain files of this folder that are called as files are while they are written, or as lists of them.
  /// - Throws: `FileError`.
  public func unfinishedNames() throws(FileError) -> [String] {
    var found: [String] = []
    for name in try names() where NewFile.isUnfinished(name) {
      if try kind(of: name) == .file { found.append(name) }
    }
    return found
  }

  // MARK: - Names

  private static func reason(_ kind: EntryKind) -> FileError.Reason { kind == .link ? .link : .notAFile(found: kind) }

  /// nil for a plain file of one name, or of none any more.
  private static func problem(_ status: stat) -> FileError.Reason? {
    guard EntryKind(status) == .file else { return reason(EntryKind(status)) }
    return status.st_nlink > 1 ? .severalNames(count: Int(status.st_nlink)) : nil
  }

  private func status(of path: String) throws(FileError) -> stat? {
    let names = try Self.names(path)
    var folder = self
    for name in names.dropLast() {
      do { folder = try folder.child(name, making: false) } catch {
        if error.isMissing { return nil }
        throw error
      }
    }
    var status = stat()
    guard fstatat(folder.descriptor, names[names.count - 1], &status, AT_SYMLINK_NOFOLLOW) != 0 else { return status }
    let failure = errno
    if failure == ENOENT { return nil }
    throw .system(self.path(of: path), .read, failure)
  }

  /// The folder that holds an entry, and the entry's name in it.
  private func place(of path: String, making: Bool = false) throws(FileError) -> (folder: OpenFolder, name: String) {
    let names = try Self.names(path)
    var folder = self
    for name in names.dropLast() { folder = try folder.child(name, making: making) }
    return (folder, names[names.count - 1])
  }

  private func child(_ name: String, making: Bool) throws(FileError) -> OpenFolder {
    let path = path(of: name)
    if making, mkdirat(descriptor, name, 0o777) != 0, errno != EEXIST { throw .system(path, .write) }
    let child = openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    if child >= 0 { return OpenFolder(child, path) }
    let failure = errno
    var status = stat()
    if fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 {
      let kind = EntryKind(status)
      if kind != .folder { throw FileError(path, .open, kind == .link ? .link : .notAFolder(found: kind)) }
    }
    throw .system(path, .open, failure)
  }

  /// Whether a text can name an entry of a folder, and nothing elsewhere.
  ///
  /// By bytes, as the system reads it: to Swift a slash and a mark that joins it are one sign, which is no slash.
  package static func isName(_ text: String) -> Bool {
    text != "" && text != "." && text != ".." && !text.utf8.contains { $0 == 0 || $0 == UInt8(ascii: "/") }
  }

  /// The names of a path, of which there is at least one.
  private static func names(_ path: String) throws(FileError) -> [String] {
    let names = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    guard names.allSatisfy(isName) else { throw FileError(path, .open, .badName) }
    return names
  }
}
