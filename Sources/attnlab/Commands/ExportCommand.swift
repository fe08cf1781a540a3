import ArgumentParser
import AttentionStore
import AttentionTracing
import Experimenting
import Foundation

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write stored attention maps of a run as pictures, NumPy arrays or tables.",
    discussion: """
      Sites, words, steps and heads choose among the maps that the experiment recorded; without an option everything of \
      the run is written. `attnlab show NAME` lists the runs, `attnlab show NAME --run HASH` what was recorded of one.

      Examples:
        attnlab export first-look --run 3f9a --sites 'cross:*' --words car,red --steps 0-9 --out car-maps
        attnlab export first-look --run 3f9a --sites self:4-14 --format npy
        attnlab export Results/first-look --run 3f9a --steps 0,15,29 --heads 0,1 --format csv
      """)

  @Argument(
    help: ArgumentHelp("An experiment below the results folder, or its own folder.", valueName: "name-or-folder"))
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
    help: ArgumentHelp("Words of cross-attention, between commas: car,red or car#2 or <end>.", valueName: "words"),
    transform: wordNames)
  var words: [TokenName]?

  @Option(
    name: .long, help: ArgumentHelp("Steps from 0: 0,10,20 or 0-9 or all.", valueName: "steps"),
    transform: stepSelector)
  var steps: StepSelector = .all

  @Option(
    name: .long,
    help: ArgumentHelp("mean, all, or heads from 0 between commas. (default: as recorded)", valueName: "heads"),
    transform: headSelector)
  var heads: HeadSelector?

  @Option(name: .long, help: "The files' format.")
  var format = ExportFormat.png

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
    let stored = try StoredRun.find(runHash, in: store)
    if let sites { try check("--sites", { try sites.resolve(store.sites().map(\.site)) }) }
    if let words, let prompt = try store.tokens(stored.run.prompt) {
      try check("--words", { try words.map { try $0.positions(in: prompt) } })
    }
    let files = try write(stored, store, to: folder)
    if output.json { return try StandardOutput.write(json: ["files": files.map(\.path)]) }
    try StandardOutput.write(files.map { "wrote \($0.path)\n" }.joined())
  }

  private func check<T>(_ option: String, _ body: () throws -> T) throws {
    do { _ = try body() } catch let error as SelectionError { throw UsageError("\(option): \(error)") }
  }

  // TODO(wiring): the one call of the map exporter. Everything above is parsed and checked; `sites`, `words`, `steps`,
  // `heads` and `format` say what is wanted of `stored`.
  private func write(_ stored: StoredRun, _ store: AttentionStore, to folder: URL) throws -> [URL] {
    throw CommandError("export: the map exporter is not part of this build")
  }
}

/// What maps are written as.
enum ExportFormat: String, CaseIterable, ExpressibleByArgument {
  case png
  case npy
  case csv
}

/// Reads `car,red,<end>`.
/// - Throws: `SelectionError`.
func wordNames(_ text: String) throws -> [TokenName] {
  try text.split(separator: ",", omittingEmptySubsequences: false).map { try TokenName(String($0)) }
}

/// Reads `all`, `0,10,20` or `0-9`, both ends taken.
/// - Throws: `SelectionError`.
func stepSelector(_ text: String) throws -> StepSelector {
  if text == "all" { return .all }
  if let steps = indices(text) { return .list(steps) }
  throw SelectionError("steps are numbers from 0 between commas, as 0,10,20, or ranges, as 0-9, or all")
}

/// Reads `mean`, `all` or `0,2,5-7`.
/// - Throws: `SelectionError`.
func headSelector(_ text: String) throws -> HeadSelector {
  switch text {
  case "mean": return .mean
  case "all": return .single
  default:
    if let heads = indices(text) { return .list(Set(heads)) }
    throw SelectionError("heads are mean, all, or numbers from 0 between commas, as 0,2")
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
