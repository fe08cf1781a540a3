import Foundation

/// A regular file mapped read only into memory.
///
/// The pages are read when they are touched. A file that another program cuts short while it is mapped makes the
/// kernel end the process: files must not change while a model loads.
///
/// `@unchecked Sendable`: the memory is never written.
final class MappedFile: @unchecked Sendable {
  private let bytes: UnsafeRawBufferPointer
  /// In bytes.
  var count: Int { bytes.count }

  /// - Throws: `CheckpointError` if there is no such file, it is not a regular file, it cannot be read, or it is a pointer
  ///   that Git LFS left in the place of a file.
  init(_ url: URL, name: String) throws(CheckpointError) {
    // O_NONBLOCK keeps a named pipe from hanging the process before it is seen to be one.
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Self.failure(name, "unreadable") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Self.failure(name, "unreadable") }
    if let problem = irregularity(status, name) { throw CheckpointError(problem) }
    let size = Int(status.st_size)
    guard size > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
      throw Self.failure(name, "impossible to map into memory")
    }
    bytes = UnsafeRawBufferPointer(start: base, count: size)
    if let pointer = GitLFSPointer(bytes) { throw pointer.error(file: name) }
  }

  /// Reads the bytes in place. The mapping lasts until `body` returns: a bare pointer would not keep it.
  func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
    defer { withExtendedLifetime(self) {} }
    return try body(bytes)
  }

  deinit {
    if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
  }

  private static func failure(_ name: String, _ found: String) -> CheckpointError {
    let code = errno
    if code == ENOENT || code == ENOTDIR {
      return CheckpointError(.init(file: name, field: "file", found: "absent", expected: "a readable file"))
    }
    return CheckpointError(
      .init(
        file: name, field: "file", found: "\(found) (\(String(cString: strerror(code))))", expected: "a readable file"))
  }
}

/// What keeps something from being read as a file: it is a folder, a pipe or a device, or it is not there; nil if nothing
/// does. It is looked at and not opened, so that a pipe cannot hold the process up.
/// - Parameter name: how messages name the file.
public func irregularity(of url: URL, named name: String) -> CheckpointError.Problem? {
  var status = stat()
  guard stat(url.path, &status) == 0 else {
    return .init(file: name, field: "file", found: "absent", expected: "a readable file")
  }
  return irregularity(status, name)
}

private func irregularity(_ status: stat, _ name: String) -> CheckpointError.Problem? {
  guard status.st_mode & S_IFMT != S_IFREG else { return nil }
  let kind = status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "a device or a pipe"
  return .init(file: name, field: "file", found: kind, expected: "a file")
}

/// How messages name a file: its folder and its name, as `unet/config.json`.
func displayName(_ url: URL) -> String {
  url.standardizedFileURL.pathComponents.filter { $0 != "/" }.suffix(2).joined(separator: "/")
}
