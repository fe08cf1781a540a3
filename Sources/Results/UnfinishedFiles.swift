import AttentionStore
import Files
import Foundation

/// Files below a results folder that a process was writing when it was killed: whole files have other names.
package enum UnfinishedFiles {
  /// Their paths from the folder, in the order of names. Only folders that attnlab writes to are looked at, and no link is
  /// followed.
  /// - Throws: `FileError`.
  package static func paths(of results: ResultsFolder, in folder: OpenFolder) throws -> [String] {
    var paths: [String] = []
    try forEachFolder(of: results, in: folder) { prefix, folder in
      paths += try folder.unfinishedNames().map { prefix + $0 }
    }
    return paths
  }

  /// Gives files that were to take their names together these names, where a process was killed in between, and removes
  /// the others. What a living process is writing stays.
  /// - Throws: `FileError`.
  package static func clear(_ results: ResultsFolder, in folder: OpenFolder) throws {
    try forEachFolder(of: results, in: folder) { _, folder in
      folder.completeNames()
      try folder.removeUnfinished()
    }
  }

  /// Hands over the folder and those below it that attnlab writes to, with the beginnings of paths in them. One is open at a
  /// time: there may be more runs than a process may have files open.
  private static func forEachFolder(
    of results: ResultsFolder, in folder: OpenFolder, _ body: (_ prefix: String, _ folder: OpenFolder) throws -> Void
  ) throws {
    let runs = RunFile.runs
    var paths = results.subfolders
    if try folder.kind(of: runs) == .folder { paths += try folder.folder(runs).names().map { "\(runs)/\($0)" } }
    try body("", folder)
    for path in paths where try folder.kind(of: path) == .folder { try body("\(path)/", folder.folder(path)) }
  }
}
