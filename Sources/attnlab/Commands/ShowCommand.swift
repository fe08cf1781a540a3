import ArgumentParser
import AttentionStore
import Results

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
      let run = try asUsage { try StoredRun.find(runHash, in: store) }
      let report = try StoredRunReport(run, store, results)
      return try output.json ? StandardOutput.write(json: report) : StandardOutput.write(report.text)
    }
    let report = try StoredExperimentReport(store, results)
    try output.json ? StandardOutput.write(json: report) : StandardOutput.write(report.text)
  }
}
