import Checkpoints
import Files
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

  /// SHA-256, in hexadecimal, over names and contents of the files that decide what a model computes.
  /// - Throws: a file error.
  public static func hash(_ folder: ModelFolder) throws -> String { try hash(folder.contentFiles) }

  /// The same of files in their order, each with the name of its folder.
  /// - Throws: `CheckpointError` for a pipe or a device in the place of a file, which would never end; a file error.
  package static func hash(_ files: [URL]) throws -> String {
    var hasher = SHA256()
    for file in files {
      let name = file.pathComponents.suffix(2).joined(separator: "/")
      if let problem = irregularity(of: file, named: name) { throw CheckpointError(problem) }
      let data = try Data(contentsOf: file, options: .mappedIfSafe)
      hasher.update(Data("\(name)\n\(data.count)\n".utf8))
      // Mapped: a file of gigabytes never is in memory whole.
      hasher.update(data)
    }
    return hasher.finish()
  }
}
