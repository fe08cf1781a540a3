import Foundation

/// The files that an input is made into, in memory where the system has `/dev/shm`.
struct ScratchFiles: Sendable {
  let folder: URL

  init(_ folder: URL) {
    self.folder = folder
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  func url(_ name: String) -> URL { folder.appending(path: name) }

  /// Writes a file anew.
  func write(_ bytes: [UInt8], to name: String) {
    let path = url(name).path
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    require(file >= 0, "\(path) can be written")
    defer { close(file) }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        Foundation.write(file, $0.baseAddress.map { $0 + written }, bytes.count - written)
      }
      require(count > 0, "\(path) takes \(bytes.count) bytes")
      written += count
    }
  }

  func remove(_ name: String) { unlink(url(name).path) }

  /// A folder within, made if it does not exist.
  func inside(_ name: String) -> ScratchFiles { ScratchFiles(url(name)) }
}
