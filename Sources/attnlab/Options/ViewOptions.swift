import ArgumentParser
import Attention
import AttentionStore
import Foundation
import Plotting
import Results
import Tensors

/// The run and the maps that a view is of, and where its files go.
struct ViewOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp("An experiment below the results folder, or its own folder.", valueName: "name-or-folder"),
    completion: .results)
  var experiment: String

  @Option(name: .customLong("run"), help: ArgumentHelp("The first digits of the run's hash.", valueName: "hash"))
  var runHash: String?

  @Option(name: .long, help: ArgumentHelp("A run of this seed.", valueName: "number"), transform: seedOption)
  var seed: Seed?

  @Option(name: .long, help: ArgumentHelp("A run of this prompt.", valueName: "prompt"))
  var prompt: String?

  @Option(name: .long, help: ArgumentHelp("A run under this intervention, or source.", valueName: "name"))
  var intervention: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "An entry of the experiment's record list. (default: the first that has what the view needs)", valueName: "name"))
  var record: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Attention sites, as in experiment files: cross:*, self:4-14. (default: all that were recorded)",
      valueName: "selector"),
    transform: { try SiteSelector($0) })
  var sites: SiteSelector?

  @Option(
    name: .long,
    help: ArgumentHelp("Steps from 0: 0,10,20 or 0-9 or all. (default: all that were recorded)", valueName: "steps"),
    transform: { try StepSelector($0) })
  var steps: StepSelector?

  @Option(name: .long, help: ArgumentHelp("The folder for the pictures; made if missing.", valueName: "folder"))
  var out = "maps"

  @Option(name: .long, help: ArgumentHelp("Also write the numbers as a table.", valueName: "file.csv"))
  var csv: String?

  @OptionGroup var resultsOption: ResultsOption
  @OptionGroup var output: JSONOption

  /// Opens the results, and gives them to a view whose wrong selections become wrong use.
  func with(_ body: (AttentionStore, ResultsFolder) throws -> Void) throws {
    if let csv, let problem = OutputPlace.problem(file: fileURL(csv)) { throw CommandError("--csv: \(problem)") }
    try resultsOption.withMaps(of: experiment, to: folder, body)
  }

  /// The run that is named, or the first done one of the last plan that fits.
  /// - Throws: `ExperimentError` that says what there is.
  func run(in store: AttentionStore) throws -> StoredRun {
    try RunChoice(hash: runHash, seed: seed, prompt: prompt, intervention: intervention)
      .run(in: store, of: experiment)
  }

  func request(_ run: StoredRun, words: [String]? = nil) -> MapViewRequest {
    MapViewRequest(run: run.run.hash, record: record, sites: sites, steps: steps, words: words)
  }

  private var folder: URL { folderURL(out) }

  /// Writes the pictures and the table, and prints which; with `--json` the numbers instead.
  func write(
    _ pictures: [(name: String, picture: Picture)], of runs: [StoredRun], csv table: Data, text: String,
    json: some Encodable
  ) throws {
    let texts = texts(of: runs)
    try write(
      files: pictures.map { ($0.name, try PNG.encode($0.picture, texts: texts)) }, csv: table, text: text, json: json)
  }

  /// What the files say of themselves.
  func texts(of runs: [StoredRun]) -> [PNG.Text] {
    .origin(
      prompts: runs.map(\.prompt).sorted(), seeds: runs.map(\.run.seed).sorted(), hashes: runs.map(\.run.hash))
  }

  /// The same of files that are made already.
  func write(
    files named: [(name: String, bytes: [UInt8])], csv table: Data = Data(), text: String, json: some Encodable
  ) throws {
    var files = OutputFiles()
    for (name, bytes) in named { files.add(folder.appending(path: name), bytes: bytes) }
    if let csv { files.add(fileURL(csv), bytes: Array(table)) }
    try files.commit()
    let written = named.map { folder.appending(path: $0.name).path } + [csv.map { fileURL($0).path }].compactMap { $0 }
    if output.json { return try StandardOutput.write(json: ViewOutput(files: written, result: json)) }
    try StandardOutput.write(text + written.map { "wrote \($0)\n" }.joined())
  }
}

private struct ViewOutput<Result: Encodable>: Encodable {
  let files: [String]
  let result: Result
}
