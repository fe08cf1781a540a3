import Foundation

/// A plain file, open for reading: never a folder, a device or a pipe, which could keep a reader waiting for ever.
public final class OpenFile: Sendable {
  /// For calls of the system and of C; closed with this value.
  public let descriptor: Int32
  /// As messages name it.
  public let path: String
  /// In bytes.
  public let size: Int
  public let modified: Date

  /// Opens a file that somebody named; links on the way are followed.
  /// - Throws: `FileError` if it is missing, no plain file, or not readable.
  public convenience init(_ url: URL) throws(FileError) {
    try self.init(at: AT_FDCWD, url.path, flags: 0, path: url.path)
  }

  /// - Parameter flags: beside those that every file is opened with.
  init(at folder: Int32, _ name: String, flags: Int32, path: String) throws(FileError) {
    // O_NONBLOCK: opening a pipe would wait for whoever writes to it. Reading a plain file is as without it.
    descriptor = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags)
    self.path = path
    var status = stat()
    let failure = descriptor < 0 || fstat(descriptor, &status) != 0 ? errno : 0
    size = Int(status.st_size)
    modified = Date(timeIntervalSince1970: Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9)
    guard failure == 0 else {
      // A socket cannot be opened at all.
      throw FileError(path, .open, failure == ENXIO ? .notAFile(found: .other) : .system(failure))
    }
    guard EntryKind(status) == .file else { throw FileError(path, .open, .notAFile(found: EntryKind(status))) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// The whole file.
  /// - Parameter limit: A larger file is refused before a byte of it is read.
  public func data(limit: Int = .max) throws(FileError) -> Data { try bytes(0..<size, limit: limit) }

  /// The bytes at some places; fewer where the file ends before them.
  /// - Throws: `FileError` if there are more than `limit`, or reading fails.
  public func bytes(_ range: Range<Int>, limit: Int = .max) throws(FileError) -> Data {
    guard range.count <= limit else { throw FileError(path, .read, .tooLarge(bytes: range.count, limit: limit)) }
    var data = Data(count: min(range.count, max(0, size - range.lowerBound)))
    var failure: Int32 = 0
    let count = data.withUnsafeMutableBytes { buffer in
      var got = 0
      while got < buffer.count {
        let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[got...])
        let read = pread(descriptor, rest.baseAddress, rest.count, off_t(range.lowerBound + got))
        if read < 0, errno == EINTR { continue }
        if read < 0 { failure = errno }
        if read <= 0 { break }
        got += read
      }
      return got
    }
    guard failure == 0 else { throw .system(path, .read, failure) }
    return data.prefix(count)
  }
}
