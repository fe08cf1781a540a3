import Foundation

/// Files that are read or written whole, or not at all.
enum WholeFile {
  /// A folder cannot be read, and a pipe could keep the reader waiting for ever.
  static func requireReadable(_ path: String) throws {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw PlottingError(.file, path, ["cannot be opened: \(reason(errno))"])
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw PlottingError(.file, path, ["expected a file, found a folder or a device"])
    }
    guard access(path, R_OK) == 0 else {
      throw PlottingError(.file, path, ["cannot be read: \(reason(errno))"])
    }
  }

  /// Writes bytes into a new file in the same folder and renames it, so that no reader sees half a file.
  static func replace(_ url: URL, with bytes: [UInt8]) throws {
    let path = url.path
    let temporary = url.deletingLastPathComponent()
      .appendingPathComponent(".\(url.lastPathComponent).\(UUID().uuidString).part").path
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard file >= 0 else {
      throw PlottingError(
        .file, path, ["cannot be written: \(reason(errno))"],
        advice: "The folder has to exist and to allow new files")
    }
    var failure = writeAll(bytes, to: file)
    if failure == 0, fsync(file) != 0 { failure = errno }
    if close(file) != 0, failure == 0 { failure = errno }
    if failure == 0, rename(temporary, path) != 0 { failure = errno }
    guard failure == 0 else {
      unlink(temporary)
      throw PlottingError(.file, path, ["cannot be written: \(reason(failure))"])
    }
  }

  /// - Returns: 0, or the error number.
  private static func writeAll(_ bytes: [UInt8], to file: Int32) -> Int32 {
    bytes.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        let written = write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if written > 0 {
          rest = rest.dropFirst(written)
        } else if errno != EINTR {
          return errno
        }
      }
      return 0
    }
  }

  private static func reason(_ number: Int32) -> String { String(cString: strerror(number)) }
}
