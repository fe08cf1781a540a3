import ArgumentParser
import Attention
import AttentionStore
import Exporting
import Formatting
import Foundation
import Results

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write what a run stored of its attention as pictures, arrays or tables.",
    discussion: """
      Sites, words, steps and heads choose among the maps that the experiment recorded; without an option all maps \
      of the run are written, as the mean over heads. `attnlab show NAME` lists the runs, and `attnlab show NAME \
      --run HASH` lists what was recorded of one run.

      Formats: png is a picture of each word or point, and npy an array [height, width, keys] of each map. npz, \
      safetensors, csv and json are one file for each record, with the names of the keys. numpy.load reads npy and \
      npz, the package safetensors reads its files for PyTorch and NumPy, and json names every axis. Pictures are \
      drawn of probabilities; scores, log ratios, queries, keys, values and outputs (`of` in the file's record list) \
      go into the other formats. Queries, keys and values have no mean over heads, so each head is written by itself.

      Examples:
        attnlab export first-look --run 3f9a --words car,red --out car-maps
        attnlab export first-look --run 3f9a --sites self:4-14 --format npy
        attnlab export first-look --run 3f9a --steps 0-9 --heads 0,1 --format csv
        attnlab export first-look --run 3f9a --sites cross:11 --format npz
        attnlab export ratios --run 3f9a --record article --heads all --format npz
      """)

  @Argument(
    help: ArgumentHelp("An experiment below the results folder, or its own folder.", valueName: "name-or-folder"),
    completion: .results)
  var experiment: String

  @Option(name: .customLong("run"), help: ArgumentHelp("The first digits of the run's hash.", valueName: "hash"))
  var runHash: String

  @Option(
    name: .long,
    help: ArgumentHelp("Attention sites, as in experiment files: cross:*, self:4-14.", valueName: "selector"),
    transform: { try SiteSelector($0) })
  var sites: SiteSelector?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Words of cross-attention, between commas: car,red or car#2, 'red car', '<end>', positions; '<edited>' and the "
        + "other names of an edit's words where the experiment recorded them.", valueName: "words"))
  var words: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Steps from 0: 0,10,20 or 0-9 or all. (default: all that were recorded)", valueName: "steps"),
    transform: stepSelector)
  var steps: StepSelector?

  @Option(
    name: .long,
    help: ArgumentHelp("mean, all, or heads from 0 between commas. (default: mean)", valueName: "heads"),
    transform: headSelector)
  var heads: MapExportRequest.Heads?

  @Option(
    name: .long,
    help: ArgumentHelp("An entry of the experiment's record list. (default: all)", valueName: "name"))
  var record: String?

  @Option(name: .long, help: "The files' format.")
  var format = MapExportRequest.Format.png

  @Option(name: .long, help: ArgumentHelp("The folder for the files; made if missing.", valueName: "folder"))
  var out = "export"

  @OptionGroup var resultsOption: ResultsOption
  @OptionGroup var output: JSONOption

  func run() throws {
    let results = try resultsOption.folder(experiment)
    let folder = URL(filePath: out, directoryHint: .isDirectory).standardizedFileURL.absoluteURL
    if let problem = OutputPlace.problem(folder: folder) { throw CommandError("--out: \(problem)") }
    let store = try AttentionStore.open(results.database, mode: .readOnly)
    defer { try? store.close() }
    noteOtherRuns(try store.countOfOtherRuns(), of: results.name)
    let origin = try RunOrigin(of: results, store)
    let files = try asUsage {
      let request = MapExportRequest(
        run: try StoredRun.find(runHash, in: origin.store).run.hash, sites: sites, words: words.map(Self.names),
        steps: steps,
        heads: heads ?? .mean, record: record, format: format)
      return try MapExport.write(store: origin.store, results: origin.results, request: request, to: folder)
    }
    if output.json { return try StandardOutput.write(json: ["files": files.map(\.path)]) }
    try StandardOutput.write(files.map { "wrote \($0.path)\n" }.joined())
  }

  /// The parts between commas; a comma can be a word itself only by its position.
  private static func names(_ text: String) -> [String] {
    text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
  }
}

extension MapExportRequest.Format: ExpressibleByArgument {}

/// Reads `all`, `0,10,20` or `0-9`, both ends taken.
/// - Throws: `SelectionError`.
func stepSelector(_ text: String) throws -> StepSelector {
  if text == "all" { return .all }
  if let steps = indices(text) { return .list(steps) }
  throw SelectionError(problem: "steps are numbers from 0 between commas, as 0,10,20, or ranges, as 0-9, or all")
}

/// Reads `mean`, `all` or `0,2,5-7`.
/// - Throws: `SelectionError`.
func headSelector(_ text: String) throws -> MapExportRequest.Heads {
  switch text {
  case "mean": return .mean
  case "all": return .all
  default:
    if let heads = indices(text) { return .indices(heads) }
    throw SelectionError(problem: "heads are mean, all, or numbers from 0 between commas, as 0,2")
  }
}

/// Numbers from 0 and ranges of them, between commas; nil if the text is anything else or names more than 100,000.
private func indices(_ text: String) -> [Int]? {
  var result: [Int] = []
  for item in text.split(separator: ",", omittingEmptySubsequences: false) {
    let ends = item.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first >= 0,
      first <= last, last < 100_000
    else { return nil }
    result += first...last
  }
  return result.count <= 100_000 ? result : nil
}
