import Foundation

/// A file that takes its name when it is whole, and is removed if it never is.
final class PartialFile {
  private let url: URL
  private let temporary: URL
  private let handle: FileHandle
  private var isFinished = false
  /// Bytes written so far.
  private(set) var count: UInt64 = 0

  init(_ url: URL) throws {
    self.url = url
    temporary = url.deletingLastPathComponent().appending(path: ".\(url.lastPathComponent).\(UUID().uuidString).part")
    try Data().write(to: temporary)
    handle = try FileHandle(forWritingTo: temporary)
  }

  deinit {
    if !isFinished {
      try? handle.close()
      try? FileManager.default.removeItem(at: temporary)
    }
  }

  func append(_ text: String) throws { try append(Data(text.utf8)) }

  func append(_ data: Data) throws {
    try handle.write(contentsOf: data)
    count += UInt64(data.count)
  }

  func finish() throws -> URL {
    try handle.close()
    isFinished = true
    guard rename(temporary.path, url.path) == 0 else {
      let reason = String(cString: strerror(errno))
      try? FileManager.default.removeItem(at: temporary)
      throw ExperimentError("\(url.path) cannot be written: \(reason)")
    }
    return url
  }
}
