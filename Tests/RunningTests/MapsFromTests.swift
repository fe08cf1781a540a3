import AttentionStore
import ExperimentSupport
import Foundation
import Planning
import Reporting
import Results
import Running
import TestSupport
import Testing

/// An experiment that reads what another one recorded.
@Suite struct MapsFromTests {
  private static func generate(_ prompts: String, _ seeds: String, more: String = "") -> String {
    "generate={ prompts: \(prompts), seeds: \(seeds), num_inference_steps: 2, height: 64, width: 64, scheduler: ddim, "
      + "batch: 2\(more) }"
  }

  private static let bank = [
    generate("[a red car, a blue car, a dog]", "[1, 2]"), "interventions={ none: [] }", "metrics=[]",
    "record=[{ name: words, sites: \"cross:*\", tokens: words }]",
  ]

  /// The second prompt of a group, at one seed.
  private static let reader = [
    "name=reader", "maps_from=small", generate("[a blue car]", "[2]"), "record=[]", "interventions={ none: [] }",
    "metrics=[noun_auc, picture_right]", "figures=[word_heatmaps]",
  ]

  private func plan(_ folder: URL, _ overrides: [String], modelHash: String? = nil) throws -> ExperimentPlan {
    let hash = try modelHash ?? SmallExperiment.plan(["record=[]"]).modelHash
    let spec = try SmallExperiment.spec(overrides)
    return try ExperimentPlan.reading(spec, from: spec.mapsFrom ?? "", modelHash: hash, in: folder)
  }

  private func read(_ folder: URL, _ plan: ExperimentPlan) throws -> RunSummary {
    let results = ResultsFolder(folder.appending(path: plan.spec.name))
    let summary = try RunReader(plan: plan, results: results, progress: SilentProgress()).run()
    let store = try AttentionStore.open(results.database, mode: .readOnly)
    defer { try? store.close() }
    _ = try ExperimentReport.write(results: results, store: store)
    return summary
  }

  /// Every file of a folder with its bytes.
  private func files(_ folder: URL) throws -> [String: Data] {
    var found: [String: Data] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
      let url = folder.appending(path: path)
      if let data = try? Data(contentsOf: url) { found[path] = data }
    }
    return found
  }

  @Test func runsAreReadAndMeasuredAndNothingOfTheOtherChanges() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      try SmallExperiment.run(folder, Self.bank)
      let before = try files(folder.appending(path: "small"))
      let plan = try self.plan(folder, Self.reader)
      #expect(plan.runCount == 1 && plan.diskBytes == 1 << 20)
      #expect(plan.groups.flatMap(\.runs).map(\.key.description) == ["a blue car, seed 2, none"])
      #expect(plan.spec.record.map(\.name) == ["words"] && plan.spec.resolvedYAML().contains("record: []"))
      // What the database keeps of it is read back.
      let coded = try JSONDecoder().decode(ExperimentPlan.self, from: JSONEncoder().encode(plan))
      #expect(coded.hash == plan.hash && coded.runCount == 1)

      let summary = try read(folder, plan)
      #expect(summary.runsKept == 1 && summary.runsMade == 0 && summary.stepsMade == 0)
      #expect(try files(folder.appending(path: "small")) == before)
      let report = try String(contentsOf: folder.appending(path: "reader/report.md"), encoding: .utf8)
      #expect(
        report.contains(
          "The runs are those of the experiment `small`, and nothing was computed again; 32 attention maps"),
        "\(report.prefix(1500))")
      #expect(!report.contains("Unfinished"))
      let figures = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "reader/figures").path)
      #expect(figures.sorted() == ["word_heatmaps-1.png"])

      // The values are those that the other has of the run when it measures.
      let run = try #require(plan.groups.first?.runs.first)
      try SmallExperiment.run(folder, Self.bank + ["metrics=[noun_auc, picture_right]"])
      let expected = try SmallExperiment.withStore(folder) { store in
        try store.runs(RunFilter(hashes: [run.hash])).first.map { try store.metrics($0.id) }
      }
      let store = try AttentionStore.open(folder.appending(path: "reader/reader.sqlite"), mode: .readOnly)
      defer { try? store.close() }
      let own = try #require(try store.runs().first)
      #expect(own.run.hash == run.hash && own.status == .done)
      // A metric may say nothing, which is no number.
      let names = ["noun_auc", "picture_right"]
      let measured = try store.metrics(own.id)
      #expect(names.map { "\(measured[$0] as Any)" } == names.map { "\(expected?[$0] as Any)" })
      #expect(measured["picture_right"]?.isFinite == true, "\(measured)")
      #expect(try store.mapCount() == 0)
      // Exports and views find the maps.
      let origin = try RunOrigin(of: ResultsFolder(folder.appending(path: "reader")), store)
      let selection = try MapSelection(MapExportRequest(run: run.hash, words: ["blue"]), origin.store)
      #expect(selection.records.map(\.name) == ["words"])
    }
  }

  /// Another plan of the bank, begun since, changes nothing of what is stored of a reader; more may be asked for later.
  @Test func aReaderGoesOn() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      try SmallExperiment.run(folder, Self.bank)
      #expect(try read(folder, plan(folder, Self.reader)).runsKept == 1)
      let more = Self.reader + [Self.generate("[a dog, a blue car]", "[1, 2]")]
      #expect(try read(folder, plan(folder, more)).runsKept == 4)
      #expect(try read(folder, plan(folder, Self.reader)).otherRuns == 3)
      try SmallExperiment.run(folder, Self.bank + [Self.generate("[a cup]", "[1]")])
      let results = ResultsFolder(folder.appending(path: "reader"))
      let store = try AttentionStore.open(results.database, mode: .readOnly)
      defer { try? store.close() }
      #expect(try StoredResults(results: results, store: store).present.count == 1)
    }
  }

  @Test func whatDoesNotFitIsSaidInASentence() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      func message(_ overrides: [String], modelHash: String? = nil) -> String {
        do {
          let plan = try self.plan(folder, Self.reader + overrides, modelHash: modelHash)
          _ = try read(folder, plan)
          return "no error"
        } catch {
          return "\(error)".replacingOccurrences(of: folder.path, with: "FOLDER")
        }
      }
      #expect(
        message([])
          == "maps_from: there are no results of \"small\" (FOLDER/small/small.sqlite): run the file with that `name` "
          + "first, or name the folder that holds them with --results")
      try SmallExperiment.run(folder, Self.bank)
      #expect(
        message([], modelHash: String(repeating: "0", count: 64)).hasPrefix(
          "model: \"emoji-scenes\" (00000000) is another model than the one of \"small\", \"emoji-scenes\" ("))
      #expect(
        message([Self.generate("[a blue car, a cup]", "[2, 3]")])
          == "generate: 3 of 4 runs are not among those of \"small\", as \"a blue car, seed 3, none\"; ask for pairs, prompts "
          + "and seeds that its last plan has")
      #expect(
        message([Self.generate("[a blue car]", "[2]", more: ", guidance_scale: 3"), "interventions={ other: [] }"])
          .hasPrefix(
            "generate: the settings are not those of \"small\"; write steps, guidance, scheduler and names of settings as there\n"
              + "interventions.other: \"small\" has no intervention of this name that does the same\n"))
      // A run that was taken away.
      let plan = try self.plan(folder, Self.reader)
      let store = try AttentionStore.open(folder.appending(path: "small/small.sqlite"), mode: .readWrite)
      try store.removeRuns([#require(try store.runs(RunFilter(hashes: [plan.groups[0].runs[0].hash])).first).id])
      try store.close()
      #expect(
        message([])
          == "maps_from: 1 of the 1 runs that are read are not done in \"small\", as \"a blue car, seed 2, none\" (not begun): "
          + "run the file with that `name` first")
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "reader").path))
    }
  }
}
