import ArgumentParser
import AttentionStore
import ExperimentFiles
import Formatting
import Foundation
import MapProbes
import Reporting
import Results

struct FiguresCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "figures",
    abstract: "Write the report of an experiment again: figures, tables and report.md.",
    discussion: """
      Everything comes from the database and the pictures of the runs; no model is loaded and no run is computed \
      again. The report describes the plan that was begun last, and a note counts the stored runs of other plans. \
      The same results give the same bytes. Figures and tables that this experiment no longer has are removed; other \
      files stay.

      With --only, attnlab draws figures of the kinds that you name and touches nothing else. You may name kinds \
      that the experiment file does not ask for; the next whole report removes them.

      Examples:
        attnlab figures first-look
        attnlab figures Results/first-look --only side_by_side,word_heatmaps
      """)

  @Argument(
    help: ArgumentHelp("An experiment below the results folder, or its own folder.", valueName: "name-or-folder"),
    completion: .results)
  var experiment: String

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Kinds of figures, between commas: \(FigureName.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "kinds"),
    transform: figureNames)
  var only: [FigureName]?

  @OptionGroup var resultsOption: ResultsOption
  @OptionGroup var output: JSONOption

  func run() throws {
    let results = try resultsOption.folder(experiment)
    if let problem = OutputPlace.problem(folder: results.url) { throw CommandError(problem) }
    let store = try AttentionStore.open(results.database, mode: .readOnly)
    defer { try? store.close() }
    let (files, omitted) =
      try only.map { try ExperimentReport.writeFigures(results: results, store: store, only: $0) }
      ?? (
        ExperimentReport.write(
          results: results, store: store,
          findings: ProbeFindings(StoredResults(results: results, store: store).spec, store: store)), []
      )
    noteOtherRuns(try store.countOfOtherRuns(), of: results.name)
    for note in omitted { StandardError.write("note: \(printable(note))\n") }
    if output.json { return try StandardOutput.write(json: ["files": files.map(\.path)]) }
    try StandardOutput.write(files.map { "wrote \($0.path)\n" }.joined())
  }
}

/// Reads names of figures between commas.
/// - Throws: `ValidationError` that lists the names there are.
func figureNames(_ text: String) throws -> [FigureName] {
  try text.split(separator: ",", omittingEmptySubsequences: false).map { name in
    guard let figure = FigureName(rawValue: String(name)) else {
      let known = FigureName.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("there is no figure \"\(printable(String(name)))\"; there are \(known)")
    }
    return figure
  }
}
