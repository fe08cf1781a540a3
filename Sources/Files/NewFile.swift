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

  private let folder: OpenFolder
  private let name: String
  private let partialName: String
  /// -1 once it is closed.
  private var descriptor: Int32

  /// How the name ends under which a file is written.
  private static let partialEnding = ".part"

  /// Whether a name is one that files have while they are written, as a process that was killed leaves behind.
  public static func isPartial(_ name: String) -> Bool {
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
    try folder.requireReplaceable(name)
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
    var failure = fsync(descriptor) == 0 ? 0 : errno
    if close(descriptor) != 0, failure == 0 { failure = errno }
    descriptor = -1
    if failure == 0, renameat(folder.descriptor, partialName, folder.descriptor, name) != 0 { failure = errno }
    guard failure == 0 else {
      unlinkat(folder.descriptor, partialName, 0)
      throw .system(path, .write, failure)
    }
  }

  private func discard() {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlinkat(folder.descriptor, partialName, 0)
  }
}
