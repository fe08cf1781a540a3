import Foundation

/// A file that takes its name when it is whole and on the disk, and leaves nothing where it never is.
///
/// It is written under another name in the same folder, so that no reader sees half of it and a file of its name stays as
/// it was until the end.
public final class NewFile {
  /// As messages name it.
  public let path: String
  /// Bytes written so far.
  public private(set) var count: UInt64 = 0

  let folder: OpenFolder
  let name: String
  let partialName: String
  /// Under which a file that had the name is kept until all files of a group have theirs.
  let formerName: String
  /// -1 once it is closed.
  private var descriptor: Int32
  private var isNamed = false

  /// How the name ends under which a file is written.
  private static let partialEnding = ".part"

  /// Whether a name is one that files have while they are written, or that of a list of such files, as a process that was
  /// killed leaves behind.
  public static func isUnfinished(_ name: String) -> Bool { isPartial(name) || NameJournal.isName(name) }

  static func isPartial(_ name: String) -> Bool {
    name.hasPrefix(".") && name.hasSuffix(partialEnding)
      && UUID(uuidString: String(name.dropFirst().dropLast(partialEnding.count))) != nil
  }

  /// Begins a file in the folder that a URL names.
  /// - Throws: `FileError` if the folder is missing or takes no new files, or the name belongs to something that a file
  ///   does not replace.
  public convenience init(_ url: URL) throws(FileError) {
    try self.init(url.lastPathComponent, in: OpenFolder(url.deletingLastPathComponent()))
  }

  init(_ name: String, in folder: OpenFolder) throws(FileError) {
    self.folder = folder
    self.name = name
    path = folder.path(of: name)
    partialName = ".\(UUID().uuidString)\(Self.partialEnding)"
    formerName = ".\(UUID().uuidString)\(Self.partialEnding)"
    guard OpenFolder.isName(name) else { throw FileError(name, .write, .badName) }
    try folder.requireReplaceable(name)
    folder.lockForWriting()
    descriptor = openat(folder.descriptor, partialName, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .system(path, .write) }
  }

  deinit { discard() }

  /// Adds bytes at the end.
  public func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    var rest = bytes
    while !rest.isEmpty {
      let written = write(descriptor, rest.baseAddress, rest.count)
      if written < 0 {
        guard errno == EINTR else { throw .system(path, .write) }
      } else {
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
        count += UInt64(written)
      }
    }
  }

  public func append(_ data: Data) throws(FileError) {
    // `Data` passes on no typed error.
    let outcome = data.withUnsafeBytes { bytes in Result { () throws(FileError) in try append(bytes) } }
    try outcome.get()
  }

  public func append(_ text: String) throws(FileError) { try append(Data(text.utf8)) }

  /// Brings the bytes to the disk, then gives the file its name, in place of a file that had it.
  /// - Throws: `FileError`; then whatever had the name has it still.
  public func finish() throws(FileError) {
    try settle()
    // What a killed process was about to name here is older.
    NameJournal.completeUsual(in: folder)
    try takeName()
  }

  /// Brings the bytes to the disk and closes the file: a name is worth nothing before. Nothing can be added afterwards.
  /// - Throws: `FileError`; then nothing is left of the file.
  public func settle() throws(FileError) {
    guard descriptor >= 0 else { return }
    var failure = fsync(descriptor) == 0 ? 0 : errno
    if close(descriptor) != 0, failure == 0 { failure = errno }
    descriptor = -1
    guard failure == 0 else {
      discard()
      throw .system(path, .write, failure)
    }
  }

  /// Gives settled files their names: all of them, or none. Where the process is killed in between, `completeNames` of their
  /// folders gives the others theirs.
  /// - Throws: `FileError` of the file that cannot have its name; then files that had these names have them still.
  public static func takeNames(_ files: [NewFile]) throws(FileError) {
    var named: [NewFile] = []
    let journals = try NameJournal.begin(files)
    defer { for journal in journals { journal.remove() } }
    defer { for file in files { unlinkat(file.folder.descriptor, file.formerName, 0) } }
    for file in files {
      file.keepFormer()
      do {
        try file.takeName()
        named.append(file)
      } catch {
        for file in named.reversed() + [file] { file.giveBack() }
        throw error
      }
    }
  }

  func takeName() throws(FileError) {
    guard renameat(folder.descriptor, partialName, folder.descriptor, name) == 0 else {
      let failure = errno
      discard()
      throw .system(path, .write, failure)
    }
    isNamed = true
  }

  /// Gives the file the first of some names that nothing has. Where all are taken, or the file system knows no second names,
  /// it gets its own.
  /// - Returns: the name that it has.
  func takeName(orFreeOf names: [String]) throws(FileError) -> String {
    for free in names where linkat(folder.descriptor, partialName, folder.descriptor, free, 0) == 0 {
      unlinkat(folder.descriptor, partialName, 0)
      isNamed = true
      return free
    }
    try takeName()
    return name
  }

  /// A second name for a file that has the name, so that it can come back; some file systems know no second names.
  func keepFormer() {
    guard (try? folder.kind(of: name)) == .file else { return }
    let descriptor = folder.descriptor
    if linkat(descriptor, name, descriptor, formerName, 0) != 0 { renameat(descriptor, name, descriptor, formerName) }
  }

  /// The name goes back to what had it.
  private func giveBack() {
    let descriptor = folder.descriptor
    if renameat(descriptor, formerName, descriptor, name) != 0, isNamed { unlinkat(descriptor, name, 0) }
  }

  private func discard() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
    if !isNamed { unlinkat(folder.descriptor, partialName, 0) }
  }
}
