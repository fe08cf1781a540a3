import Attention
import AttentionStore
import Checkpoints
import ExperimentSupport
import Foundation
import Planning
import Results
import Tensors
import TestSupport
import Testing

/// Runs that stop early, keep the model's input, and are looked at by a random UNet or across two prompts: from the
/// experiment file to the database, the files and the report.
@Suite struct ObservingRunsTests {
  private static let stop = [
    "generate.stop_after_calls=2", "generate.num_inference_steps=4", "metrics=[]", "input_latents=[0, 1]",
    """
    record=[
      { name: own, sites: "cross:7", heads: all, steps: [1], tokens: words },
      { name: random, sites: "cross:7", heads: all, steps: [1], tokens: words, random_unet: 1 },
      { name: ratio, of: log_ratio, sites: "cross:7", steps: [0, 1], tokens: [1] }
    ]
    """, "interventions={ none: [], cross: [{ op: cross_read, sites: \"cross:*\" }] }",
  ]

  @Test func runsStopWithoutAPictureAndKeepWhatWasAsked() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let plan = try SmallExperiment.plan(Self.stop)
      let group = try #require(plan.groups.first)
      #expect(group.stepCount == 2 && !group.hasPictures && group.inputLatentSteps == [0, 1])
      let summary = try SmallExperiment.run(folder, Self.stop)
      #expect(summary.runsMade == 3 && summary.stepsMade == 2 && summary.failed.isEmpty)
      try SmallExperiment.withStore(folder) { (store) throws -> Void in
        #expect(try store.mapCount() == plan.mapCount && store.bytesStored() == plan.mapBytes)
        let runs = try store.runs()
        for run in runs {
          #expect(run.run.calls == 2)
          #expect(try store.artifacts(run.id).map(\.kind).sorted() == ["latents", "latents-000", "latents-001"])
        }
        func maps(_ record: String, _ intervention: String) throws -> [[Float]] {
          let run = try #require(runs.first { $0.run.intervention == intervention })
          return try store.maps(MapFilter(runs: [run.id], records: [record])).map(\.values)
        }
        #expect(try maps("own", "cross") != maps("own", "none") && maps("ratio", "cross") != maps("ratio", "none"))
        // "a" is the same key in both prompts: the cross-read's ratio is the source's own.
        #expect(try areClose(maps("ratio", "cross"), maps("ratio", "source")))
        // A random UNet is given what the model is given, which the cross-read does not change.
        #expect(try areClose(maps("random", "cross"), maps("random", "none")))
        #expect(try maps("random", "none") != maps("own", "none"))
        #expect(try store.records().map(\.record.isOfModel) == [true, false, true])
      }
      let small = folder.appending(path: "small")
      func latents(_ run: Int, _ name: String) throws -> Tensor {
        try SafetensorsFile(url: small.appending(path: "runs/\(group.runs[run].hash.prefix(16))/\(name).safetensors"))
          .tensor(named: "latents")
      }
      // All runs start from the same noise, and the cross-read leaves its run where `none` is.
      let noise = try SmallExperiment.model().noise(seed: 1, height: plan.height, width: plan.width).channelsFirst()
      #expect(try (0..<3).allSatisfy { try latents($0, "latents-000") == noise })
      #expect(try latents(0, "latents-001").shape == [1, 4, 16, 16])
      for name in ["latents-001", "latents"] {
        expectClose(try latents(2, name), try latents(1, name), tolerance: 1e-5, name)
      }
      #expect(try latents(0, "latents-001") != latents(1, "latents-001"))
      let report = try String(contentsOf: small.appending(path: "report.md"), encoding: .utf8)
      #expect(report.contains("asked for 3 runs that end without a picture: 1 pair"))
      #expect(report.contains("ended after 2 calls without pictures") && !report.contains("is missing"))
      #expect(report.contains("What was recorded of `cross` is a **cross-read**"))
      #expect(report.contains("| random, seed 1 |") && report.contains("never trained"))
      #expect(try SmallExperiment.run(folder, Self.stop).stepsMade == 0)

      // A file that is lost comes again.
      let lost = small.appending(path: "runs/\(group.runs[1].hash.prefix(16))/latents-001.safetensors")
      let bytes = try Data(contentsOf: lost)
      try FileManager.default.removeItem(at: lost)
      #expect(try SmallExperiment.run(folder, Self.stop).filesMade == 1)
      #expect(try Data(contentsOf: lost) == bytes)
    }
  }

  private func areClose(_ a: [[Float]], _ b: [[Float]]) -> Bool {
    a.count == b.count && zip(a.joined(), b.joined()).allSatisfy { abs($0 - $1) < 1e-5 }
  }

  /// The calls that are made are those of whole runs, bit for bit.
  @Test func theFirstCallsAreThoseOfWholeRuns() throws {
    let record = ["record=[{ name: own, sites: \"*:7\", heads: all, steps: [1] }]", "metrics=[]"]
    func values(_ overrides: [String]) throws -> [[Float]] {
      try Fixtures.withTemporaryFolder { (folder) throws -> [[Float]] in
        try SmallExperiment.run(folder, record + overrides)
        return try SmallExperiment.withStore(folder) { try $0.maps(.all).map(\.values) }
      }
    }
    #expect(try values([]) == values(["generate.stop_after_calls=2"]))
  }
}
