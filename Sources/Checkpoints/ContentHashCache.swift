import Files
import Foundation

/// A folder of hashes of files that were read before.
///
/// One small text a set of files: their path, device, inode, length and times, then their hash, then a hash of the text
/// itself. It is taken only where it is, byte for byte, what would be written now; anything else, as a file that was changed or
/// a damaged text, is as if nothing had been kept. A folder that cannot be written costs time and nothing else.
public struct ContentHashCache: Sendable {
  /// Where the texts are; it need not exist.
  public let folder: URL

  /// A clock of a file system may stand still for a moment: what was changed so shortly before it was read may have been
  /// changed again without another time. In nanoseconds.
  static let settled = 2_000_000_000

  public init(folder: URL) { self.folder = folder }

  /// `attnlab/content-hashes` in the user's folder of caches: `XDG_CACHE_HOME`, or `~/.cache`.
  /// - Returns: nil where the environment names no such folder.
  /// - Source: the XDG Base Directory Specification, which has relative paths ignored.
  public static func user(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> ContentHashCache? {
    let places = [environment["XDG_CACHE_HOME"], environment["HOME"].map { "\($0)/.cache" }]
    guard let place = places.compactMap(\.self).first(where: { $0.hasPrefix("/") }) else { return nil }
    return ContentHashCache(folder: URL(filePath: place).appending(path: "attnlab/content-hashes"))
  }

  /// The hash that was kept of these files; nil if none was, or one of them is another file since.
  func hash(of files: [FileState]) -> String? {
    let beginning = Self.text(files)
    let length = Self.whole(beginning, String(repeating: "0", count: 64)).count
    guard let file = try? OpenFolder(folder).file(name(files)), file.size == length, let kept = try? file.data(),
      kept.count == length
    else { return nil }
    let hash = String(decoding: kept.dropFirst(beginning.utf8.count).prefix(64), as: UTF8.self)
    return kept == Self.whole(beginning, hash) ? hash : nil
  }

  /// Keeps a hash, unless a file was changed just before it was read; a failure is no matter.
  /// - Parameter start: when the files were first looked at, in nanoseconds since 1970.
  func keep(_ hash: String, of files: [FileState], readFrom start: Int) {
    guard files.allSatisfy({ max($0.modified, $0.changed) < start - Self.settled }) else { return }
    try? OpenFolder.make(folder).write(Self.whole(Self.text(files), hash), to: name(files))
  }

  /// In nanoseconds since 1970.
  static var now: Int { Int(Date().timeIntervalSince1970 * 1e9) }

  private func name(_ files: [FileState]) -> String {
    SHA256.hash(Data(files.map(\.path).joined(separator: "\n").utf8)) + ".txt"
  }

  /// Everything but the hashes.
  private static func text(_ files: [FileState]) -> String {
    "attnlab content hash 1\n"
      + files.map { file in
        // A path can hold anything but a zero byte: its length says where it ends.
        "\(file.device) \(file.inode) \(file.size) \(file.modified) \(file.changed) \(file.path.utf8.count) \(file.path)\n"
      }.joined()
  }

  private static func whole(_ beginning: String, _ hash: String) -> Data {
    let text = Data("\(beginning)\(hash)\n".utf8)
    return text + Data("\(SHA256.hash(text))\n".utf8)
  }
}
