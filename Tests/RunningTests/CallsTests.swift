import AttentionStore
import ExperimentSupport
import Foundation
import TestSupport
import Testing

@testable import Reporting
@testable import Results

/// A run whose model is called more often than it has steps: its last call is recorded, read, drawn and told of.
@Suite struct CallsTests {
  /// The Runge-Kutta start of PNDM: 13 calls for 4 steps.
  @Test func everyCallIsRecordedAndRead() throws {
    try Fixtures.withTemporaryFolder { folder in
      try SmallExperiment.run(
        folder,
        [
          "generate={ prompts: [a red car], seeds: [1], num_inference_steps: 4, scheduler: pndm, "
            + "scheduler_settings: { skip_prk_steps: false } }",
          "record=[{ name: words, sites: \"cross:8\", tokens: words, steps: [0, 12] }]", "predicted_clean=[12]",
          "interventions={ none: [], last: [{ op: zero, sites: \"cross:*\", steps: [12] }] }", "metrics=[psnr]",
          "figures=[word_heatmaps, predicted_clean]",
        ])
      try SmallExperiment.withStore(folder) { store in
        let runs = try store.runs()
        #expect(runs.map(\.run.setting.numInferenceSteps) == [4, 4] && runs.map(\.run.calls) == [13, 13])
        let sites = Set(try store.sites().filter { $0.site.kind == .cross }.map(\.id))
        #expect(try recordedSteps(store, run: runs[0], record: "words", sites: sites) == [0, 12])
        let last = try WordView(MapViewRequest(run: runs[0].run.hash, steps: .list([12])), store: store)
        #expect(last.steps == [12] && last.maps[0].values.contains { $0 > 0 })
        #expect {
          _ = try WordView(MapViewRequest(run: runs[0].run.hash, steps: .list([13])), store: store)
        } throws: { "\($0)".contains("13 is not a step; the run has 13, numbered 0 to 12") }
        // The last call decides what the picture becomes.
        let latents = try runs.map { run in try store.artifacts(run.id).first { $0.kind == "latents" }?.sha256 }
        #expect(latents[0] != latents[1])
      }
      let report = try String(contentsOf: folder.appending(path: "small/report.md"), encoding: .utf8)
      #expect(report.contains(", 4 steps, 13 calls of the model |"))
      #expect(report.contains("steps 0, 12") && report.contains("predicted_clean-1.png"))
    }
  }
}
