import AttentionStore
import Checkpoints
import ExperimentSupport
import Foundation
import Results
import Running
import StoreTestSupport
import Tensors
import TestSupport
import Testing

/// A sweep over the steps of an intervention: what its runs have in common is computed once, and every run is whole.
@Suite struct SharedStepsTests {
  private static let base = [
    "record=[{ name: words, sites: \"cross:7\", tokens: words }]", "metrics=[]",
  ]
  private static let interventions = [
    "none: []", "from 0: [{ op: replace, sites: \"self:*\" }]",
    "from 1: [{ op: replace, sites: \"self:*\", steps: [1, 2] }]",
    "from 2: [{ op: replace, sites: \"self:*\", steps: [2] }]",
  ]

  private final class Progress: RunProgress {
    private(set) var last = (done: 0, total: 0)
    func note(_ line: String) {}
    func advanced(done: Int, total: Int, of unit: WorkUnit, work: String) { last = (done, total) }
    func finished() {}
  }

  @Test func eachRunIsWholeAndNoStepIsComputedTwice() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let all = Self.base + ["interventions={ \(Self.interventions.joined(separator: ", ")) }"]
      let plan = try SmallExperiment.plan(all)
      // A source and four runs of three steps; two and one of these steps are none's.
      #expect(plan.stepCount == 15 && plan.computedStepCount == 12)
      let progress = Progress()
      let results = ResultsFolder(folder.appending(path: "small"))
      let summary = try ExperimentRunner(
        plan: plan, model: SmallExperiment.model(), results: results, progress: progress
      ).run()
      #expect(summary.runsMade == 5 && summary.stepsMade == 3 && progress.last == (12, 12))
      let together = try latents(folder)
      #expect(Set(together.values.map(\.values)).count == 5)
      try SmallExperiment.withStore(folder) { store in
        #expect(try store.mapCount() == plan.mapCount && store.integrityCheck() == [])
        for run in try store.runs() {
          #expect(try store.maps(MapFilter(runs: [run.id])).count == 3)
          #expect(try store.artifacts(run.id).map(\.kind).sorted() == ["latents", "picture"])
        }
      }
      // Each alone with its source, where there is nothing to share, comes to the same.
      for intervention in Self.interventions {
        try Fixtures.withTemporaryFolder { (other) throws -> Void in
          let alone = Self.base + ["interventions={ \(intervention) }"]
          #expect(try SmallExperiment.plan(alone).computedStepCount == 6)
          try SmallExperiment.run(other, alone)
          for (name, found) in try latents(other) {
            expectSameInABatch(found, try #require(together[name]), tolerance: 2e-5, "\(name)")
          }
        }
      }
    }
  }

  /// By intervention, what its run ended with.
  private func latents(_ folder: URL) throws -> [String: Tensor] {
    try SmallExperiment.withStore(folder) { store in
      try Dictionary(
        uniqueKeysWithValues: store.runs().map { run in
          let latents = try #require(try store.artifacts(run.id).first { $0.kind == "latents" })
          let file = try SafetensorsFile(url: folder.appending(path: "small/\(latents.path)"))
          return (run.run.intervention, try file.tensor(named: "latents"))
        })
    }
  }
}
