import Attention
import AttentionStore
import ExperimentSupport
import Foundation
import Results
import TestSupport
import Testing

/// Every quantity from the experiment file to the database.
@Suite struct RecordedQuantityTests {
  private static let overrides = [
    """
    record=[
      { name: queries, of: queries, sites: "*:7", heads: all, steps: [0] },
      { name: keys, of: keys, sites: "*:7", heads: all, steps: [0], tokens: words },
      { name: values, of: values, sites: "cross:7", heads: all, steps: [0], branch: both, dtype: fp16 },
      { name: scores, of: scores, sites: "cross:7", heads: all, steps: [0] },
      { name: probabilities, sites: "cross:7", heads: all, steps: [0] },
      { name: ratios, of: log_ratio, sites: "cross:7", heads: all, steps: [0], tokens: [car] },
      { name: output, of: output, sites: "*:7", steps: [0] }
    ]
    """, "interventions={ none: [], swap: [{ op: replace, sites: \"cross:7\" }] }", "generate.num_inference_steps=1",
    "metrics=[]",
  ]

  @Test func quantitiesAreStoredAsPlanned() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let plan = try SmallExperiment.plan(Self.overrides)
      try SmallExperiment.run(folder, Self.overrides)
      try SmallExperiment.withStore(folder) { (store) throws -> Void in
        #expect(try store.mapCount() == plan.mapCount && store.bytesStored() == plan.mapBytes)
        #expect(try store.integrityCheck() == [])
        #expect(
          try store.records().map { "\($0.record.name) \($0.record.quantity.rawValue)" } == [
            "queries queries", "keys keys", "values values", "scores scores", "probabilities probabilities",
            "ratios log_ratio", "output output",
          ])
        #expect(try store.mapCount(MapFilter(quantities: [.output])) == 2 * 3)
        let runs = try store.runs()
        let source = try #require(runs.first { $0.run.intervention == "source" })
        let swap = try #require(runs.first { $0.run.intervention == "swap" })
        func maps(_ record: String, _ run: StoredRun) throws -> [[Float]] {
          try store.maps(MapFilter(runs: [run.id], records: [record])).map(\.values)
        }
        // Replaced probabilities are the source's; the scores before them are the target's own.
        #expect(try maps("probabilities", swap) == maps("probabilities", source))
        #expect(try maps("scores", swap) != maps("scores", source))
        // "car" stands at position 3.
        for (ratios, p) in zip(try maps("ratios", source), try maps("probabilities", source)) {
          for (query, ratio) in ratios.enumerated() {
            #expect(abs(ratio - log(p[query * 77 + 3] / p[query * 77])) < 1e-4)
          }
        }
        // The prompts differ in one word, which comes before the last: keys of the first are the same.
        let keys = try #require(try store.records().first { $0.record.name == "keys" })
        #expect(try store.recordKeys(of: keys.id, for: source.run.prompt).map(\.label) == ["a", "red", "car"])
        let queries = try #require(try store.records().first { $0.record.name == "queries" })
        #expect(try store.recordKeys(of: queries.id, for: source.run.prompt).isEmpty)
        // Metrics and views of maps take probabilities, wherever they stand in the file.
        #expect(try GatheredWords.all(of: source, in: store).map(\.label) == ["a", "red", "car"])
      }
      let report = try String(contentsOf: folder.appending(path: "small/report.md"), encoding: .utf8)
      #expect(report.contains("| name | of | sites |") && report.contains("| ratios | `log_ratio` |"))
    }
  }
}
