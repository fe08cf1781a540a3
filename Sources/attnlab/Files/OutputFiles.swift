import Files
import Foundation
import Results

/// Files that a command writes together: all of them, or none.
struct OutputFiles {
  private var files: [(url: URL, bytes: () throws -> Data)] = []

  /// - Parameter bytes: Called when the file is written, so that one of many is in memory at a time.
  mutating func add(_ url: URL, bytes: @escaping () throws -> Data) { files.append((url, bytes)) }

  mutating func add(_ url: URL, bytes: [UInt8]) { add(url) { Data(bytes) } }

  /// Writes everything beside its place, then gives all files their names. Folders that are missing are made. No link is
  /// followed inside a folder of results.
  /// - Throws: `CommandError` with the file that could not be written, or `FileError`; then no new file and no folder is
  ///   left, and files that were there before are as they were.
  func commit() throws {
    let missing = Set(files.flatMap { Self.missingFolders($0.url.deletingLastPathComponent()) })
    do {
      let begun = try files.map { url, bytes in
        let file = try ResultsFolder.beginOutput(url)
        do {
          try file.append(bytes())
        } catch let error where !(error is FileError) {
          throw CommandError("\(url.path): cannot be written (\(plainText(of: error)))")
        }
        try file.settle()
        return file
      }
      // Ctrl-C between two names would leave one file without the other.
      try HeldSignals.during { try NewFile.takeNames(begun) }
    } catch {
      // The innermost first; one that is not empty stays.
      for folder in missing.sorted(by: { $0.count > $1.count }) { rmdir(folder) }
      throw error
    }
  }

  /// The paths of a folder and of those above it that are not there yet.
  private static func missingFolders(_ folder: URL) -> [String] {
    guard folder.pathComponents.count > 1, !FileManager.default.fileExists(atPath: folder.path) else { return [] }
    return missingFolders(folder.deletingLastPathComponent()) + [folder.path]
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
    return refusal(of: file, in: folder)
  }

  /// - Returns: Why files cannot be written to a folder that need not exist yet, or nil. Nothing is left behind.
  static func problem(folder: URL) -> String? {
    var place = folder.standardizedFileURL
    // A link is there, whether or not it leads somewhere.
    while (try? FileManager.default.attributesOfItem(atPath: place.path)) == nil, place.pathComponents.count > 1 {
      place = place.deletingLastPathComponent()
    }
    return refusal(of: place.appending(path: "attnlab-\(UUID().uuidString.prefix(8))"), in: place)
  }

  static func isFolder(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// Begins a file and drops it: permissions alone do not tell, on read-only file systems or for root.
  private static func refusal(of file: URL, in folder: URL) -> String? {
    guard isFolder(folder) else { return "\(folder.path) is not a folder; name another place" }
    do {
      _ = try ResultsFolder.beginOutput(file)
      return nil
    } catch {
      guard case .system(let number) = error.reason else { return "\(error)" }
      return "\(folder.path) takes no new files (\(String(cString: strerror(number)))); name another place"
    }
  }
}

/// A path of the command line, from the working directory.
func fileURL(_ path: String) -> URL { URL(filePath: path).standardizedFileURL.absoluteURL }
