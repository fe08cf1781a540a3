import Foundation

/// Files that a command writes together: all of them, or none.
struct OutputFiles {
  private var files: [(url: URL, write: (URL) throws -> Void)] = []

  /// - Parameter write: given the place of a temporary file beside the final one.
  mutating func add(_ url: URL, write: @escaping (URL) throws -> Void) { files.append((url, write)) }

  mutating func add(_ url: URL, bytes: [UInt8]) {
    add(url) { try Data(bytes).write(to: $0) }
  }

  /// Writes everything beside its place, then gives all files their names. Folders that are missing are made.
  /// - Throws: `CommandError` with the file that could not be written; then no new file and no folder is left, and files
  ///   that were there before are as they were.
  func commit() throws {
    var staged: [Staged] = []
    var made: [URL] = []
    do {
      for (url, write) in files {
        made += try Self.makeFolder(url.deletingLastPathComponent())
        let file = Staged(url)
        staged.append(file)
        do {
          try write(file.temporary)
          try file.sync()
        } catch {
          throw CommandError("\(url.path): cannot be written (\(plainText(of: error)))")
        }
      }
      // Ctrl-C between two names would leave one file without the other.
      try HeldSignals.during {
        var named: [Staged] = []
        do {
          for file in staged {
            try file.takeName()
            named.append(file)
          }
        } catch {
          for file in named.reversed() { file.giveBack() }
          throw error
        }
      }
    } catch {
      for file in staged { file.clear() }
      for folder in made.reversed() { rmdir(folder.path) }
      throw error
    }
    for file in staged { file.clear() }
  }

  /// - Returns: The folders that were missing, the outermost first.
  private static func makeFolder(_ folder: URL) throws -> [URL] {
    guard !FileManager.default.fileExists(atPath: folder.path) else { return [] }
    let above = try makeFolder(folder.deletingLastPathComponent())
    guard mkdir(folder.path, 0o777) == 0 else {
      let reason = String(cString: strerror(errno))
      for made in above.reversed() { rmdir(made.path) }
      throw CommandError("\(folder.path): the folder cannot be made (\(reason))")
    }
    return above + [folder]
  }
}

/// A file on its way to its name.
private struct Staged {
  let final: URL
  /// What is written first.
  let temporary: URL
  /// What had the name before.
  let former: URL

  init(_ url: URL) {
    final = url
    let folder = url.deletingLastPathComponent()
    let mark = ".attnlab-\(UUID().uuidString.prefix(8))"
    temporary = folder.appending(path: "\(mark).\(url.pathExtension)")
    former = folder.appending(path: "\(mark).former")
  }

  /// Brings the file to the disk: a name is worth nothing before.
  func sync() throws {
    let descriptor = open(temporary.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
  }

  func takeName() throws {
    // A second name for what stands there, so that it can come back; some file systems know no second names.
    var status = stat()
    if lstat(final.path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, link(final.path, former.path) != 0 {
      rename(final.path, former.path)
    }
    guard rename(temporary.path, final.path) == 0 else {
      let reason = String(cString: strerror(errno))
      rename(former.path, final.path)
      throw CommandError("\(final.path): cannot be written (\(reason))")
    }
  }

  /// The name goes back to what had it.
  func giveBack() {
    if rename(former.path, final.path) != 0 { unlink(final.path) }
  }

  /// Removes what is left beside the name.
  func clear() {
    unlink(temporary.path)
    unlink(former.path)
  }
}

/// Signals that would end the process are passed over while something short is done that must not be cut in two. A mask
/// would not do: any of the process's threads may receive them.
private enum HeldSignals {
  static func during(_ body: () throws -> Void) rethrows {
    let numbers = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]
    let before = numbers.map { signal($0, SIG_IGN) }
    defer { for (number, action) in zip(numbers, before) { signal(number, action) } }
    try body()
  }
}

/// Checks made of output places before anything is computed.
enum OutputPlace {
  /// - Returns: Why a file cannot be written there, or nil. Nothing is left behind.
  static func problem(file: URL) -> String? {
    if isFolder(file) { return "\(file.path) is a folder; name a file" }
    let folder = file.deletingLastPathComponent()
    guard FileManager.default.fileExists(atPath: folder.path) else {
      return "the folder \(folder.path) does not exist; make it first, or name another place"
    }
    return refusal(of: folder)
  }

  /// - Returns: Why files cannot be written to a folder that need not exist yet, or nil. Nothing is left behind.
  static func problem(folder: URL) -> String? {
    var place = folder.standardizedFileURL
    while !FileManager.default.fileExists(atPath: place.path), place.pathComponents.count > 1 {
      place = place.deletingLastPathComponent()
    }
    return refusal(of: place)
  }

  static func isFolder(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// Makes a file and removes it: permissions alone do not tell, on read-only file systems or for root.
  private static func refusal(of folder: URL) -> String? {
    guard isFolder(folder) else { return "\(folder.path) is not a folder; name another place" }
    let probe = folder.appending(path: ".attnlab-\(UUID().uuidString.prefix(8))").path
    let descriptor = open(probe, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      let reason = String(cString: strerror(errno))
      return "\(folder.path) takes no new files (\(reason)); name another place"
    }
    close(descriptor)
    unlink(probe)
    return nil
  }
}

/// A path of the command line, from the working directory.
func fileURL(_ path: String) -> URL { URL(filePath: path).standardizedFileURL.absoluteURL }
