import Files
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
    let file: OpenFile
    do { file = try OpenFile(url) } catch { throw CheckpointError(.init(error, name)) }
    guard file.size > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let base = mmap(nil, file.size, PROT_READ, MAP_PRIVATE, file.descriptor, 0), base != MAP_FAILED else {
      let reason = String(cString: strerror(errno))
      throw CheckpointError(
        .init(
          file: name, field: "file", found: "impossible to map into memory (\(reason))", expected: "a readable file"))
    }
    bytes = UnsafeRawBufferPointer(start: base, count: file.size)
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
}

extension CheckpointError.Problem {
  /// That of a file which was not opened.
  fileprivate init(_ error: FileError, _ name: String) {
    let (found, expected) =
      switch error.reason {
      case .notAFile(let kind): (kind.text, "a file")
      case .system(ENOENT), .system(ENOTDIR): ("absent", "a readable file")
      case .system(let number): ("unreadable (\(String(cString: strerror(number))))", "a readable file")
      default: (error.problem, "a readable file")
      }
    self.init(file: name, field: "file", found: found, expected: expected)
  }
}

/// What keeps something from being read as a file: it is a folder, a pipe or a device, it is not there, or it may not be
/// read; nil if nothing does.
/// - Parameter name: how messages name the file.
public func irregularity(of url: URL, named name: String) -> CheckpointError.Problem? {
  do {
    _ = try OpenFile(url)
    return nil
  } catch {
    return CheckpointError.Problem(error, name)
  }
}

/// How messages name a file: its folder and its name, as `unet/config.json`.
func displayName(_ url: URL) -> String {
  url.standardizedFileURL.pathComponents.filter { $0 != "/" }.suffix(2).joined(separator: "/")
}
