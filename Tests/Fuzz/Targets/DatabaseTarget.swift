import Attention
import AttentionStore
import Comparing
import Exporting
import Foundation
import GRDB
import Plotting
import Reporting
import Results

/// Databases of results: `AttentionStore` opened for reading, and everything that the commands read of it.
///
/// The first byte chooses a command, the second says what the others are: places in a small sound database and what stands
/// there instead; or values that SQL puts into its columns, without regard to types, checks and references.
struct DatabaseTarget: FuzzTarget {
  /// What is asked for beside what `list` and `show` print.
  fileprivate enum Command {
    case compare
    case export(MapExportRequest.Format)
    case remove
    case maps
    case figures
  }

  private static let commands: [Command] = [
    .compare, .export(.npy), .export(.csv), .export(.safetensors), .export(.json), .remove, .maps, .export(.png),
    .figures,
  ]

  let files: ScratchFiles
  private let sound: SoundDatabase

  init(files: ScratchFiles) {
    self.files = files
    do { sound = try SoundDatabase(files.inside("sound")) } catch { fatalError("the sound database: \(error)") }
  }

  func run(_ input: FuzzBytes) {
    var input = input
    // Before the input is used up.
    let command = input.element(Self.commands)
    let results = files.inside("small")
    let name = "small.sqlite"
    for left in ["-wal", "-shm", "-journal"] { results.remove(name + left) }
    if input.choice(2) == 0 {
      results.write(sound.patched(&input), to: name)
    } else {
      results.write(sound.untyped, to: name)
      sound.fill(results.url(name), &input)
    }
    do {
      let store = try AttentionStore.open(results.url(name), mode: .readOnly)
      defer { try? store.close() }
      let reading = StoreReading(store: store, results: ResultsFolder(results.folder), output: files.url("output"))
      reading.show()
      reading.carryOut(command)
    } catch {
      requireReadable(error)
    }
  }
}

/// What `list`, `show`, `export`, `compare`, `gc` and `figures` ask of a database.
private struct StoreReading {
  let store: AttentionStore
  let results: ResultsFolder
  let output: URL

  func show() {
    attempt { _ = try store.experiment() }
    attempt { _ = try store.statusOfRuns() }
    attempt { _ = try store.records() }
    attempt { _ = try store.sites() }
    attempt { _ = try (store.mapCount(), store.bytesStored()) }
    attempt { try readPrompts() }
    attempt { try readRuns() }
    attempt {
      try store.forEachMap { require($0.values.count == $0.height * $0.width * $0.keys, "a map fills its size") }
    }
    attempt { _ = try store.integrityCheck() }
  }

  func carryOut(_ command: DatabaseTarget.Command) {
    switch command {
    case .compare: attempt(compare)
    case .export(let format): attempt { for run in try store.runs().prefix(2) { export(run, as: format) } }
    case .remove: attempt { _ = try RunRemoval(RemovalSelection(seed: 1, olderThan: Date()), from: store, results) }
    case .maps: attempt(view)
    case .figures: attempt { _ = try ExperimentReport.write(results: results, store: store) }
    }
  }

  private func compare() throws {
    let found = try ComparableResults(results: results, store: store)
    for grouping in [nil, ComparisonRequest.Grouping.layer, .prompt] {
      let request = ComparisonRequest(
        baseline: found.interventions.first ?? "none", grouping: grouping, resamples: 20)
      attempt { _ = try Comparison([found], request) }
    }
  }

  private func view() throws {
    let runs = try store.runs().prefix(2)
    for run in runs {
      let request = MapViewRequest(run: run.run.hash)
      let point = QueryPoint(x: 0.5, y: 0.5)
      attempt { _ = try WordView(request, gridWord: "car", store: store) }
      attempt { _ = try PointView(request, point: point, store: store) }
      attempt { _ = try StatisticsView(request, store: store) }
      attempt { _ = try ComponentsView(request, store: store) }
      for other in runs {
        attempt { _ = try DifferenceView(request, second: other.run.hash, subject: .point(point), store: store) }
      }
    }
  }

  private func readPrompts() throws {
    for prompt in try store.prompts() {
      guard let tokens = try store.tokens(prompt.id) else { continue }
      for token in tokens.tokens {
        require(
          token.word.map(tokens.words.indices.contains) ?? true, "a token's word is one of the prompt's: \(tokens)")
      }
      for record in try store.records() {
        let keys = try store.recordKeys(of: record.id, for: prompt.id)
        _ = RecordedWord.all(of: tokens, in: keys)
      }
    }
  }

  private func readRuns() throws {
    _ = try store.probes()
    for run in try store.runs() {
      _ = try store.metrics(run.id)
      _ = try store.artifacts(run.id)
      _ = try store.checkpoint(groupHash: run.groupHash)
      _ = try store.mapCount(MapFilter(runs: [run.id], records: ["words"], steps: 0..<3, heads: .single))
    }
  }

  private func export(_ run: StoredRun, as format: MapExportRequest.Format) {
    // Words are asked for where pictures are drawn, single heads where a table holds all of them.
    attempt {
      let request = MapExportRequest(
        run: run.run.hash, sites: format == .png ? try SiteSelector("*:grid<=1/2") : nil,
        words: format == .png ? ["car", "1"] : nil, heads: format == .csv ? .all : .mean, format: format)
      _ = try MapExport.write(store: store, results: results, request: request, to: output)
    }
  }

  /// An error is an answer; only its text is looked at.
  private func attempt(_ body: () throws -> Void) {
    do { try body() } catch { requireReadable(error) }
  }
}
