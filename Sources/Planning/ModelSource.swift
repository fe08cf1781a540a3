import ExperimentFiles
import Formatting
import Foundation
import Pipelines

/// Finds models by what a file or a command line calls them.
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
    let near = nearestName(to: name, in: BundledModels.names).map { "did you mean \"\($0)\"? " } ?? ""
    throw ExperimentError(
      ExperimentFault(
        "model \"\(name)\" is neither a bundled model nor a folder",
        advice: "\(near)bundled: \(BundledModels.names.joined(separator: ", "))"
          + "; a folder in the diffusers layout is given by its path, looked for at \(url.path)"))
  }
}
