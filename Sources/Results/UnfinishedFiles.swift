import AttentionStore
import Files
import Foundation

/// Files below a results folder that a process was writing when it was killed: whole files have other names.
package enum UnfinishedFiles {
  /// Their paths from the folder, in the order of names. Only folders that attnlab writes to are looked at, and no link is
  /// followed.
  /// - Throws: `FileError`.
  package static func paths(of results: ResultsFolder, in folder: OpenFolder) throws -> [String] {
    try folders(of: results, in: folder).flatMap { prefix, folder in
      try folder.unfinishedNames().map { prefix + $0 }
    }
  }

  /// Gives files that were to take their names together these names, where a process was killed in between, and removes
  /// the others. What a living process is writing stays.
  /// - Throws: `FileError`.
  package static func clear(_ results: ResultsFolder, in folder: OpenFolder) throws {
    for (_, folder) in try folders(of: results, in: folder) {
      folder.completeNames()
      try folder.removeUnfinished()
    }
  }

  /// The folder and those below it that attnlab writes to, with the beginnings of paths in them.
  private static func folders(
    of results: ResultsFolder, in folder: OpenFolder
  ) throws -> [(prefix: String, folder: OpenFolder)] {
    let runs = RunFile.runs
    var paths = [results.runs, results.figures, results.tables].map(\.lastPathComponent)
    if try folder.kind(of: runs) == .folder { paths += try folder.folder(runs).names().map { "\(runs)/\($0)" } }
    return try [("", folder)]
      + paths.filter { try folder.kind(of: $0) == .folder }.map { ("\($0)/", try folder.folder($0)) }
  }
}
