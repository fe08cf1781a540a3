import Files
import Formatting
import Foundation

/// Files that a command writes together: all of them, or none.
package struct OutputFiles {
  private var files: [(url: URL, bytes: () throws -> Data)] = []

  package init() {}

  /// - Parameter bytes: Called when the file is written, so that one of many is in memory at a time.
  package mutating func add(_ url: URL, bytes: @escaping () throws -> Data) { files.append((url, bytes)) }

  package mutating func add(_ url: URL, bytes: [UInt8]) { add(url) { Data(bytes) } }

  /// Writes everything beside its place, then gives all files their names. Folders that are missing are made. No link is
  /// followed inside a folder of results.
  /// - Throws: `ResultsFileError` with the file that could not be written, or `FileError`; then no new file and no folder is
  ///   left, and files that were there before are as they were.
  package func commit() throws {
    let missing = Set(files.flatMap { Self.missingFolders($0.url.deletingLastPathComponent()) })
    do {
      var opened: [String: OpenFolder] = [:]
      let begun = try files.map { url, bytes in
        let file = try ResultsFolder.beginOutput(url, &opened)
        do {
          try file.append(bytes())
        } catch let error where !(error is FileError) {
          throw ResultsFileError("\(url.path): cannot be written (\(plainText(of: error)))")
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
