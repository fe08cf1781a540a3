import ArgumentParser
import AttentionStore
import Formatting
import Foundation
import Results

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the experiments that have results.",
    discussion: """
      Counts the runs of the plan that each experiment began last, and beside them the runs of other plans.

      Examples:
        attnlab list
        attnlab list --results /data/results --json
      """)

  @OptionGroup var resultsOption: ResultsOption
  @OptionGroup var output: JSONOption

  private struct Entry: Encodable {
    let name, folder: String
    var question, model: String?
    /// Of the plan that was begun last, by status.
    var runs: [String: Int] = [:]
    /// Of other plans.
    var otherRuns = 0
    var maps, bytes: Int?
    /// Why the database cannot be read.
    var problem: String?

    init(_ results: ResultsFolder) {
      name = results.name
      folder = results.url.path
      do {
        let store = try AttentionStore.open(results.database, mode: .readOnly)
        let experiment = try store.experiment()
        question = experiment?.question
        model = experiment?.model
        for status in RunStatus.allCases { runs[status.rawValue] = 0 }
        for status in try store.statusOfRuns(isPlanned: true).values { runs[status.rawValue, default: 0] += 1 }
        otherRuns = try store.countOfOtherRuns()
        maps = try store.mapCount()
        bytes = try store.bytesStored()
        try store.close()
      } catch {
        problem = "\(error)"
      }
    }

    var row: [String] {
      let total = runs.values.reduce(0, +)
      return [
        name, "\(runs["done"] ?? 0)/\(total)", otherRuns == 0 ? "" : "\(otherRuns)", maps.map(String.init) ?? "?",
        bytes.map(Readable.bytes) ?? "?",
        model ?? "?", question ?? "",
      ]
    }
  }

  func run() throws {
    guard OutputPlace.isFolder(resultsOption.root) || resultsOption.results == "Results" else {
      throw UsageError("--results: there is no folder \(resultsOption.root.path)")
    }
    let entries = ResultsFolder.all(in: resultsOption.root).map(Entry.init)
    if output.json {
      try StandardOutput.write(json: entries)
    } else if entries.isEmpty {
      try StandardOutput.write("no results in \(resultsOption.results)\n")
    } else {
      var table = Table(["name", "runs done", "others", "maps", "bytes", "model", "question"], right: [1, 2, 3, 4])
      for entry in entries { table.add(entry.row) }
      try StandardOutput.write(table.text)
    }
    let problems = entries.compactMap(\.problem)
    if !problems.isEmpty { throw CommandError(problems.joined(separator: "\nerror: ")) }
  }
}
