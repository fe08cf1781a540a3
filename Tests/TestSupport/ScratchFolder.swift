import Foundation

/// A new folder of a given name that is removed with the value.
public final class ScratchFolder: Sendable {
  public let url: URL

  /// - Parameter name: of the folder itself; messages show it.
  public init(_ name: String) throws {
    url = FileManager.default.temporaryDirectory.appending(path: "attnlab-\(UUID().uuidString)/\(name)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  @discardableResult
  public func write(_ bytes: [UInt8], to name: String) throws -> URL {
    let file = url.appending(path: name)
    try Data(bytes).write(to: file)
    return file
  }

  @discardableResult
  public func write(_ text: String, to name: String) throws -> URL {
    try write(Array(text.utf8), to: name)
  }

  deinit { try? FileManager.default.removeItem(at: url.deletingLastPathComponent()) }
}
