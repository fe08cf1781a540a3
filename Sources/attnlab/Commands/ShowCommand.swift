import ArgumentParser
import AttentionStore
import Formatting
import Foundation

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show what is stored of an experiment, or of one of its runs.",
    discussion: """
      For an experiment it shows the runs of the plan that was begun last, with status and metrics, and how many \
      runs of other plans are stored. For a single run, of any plan, it shows settings, files, metrics and the \
      recorded maps.

      Examples:
        attnlab show first-look
        attnlab show Results/first-look --run 3f9a
        attnlab show first-look --json
      """)

  @Argument(
    help: ArgumentHelp("An experiment below the results folder, or its own folder.", valueName: "name-or-folder"),
    completion: .results)
  var experiment: String

  @Option(name: .customLong("run"), help: ArgumentHelp("The first digits of a run's hash.", valueName: "hash"))
  var runHash: String?

  @OptionGroup var resultsOption: ResultsOption
  @OptionGroup var output: JSONOption

  func run() throws {
    let results = try resultsOption.folder(experiment)
    let store = try AttentionStore.open(results.database, mode: .readOnly)
    defer { try? store.close() }
    if let runHash {
      let report = try RunReport(StoredRun.find(runHash, in: store), store, results)
      return try output.json ? StandardOutput.write(json: report) : StandardOutput.write(report.text)
    }
    let report = try ExperimentReportOfStore(store, results)
    try output.json ? StandardOutput.write(json: report) : StandardOutput.write(report.text)
  }
}

extension StoredRun {
  /// The run whose hash begins with some digits.
  /// - Throws: `UsageError` if there is none, or several.
  static func find(_ digits: String, in store: AttentionStore) throws -> StoredRun {
    let runs = try store.runs()
    let found = runs.filter { $0.run.hash.hasPrefix(digits.lowercased()) }
    if let run = found.first, found.count == 1, !digits.isEmpty { return run }
    let some = (found.isEmpty ? runs : found).prefix(5).map { $0.run.hash.prefix(16) }.joined(separator: ", ")
    if found.isEmpty {
      let known = runs.isEmpty ? "there are no runs" : "the runs begin with \(some)\(runs.count > 5 ? ", ..." : "")"
      throw UsageError("--run: no run begins with \"\(printable(digits))\"; \(known)")
    }
    throw UsageError("--run: \(found.count) runs begin with \"\(printable(digits))\": \(some); give more digits")
  }
}
