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
  /// - Throws: `CommandError` with the file that could not be written; then no file and no folder is left.
  func commit() throws {
    var staged: [(temporary: URL, final: URL)] = []
    var made: [URL] = []
    do {
      for (url, write) in files {
        made += try Self.makeFolder(url.deletingLastPathComponent())
        let temporary = url.deletingLastPathComponent()
          .appending(path: ".attnlab-\(UUID().uuidString.prefix(8)).\(url.pathExtension)")
        staged.append((temporary, url))
        do { try write(temporary) } catch {
          throw CommandError("\(url.path): cannot be written (\(plainText(of: error)))")
        }
      }
      for (temporary, final) in staged {
        guard rename(temporary.path, final.path) == 0 else {
          throw CommandError("\(final.path): cannot be written (\(String(cString: strerror(errno))))")
        }
      }
    } catch {
      for file in staged { unlink(file.temporary.path) }
      for folder in made.reversed() { rmdir(folder.path) }
      throw error
    }
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
