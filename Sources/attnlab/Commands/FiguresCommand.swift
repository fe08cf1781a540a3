import ArgumentParser
import AttentionStore
import Formatting
import Foundation
import Planning
import Reporting

struct FiguresCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "figures",
    abstract: "Write the report of an experiment again: figures, tables and report.md.",
    discussion: """
      Everything comes from the database and the pictures of the runs; no model is loaded and nothing is computed anew. It is \
      of the plan that was begun last; stored runs of other plans are counted in a note. The same results give the same bytes. Figures and tables that this experiment no longer has are removed; other files stay.

      With --only figures of the kinds named are drawn and nothing else is touched. They may be of kinds that the experiment \
      file does not ask for; the next whole report has no place for those and removes them.

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
    let files =
      try only.map { try ExperimentReport.writeFigures(results: results, store: store, only: $0) }
      ?? ExperimentReport.write(results: results, store: store)
    noteOtherRuns(try store.countOfOtherRuns(), of: results.name)
    if output.json { return try StandardOutput.write(json: ["files": files.map(\.path)]) }
    if files.isEmpty { StandardError.write("note: of what is stored no such figure can be drawn\n") }
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
