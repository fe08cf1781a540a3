import AttentionStore
import Files
import Foundation

/// Files below a results folder that a process was writing when it was killed: whole files have other names.
package enum UnfinishedFiles {
  /// Their paths from the folder, in the order of names. Only folders that attnlab writes to are looked at, and no link is
  /// followed.
  /// - Throws: `FileError`.
  package static func paths(of results: ResultsFolder, in folder: OpenFolder) throws -> [String] {
    let runs = RunFile.runs
    var folders = [results.runs, results.figures, results.tables].map(\.lastPathComponent)
    if try folder.kind(of: runs) == .folder { folders += try folder.folder(runs).names().map { "\(runs)/\($0)" } }
    var paths = try names(in: folder)
    for path in folders where try folder.kind(of: path) == .folder {
      paths += try names(in: folder.folder(path)).map { "\(path)/\($0)" }
    }
    return paths
  }

  private static func names(in folder: OpenFolder) throws -> [String] {
    try folder.names().filter { try isUnfinished($0) && folder.kind(of: $0) == .file }
  }

  /// Whether a file has such a name.
  ///
  /// Versions before `NewFile` wrote `.picture.png.<UUID>.part`, `.latents.safetensors.<UUID>`, and Foundation's
  /// `.dat.nosync<digits>`.
  static func isUnfinished(_ name: String) -> Bool {
    if NewFile.isUnfinished(name) || name.hasPrefix(".dat.nosync") { return true }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count > 2, parts[0].isEmpty else { return false }
    return UUID(uuidString: parts[parts.count - (parts.last == "part" ? 2 : 1)]) != nil
  }
}
