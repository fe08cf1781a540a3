import ArgumentParser
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

  func run() throws {
    guard OutputPlace.isFolder(resultsOption.root) || resultsOption.results == "Results" else {
      throw UsageError("--results: there is no folder \(resultsOption.root.path)")
    }
    let entries = ResultsFolder.all(in: resultsOption.root).map(ResultsEntry.init)
    if output.json {
      try StandardOutput.write(json: entries)
    } else if entries.isEmpty {
      try StandardOutput.write("no results in \(resultsOption.results)\n")
    } else {
      try StandardOutput.write(entries.table)
    }
    let problems = entries.compactMap(\.problem)
    if !problems.isEmpty { throw CommandError(problems.joined(separator: "\nerror: ")) }
  }
}
