import ExperimentFiles
import Foundation
import Pipelines

extension ExperimentSpec {
  /// What makes this the same experiment on another model: overrides of its file, as `--set` takes them.
  ///
  /// Its results are called `<name>--<model>` for a bundled model and `<name>--<folder>-<hash>` for a folder, so that two
  /// models never share them.
  /// - Parameters:
  ///   - model: a bundled name, or a folder; a relative path begins at the working directory.
  ///   - hash: of the model's content.
  /// - Returns: none for the file's own model, called as the file calls it.
  /// - Throws: `ExperimentError` if such a name is too long for a folder of results.
  package func overrides(model: String, hash: String) throws -> [String] {
    let isBundled = BundledModels.names.contains(model)
    // The file's relative path begins at the file's folder.
    if model == self.model, isBundled || model.hasPrefix("/") { return [] }
    let last = URL(filePath: model, directoryHint: .isDirectory).standardizedFileURL.lastPathComponent
    let allowed = last.prefix(24).map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) ? $0 : "_" }
    let own = "\(name)--" + (isBundled ? model : "\(String(allowed))-\(hash.prefix(8))")
    guard own.count <= Self.longestName else {
      throw ExperimentError(
        ExperimentFault(
          "the results of \(name) on the model \(model) would be called \(own), which has \(own.count) characters",
          advice: "a name has at most \(Self.longestName); give the experiment a shorter one with --set name="))
    }
    return ["model=\(Self.quoted(model))", "name=\(Self.quoted(own))"]
  }

  /// Characters of a name of results.
  private static let longestName = 64

  /// A text as a double-quoted YAML scalar.
  private static func quoted(_ text: String) -> String {
    "\"" + text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"") + "\""
  }
}
