import Attention
import AttentionStore
import ExperimentSupport
import Foundation
import Plotting
import Tensors
import TestSupport
import Testing

@testable import Exporting
@testable import Reporting
@testable import Results

/// A database may hold maps of two sizes where one run makes them of one: the sum of both ended the process.
@Suite struct UnequalMapsTests {
  /// Hands over results with one more run, whose two heads of a self-attention are of 2 x 3 and of 1 x 2 cells.
  private func withUnequalHeads(_ body: (SyntheticResults, StoredRun, URL) throws -> Void) throws {
    try Fixtures.withTemporaryFolder { root in
      let results = try SyntheticResults(root)
      let store = results.store
      let run = RunDescription(
        hash: String(repeating: "f", count: 64), role: .source, intervention: "none",
        prompt: try #require(store.prompts().first).id, seed: 9,
        setting: SettingDescription(
          numInferenceSteps: 3, guidanceScale: 5, scheduler: "ddim", height: 16, width: 24))
      let stored = try #require(store.beginGroup(hash: "unequal", runs: [run]).runs.first)
      let record = try #require(store.records().first { $0.record.name == "heads" }).id
      let site = try #require(store.sites().first { $0.site.kind == .selfAttention }).id
      let maps = [(2, 3), (1, 2)].enumerated().map { head, size in
        let keys = size.0 * size.1
        return MapRow(
          run: stored.id, record: record, site: site, branch: .conditional, head: head, height: size.0, width: size.1,
          keys: keys, type: .float32,
          data: MapType.float32.encode([Float](repeating: 1, count: keys * keys)))
      }
      try store.commitStep(groupHash: "unequal", step: 0, timestep: 900, state: Data(), maps: maps)
      try body(results, stored, root)
    }
  }

  @Test func theirMeanIsRefused() throws {
    try withUnequalHeads { results, run, root in
      let request = MapExportRequest(run: run.run.hash, record: "heads", format: .npy)
      #expect(throws: ShapeError("self 1", expected: "heads of 36 values", found: "4")) {
        try MapExport.write(
          store: results.store, results: results.results, request: request, to: root.appending(path: "export"))
      }
    }
  }

  @Test func viewsOfThemAreRefused() throws {
    try withUnequalHeads { results, run, _ in
      let request = MapViewRequest(run: run.run.hash, record: "heads")
      #expect(throws: ShapeError("self 1", expected: "heads of [2, 3, 6]", found: [1, 2, 2])) {
        try PointView(request, point: QueryPoint(x: 0.5, y: 0.5), store: results.store)
      }
      #expect(throws: ShapeError("self 1", expected: "heads of [2, 3, 6]", found: [1, 2, 2])) {
        try StatisticsView(request, store: results.store)
      }
    }
  }
}
