import ArgumentParser
import AttentionStore
import Exporting
import Files
import Formatting
import Foundation
import Measures
import Results
import Tensors

struct RateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rate",
    abstract: "Have pictures rated without their prompts, and hold the answers against the scene reader's.",
    discussion: """
      With --out it draws pictures by lot and writes a folder: rate.html, which asks in a browser what each picture \
      shows and saves the answers; answers.csv, the same table to be filled in with an editor; and the pictures. \
      Nothing in the folder tells a prompt. An answer names things of the model's world as prompts do, as \
      "a red car and a blue cup", or is "nothing".

      With --answers it checks a filled-in table and keeps it as ratings.csv of the results. --rater says who \
      answered, a person or which model; a rater's second answer to a picture replaces the first. `attnlab run` then \
      takes the metrics rated_object_present and rated_binding_right, if the experiment file names them; it computes \
      nothing else again.

      With neither it says how often raters and scene reader agree, by intervention. Kappa is the agreement beyond \
      chance. Rate before you look at the scene reader's answers.

      Examples:
        attnlab rate judge-check --out rating --count 200
        attnlab rate judge-check --answers answers.csv --rater "Jane Doe, person"
        attnlab run Experiments/judge-check/experiment.yaml
        attnlab rate judge-check
      """)

  @Argument(
    help: ArgumentHelp("An experiment below the results folder, or its own folder.", valueName: "name-or-folder"),
    completion: .results)
  var experiment: String

  @OptionGroup var resultsOption: ResultsOption

  @Option(
    name: .long, help: ArgumentHelp("A folder to write the sheet to.", valueName: "folder"), completion: .directory)
  var out: String?

  @Option(name: .long, help: ArgumentHelp("Pictures on the sheet, 1 to 10000. (default: 200)", valueName: "number"))
  var count: Int?

  @Option(
    name: .long, help: ArgumentHelp("Seed of the draw of pictures. (default: 1)", valueName: "n"),
    transform: seedOption)
  var seed: Seed?

  @Option(
    name: .long, help: ArgumentHelp("A table with answers.", valueName: "answers.csv"),
    completion: .file(extensions: ["csv"]))
  var answers: String?

  @Option(
    name: .long, help: ArgumentHelp("Who answered, and whether a person or a model.", valueName: "name"))
  var rater: String?

  @OptionGroup var instrumentOptions: InstrumentOptions
  @OptionGroup var output: JSONOption

  func validate() throws {
    var problems: [String] = []
    if out != nil, answers != nil { problems.append("--out and --answers: make a sheet first, then read its answers") }
    if let count, !(1...10_000).contains(count) {
      problems.append("--count: \(count) is not allowed; it is 1 to 10000")
    }
    for (name, isGiven) in [("--count", count != nil), ("--seed", seed != nil)] where isGiven && out == nil {
      problems.append("\(name): goes with --out")
    }
    if (answers == nil) != (rater == nil) {
      problems.append(answers == nil ? "--rater: goes with --answers" : "--answers: say with --rater who answered")
    }
    if let rater, rater.trimmingCharacters(in: .whitespaces).isEmpty || rater != printable(rater) || rater.count > 200 {
      problems.append("--rater: expected a name of 1 to 200 printable characters")
    }
    guard problems.isEmpty else { throw ValidationError(problems.joined(separator: "\nerror: ")) }
  }

  func run() throws {
    let folder = try resultsOption.folder(experiment)
    let store = try AttentionStore.open(folder.database, mode: .readOnly)
    defer { try? store.close() }
    let results = try StoredResults(results: folder, store: store)
    let words = try Instruments(instrumentOptions.folders).sceneWords()
    if let out { return try writeSheet(results, fileURL(out), words) }
    if let answers, let rater { return try keep(fileURL(answers), of: rater, results, words) }
    try report(results)
  }

  private func writeSheet(_ results: StoredResults, _ folder: URL, _ words: SceneVocabulary) throws {
    if let problem = OutputPlace.problem(folder: folder) { throw CommandError("--out: \(problem)") }
    let sheet = RatingSheet(results, count: count ?? 200, seed: seed?.value ?? 1, words: words)
    guard !sheet.runs.isEmpty else {
      throw CommandError("\(results.results.name): no finished run has a picture; `attnlab run` makes them")
    }
    var files = OutputFiles()
    for (path, bytes) in sheet.files { files.add(folder.appending(path: path), bytes: bytes) }
    try files.commit()
    let page = folder.appending(path: RatingSheet.page).path
    if output.json { return try StandardOutput.write(json: ["page": page, "pictures": "\(sheet.runs.count)"]) }
    try StandardOutput.write(
      "wrote \(counted(sheet.runs.count, "picture")); open \(page) in a browser, or fill in "
        + "\(folder.appending(path: RatingSheet.answers).path)\n")
  }

  private func keep(_ table: URL, of rater: String, _ results: StoredResults, _ words: SceneVocabulary) throws {
    let rows = try RatingsFile.rows(OpenFile(table), header: RatingSheet.header)
    let folder = try results.results.openForWriting()
    var ratings = try RatingsFile(in: folder)
    let count = try ratings.add(
      rows, rater: rater.trimmingCharacters(in: .whitespaces), words: words,
      known: Set(results.present.map(\.stored.run.hash)), place: table.path)
    try folder.write(ratings.data, to: RatingsFile.name)
    if output.json { return try StandardOutput.write(json: ["answers": count]) }
    try StandardOutput.write(
      "kept \(counted(count, "answer")) in \(results.results.ratings.path)\n"
        + "`attnlab run` takes rated_object_present and rated_binding_right, if the file's metrics name them\n")
  }

  private func report(_ results: StoredResults) throws {
    let found = Metric.judgedAndRated.flatMap { MetricAgreement.all($0.judged, $0.rated, in: results) }
    if output.json { return try StandardOutput.write(json: found) }
    guard !found.isEmpty else {
      throw CommandError(
        "\(results.results.name): no picture has both a rater's answer and the scene reader's. Make a sheet with --out, "
          + "keep its answers with --answers, name rated_object_present, rated_binding_right, object_present and "
          + "binding_right under `metrics` of the experiment file, and run it")
    }
    var table = TextTable(
      ["metric", "intervention", "n", "reader", "rater", "agree", "kappa"], right: [2, 3, 4, 5, 6])
    for entry in found {
      table.add([
        entry.first, entry.intervention ?? "all", "\(entry.count)", percent(entry.firstShare),
        percent(entry.secondShare), percent(entry.agreement),
        entry.kappa.map { String(format: "%.2f", $0) } ?? "",
      ])
    }
    try StandardOutput.write(table.text)
  }

  private func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }
}
