import Checkpoints
import Formatting
import Foundation
import Pipelines

/// Finds models by what a file or a command line calls them, and tells their contents apart.
public enum ModelSource {
  /// The folder of a bundled name, or of a path.
  /// - Parameter base: the folder that a relative path starts from.
  /// - Throws: `ExperimentError` if it is neither: the bundled names and the nearest of them.
  public static func folder(named name: String, from base: URL) throws -> ModelFolder {
    if let bundled = BundledModels.url(of: name) { return try ModelFolder(bundled) }
    let url = (name.hasPrefix("/") ? URL(filePath: name) : base.appending(path: name)).standardizedFileURL
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue {
      return try ModelFolder(url)
    }
    let near = nearestName(to: name, in: BundledModels.names).map { "; did you mean \"\($0)\"?" } ?? ";"
    throw ExperimentError(
      "model \"\(name)\" is neither a bundled model nor a folder\(near) bundled: "
        + BundledModels.names.joined(separator: ", ")
        + "; a folder in the diffusers layout is given by its path, looked for at \(url.path)")
  }

  /// SHA-256, in hexadecimal, over names and contents of the files that decide what a model computes; that of a large model
  /// is kept in the user's folder of caches.
  /// - Throws: as `ContentHash`.
  public static func hash(_ folder: ModelFolder) throws -> String { try folder.contentHash(cache: .user()) }

  /// The same of files in their order, each with the name of its folder; nothing is kept.
  /// - Throws: as `ContentHash`.
  package static func hash(_ files: [URL]) throws -> String { try ContentHash.hash(files) }
}
