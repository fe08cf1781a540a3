import Files
import Foundation

/// SHA-256 over the names and contents of files: what tells two models apart.
///
/// Gigabytes take seconds. What was hashed once is found again by where the files are, how long they are and when they were
/// changed; see `ContentHashCache`.
public enum ContentHash {
  /// Files that are smaller in all, in bytes, are hashed anew each time.
  static let worthKeeping = 64 << 20
  /// Bytes that are read at a time.
  private static let chunk = 4 << 20

  /// The hash of files in their order, each with the name of its folder: 64 hexadecimal digits.
  ///
  /// What is hashed of a file is `folder/name`, a line break, its length in digits, a line break, and its contents. Results
  /// are found again by this hash, so that it never changes.
  /// - Parameter cache: where hashes of earlier calls are; nil: everything is read.
  /// - Throws: `CheckpointError` for a file that is missing, or a pipe or a device in its place, which would never end;
  ///   `FileError`.
  public static func hash(_ files: [URL], cache: ContentHashCache? = nil) throws -> String {
    try hash(files, cache: cache, worthKeeping: worthKeeping)
  }

  /// - Parameter worthKeeping: in bytes; fewer are hashed anew each time.
  static func hash(_ files: [URL], cache: ContentHashCache?, worthKeeping: Int) throws -> String {
    let start = ContentHashCache.now
    let before = try files.map(FileState.init)
    let cache = before.reduce(0) { $0 + $1.size } < worthKeeping ? nil : cache
    if let known = cache?.hash(of: before) { return known }
    var hasher = SHA256()
    for file in files { try update(&hasher, file) }
    let hash = hasher.finish()
    // What changed meanwhile has no hash that could be kept.
    if let cache, try files.map(FileState.init) == before { cache.keep(hash, of: before, readFrom: start) }
    return hash
  }

  private static func update(_ hasher: inout SHA256, _ url: URL) throws {
    let file = try OpenFile(url)
    hasher.update(Data("\(name(url))\n\(file.size)\n".utf8))
    for start in stride(from: 0, to: file.size, by: chunk) {
      let wanted = min(chunk, file.size - start)
      let bytes = try file.bytes(start..<(start + wanted))
      guard bytes.count == wanted else {
        throw CheckpointError(
          .init(
            file: name(url), field: "file size", found: "\(start + bytes.count) bytes while it was read",
            expected: "\(file.size): a file that nobody changes meanwhile"))
      }
      hasher.update(bytes)
    }
  }

  /// How hash and messages name a file: `unet/config.json`.
  static func name(_ url: URL) -> String { url.pathComponents.suffix(2).joined(separator: "/") }
}

/// Which file stands at a path, and when it was last changed.
struct FileState: Hashable, Sendable {
  let path: String
  let device: UInt64
  let inode: UInt64
  /// In bytes.
  let size: Int
  /// Of its contents, in nanoseconds since 1970.
  let modified: Int
  /// Of the contents, the name or the rights, in nanoseconds since 1970; nobody can set it.
  let changed: Int

  /// - Throws: `CheckpointError` unless it is a file.
  init(_ url: URL) throws(CheckpointError) {
    if let problem = irregularity(of: url, named: ContentHash.name(url)) { throw CheckpointError(problem) }
    var status = stat()
    guard stat(url.path, &status) == 0 else {
      throw CheckpointError(
        .init(file: ContentHash.name(url), field: "file", found: "absent", expected: "a readable file"))
    }
    path = url.path
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    size = Int(status.st_size)
    modified = Self.nanoseconds(status.st_mtim)
    changed = Self.nanoseconds(status.st_ctim)
  }

  private static func nanoseconds(_ time: timespec) -> Int { Int(time.tv_sec) * 1_000_000_000 + Int(time.tv_nsec) }
}
