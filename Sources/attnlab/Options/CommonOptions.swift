import ArgumentParser
import AttentionStore
import Formatting
import Foundation
import Pipelines
import Planning
import Results

struct JSONOption: ParsableArguments {
  @Flag(name: .long, help: "Print JSON alone to standard output.")
  var json = false
}

struct ModelOption: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp("A bundled model, or a folder in the diffusers layout.", valueName: "name-or-folder"),
    completion: .directory)
  var model = BundledModels.standard

  func load() throws -> StableDiffusion { try StableDiffusion(folder: commandLineModel(model)) }
}

/// The folder of a model that the command line names.
/// - Throws: `UsageError` for a name that is neither a bundled model nor a folder.
func commandLineModel(_ name: String) throws -> ModelFolder {
  let here = URL(filePath: FileManager.default.currentDirectoryPath, directoryHint: .isDirectory)
  return try asUsage { try ModelSource.folder(named: name, from: here) }
}

extension CompletionKind {
  /// The names of results in the default folder.
  static let results = CompletionKind.custom { _, _, _ in
    ResultsFolder.all(in: folderURL(ResultsOption.standard)).map(\.name)
  }
}

struct ResultsOption: ParsableArguments {
  static let standard = "Results"

  @Option(
    name: .long, help: ArgumentHelp("The folder that holds a folder for each experiment.", valueName: "folder"),
    completion: .directory)
  var results = ResultsOption.standard

  var root: URL { folderURL(results) }

  /// The results that a reader means: a folder with a database, or a name below the results folder.
  /// - Throws: `UsageError` that lists the names there are.
  func folder(_ nameOrFolder: String) throws -> ResultsFolder {
    let candidates = [
      root.appending(path: nameOrFolder), URL(filePath: nameOrFolder, directoryHint: .isDirectory).absoluteURL,
    ]
    for url in nameOrFolder.contains("/") ? candidates.reversed() : candidates {
      let folder = ResultsFolder(url)
      if FileManager.default.fileExists(atPath: folder.database.path) { return folder }
    }
    let names = ResultsFolder.all(in: root).map(\.name)
    let known = names.isEmpty ? "\(results) holds none" : "\(results) holds \(names.joined(separator: ", "))"
    throw UsageError(
      "no results of \"\(printable(nameOrFolder))\": \(known); a folder of results is one that holds <its name>.sqlite")
  }

  /// Opens the results whose maps a command reads, those of another experiment where the file says so. What `body` finds
  /// wrong is wrong use.
  /// - Parameter out: The folder that `--out` names, which is checked first.
  func withMaps<Output>(
    of experiment: String, to out: URL, _ body: (AttentionStore, ResultsFolder) throws -> Output
  ) throws -> Output {
    let results = try folder(experiment)
    if let problem = OutputPlace.problem(folder: out) { throw CommandError("--out: \(problem)") }
    let store = try AttentionStore.open(results.database, mode: .readOnly)
    defer { try? store.close() }
    noteOtherRuns(try store.countOfOtherRuns(), of: results.name)
    let origin = try RunOrigin(of: results, store)
    return try asUsage { try body(origin.store, origin.results) }
  }
}
