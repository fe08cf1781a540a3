import AttentionStore
import ExperimentSupport
import Foundation
import Results
import StoreTestSupport
import TestSupport
import Testing

/// Runs whose latents are no longer numbers, beside others that are sound.
@Suite struct BrokenRunTests {
  /// Scores so large that their softmax is not a number.
  private static let nan =
    "["
    + ["queries", "keys", "scores"].map { "{ op: scale, of: \($0), sites: \"*:1-16\", factor: 1000 }" }.joined(
      separator: ", ")
    + "]"

  private static func overrides(_ broken: String, steps: Int = 2) -> [String] {
    [
      "generate={ pairs: [{ source: a red car, target: a blue car }], seeds: [1, 2], num_inference_steps: \(steps), "
        + "height: 64, width: 64, scheduler: ddim }",
      "record=[{ name: words, sites: \"cross:mid\" }]", "metrics=[psnr]", "figures=[side_by_side]",
      "interventions={ none: [], broken: \(broken), mild: [{ op: scale, sites: \"cross:*\", words: [car], factor: 2 }] }",
    ]
  }

  private struct Stored {
    let status: [String: RunStatus]
    let errors: [String?]
    /// Of the run's maps, with the hash of its picture.
    let bits: [String: [Data]]

    init(_ folder: URL) throws {
      let store = try AttentionStore.open(folder.appending(path: "small/small.sqlite"), mode: .readOnly)
      defer { try? store.close() }
      let runs = try store.runs()
      func name(_ run: StoredRun) -> String { "\(run.run.intervention) \(run.run.seed)" }
      status = Dictionary(uniqueKeysWithValues: runs.map { (name($0), $0.status) })
      errors = runs.map(\.error)
      bits = Dictionary(
        uniqueKeysWithValues: try runs.map { run in
          let latents = try store.artifacts(run.id).filter { $0.kind == "latents" }
          let values = try latents.map {
            // The header holds the run's hash, which differs.
            Data(try Data(contentsOf: folder.appending(path: "small/\($0.path)")).suffix(4 * 8 * 8 * 4))
          }
          return (name(run), values + (try store.maps(MapFilter(runs: [run.id])).map(\.data)))
        })
      #expect(try store.integrityCheck() == [])
    }
  }

  @Test func aBrokenLaneTakesNoOtherWithIt() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let summary = try SmallExperiment.run(folder, Self.overrides(Self.nan))
      #expect(summary.runsMade == 6 && summary.runsKept == 0)
      #expect(summary.failed.map(\.seed) == [1, 2] && summary.failed.allSatisfy { $0.isNew })
      #expect(
        summary.failed.map(\.description)
          == [1, 2].map { seed in
            "a red car -> a blue car, seed \(seed), broken: step 0: the conditional half's output of the model is not finite "
              + "(256 of 256 values): the model's weights overflow, or an intervention broke it"
          })
      let stored = try Stored(folder)
      #expect(stored.status.values.filter { $0 == .failed }.count == 2)
      #expect(stored.status["broken 1"] == .failed && stored.status["mild 2"] == .done)
      #expect(stored.bits["broken 1"] == [])
      let report = try String(contentsOf: folder.appending(path: "small/report.md"), encoding: .utf8)
      #expect(report.contains("seed 1, broken: failed, step 0: "))
      #expect(report.contains("2 runs failed, which is final: `attnlab gc small --failed` removes them"))

      // The same batch without the break: the others have the same bits.
      try Fixtures.withTemporaryFolder { (other) throws -> Void in
        let mild = Self.overrides("[{ op: uniform, sites: \"self:1\" }]")
        #expect(try SmallExperiment.run(other, mild).failed == [])
        let sound = try Stored(other).bits
        for (name, bits) in stored.bits where !name.hasPrefix("broken") {
          #expect(bits.count == 3 && bits == sound[name], "\(name)")
        }
      }
    }
  }

  @Test func failedIsFinalUntilItIsRemoved() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let overrides = Self.overrides(Self.nan)
      try SmallExperiment.run(folder, overrides)
      let before = try StoredContents(folder.appending(path: "small/small.sqlite"))
      let again = try SmallExperiment.run(folder, overrides)
      #expect(again.stepsMade == 0 && again.runsKept == 6)
      #expect(again.failed.map(\.isNew) == [false, false])
      #expect(again.failed[0].description.hasSuffix(" (failed before; not tried again)"))
      let after = try StoredContents(folder.appending(path: "small/small.sqlite"))
      #expect(after == before)

      let results = ResultsFolder(folder.appending(path: "small"))
      let store = try AttentionStore.open(results.database, mode: .readWrite)
      let removal = try RunRemoval(RemovalSelection(failed: true), from: store, results)
      #expect(removal.selected.map(\.run.intervention) == ["broken", "broken"] && removal.others == [])
      try removal.apply(to: store)
      try store.close()
      let tried = try SmallExperiment.run(folder, overrides)
      #expect(tried.runsKept == 6 && tried.runsMade == 0 && tried.failed.allSatisfy { $0.isNew })
    }
  }

  /// The source breaks in a step: targets that take attention from it then or later fail with it, the others go on.
  @Test func targetsOfABrokenSourceFailWithIt() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let mean = "[{ op: dataset_mean, of: queries, sites: \"self:1\", prompts: [a dog], seeds: [1] }]"
      let plan = try SmallExperiment.plan(
        Self.overrides(mean) + ["interventions.mild=[{ op: replace, sites: \"self:2\" }]"])
      let attention = try plan.attention(of: plan.groups[0])
      // Runs: source, none, broken, mild; the reference of the mean is the fifth element.
      #expect(attention.takers(from: 0, step: 0) == [3])
      #expect(attention.takers(from: 4, step: 1) == [2])
      #expect(attention.takers(from: 1, step: 0) == [])
      let early = try SmallExperiment.plan(
        Self.overrides("[]") + ["interventions.mild=[{ op: replace, sites: \"cross:2\", steps: [0] }]"])
      let taken = try early.attention(of: early.groups[0])
      #expect(taken.takers(from: 0, step: 0) == [3] && taken.takers(from: 0, step: 1) == [])
    }
  }
}
