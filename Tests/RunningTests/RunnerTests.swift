import Analysis
import AttentionStore
import CFaultVFS
import Checkpoints
import Comparing
import ExperimentSupport
import Foundation
import Measures
import Plotting
import Results
import Running
import StoreTestSupport
import Tensors
import TestSupport
import Testing

@Suite struct RunnerTests {
  private func contents(_ folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  @Test func aRunStoresWhatWasPlanned() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let plan = try SmallExperiment.plan()
      let summary = try SmallExperiment.run(folder)
      #expect(summary.runsMade == 4 && summary.runsKept == 0 && summary.stepsMade == 3)
      try SmallExperiment.withStore(folder) { (store) throws -> Void in
        #expect(try store.mapCount() == plan.mapCount)
        #expect(try store.bytesStored() == plan.mapBytes)
        #expect(try store.integrityCheck() == [])
        let runs = try store.runs()
        #expect(runs.map(\.status) == [.done, .done, .done, .done])
        for run in runs {
          let artifacts = try store.artifacts(run.id)
          #expect(artifacts.map(\.kind).sorted() == ["latents", "picture"])
          for artifact in artifacts {
            #expect(FileManager.default.fileExists(atPath: folder.appending(path: "small/\(artifact.path)").path))
          }
          let metrics = try store.metrics(run.id).keys.sorted()
          #expect(metrics == (run.run.role == .source ? [] : ["psnr", "ssim"]))
        }
        let checkpoint = try store.checkpoint(groupHash: plan.groups[0].hash)
        #expect(checkpoint == nil)
      }
    }
  }

  /// Claims decide nothing about a picture: with others the report alone is written again.
  @Test func otherClaimsMakeNoRunAgain() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      func claims(_ threshold: String) -> [String] {
        [
          "claims={ claims: [{ name: A, statement: It does., tests: [{ says: psnr differs, metric: psnr, of: cross swap, "
            + "above: \(threshold) }] }] }", "generate.seeds=[1, 2]", "record=[]",
        ]
      }
      #expect(try SmallExperiment.run(folder, claims("-1000")).runsMade == 8)
      let report = folder.appending(path: "small/report.md")
      let first = try String(contentsOf: report, encoding: .utf8)
      #expect(first.contains("A is **shown**"), "\(first.prefix(600))")
      let again = try SmallExperiment.run(folder, claims("1000"))
      #expect(again.runsMade == 0 && again.stepsMade == 0 && again.runsKept == 8)
      let second = try String(contentsOf: report, encoding: .utf8)
      #expect(second.contains("A is **refuted**") && !second.contains("**shown**"))
    }
  }

  @Test func aSweepOfSettingsIsMadeMeasuredAndTold() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let sweep = [
        "generate={ pairs: [{ source: a red car, target: a blue car }], seeds: [1], scheduler: ddim, "
          + "num_inference_steps: 3, sweep: { guidance_scale: [1, 5], "
          + "scheduler_settings: { leading: { timestep_spacing: leading }, trailing: { timestep_spacing: trailing } } } }",
        "record=[]", "figures=[side_by_side]",
      ]
      let summary = try SmallExperiment.run(folder, sweep)
      #expect(summary.runsMade == 16)
      #expect(try SmallExperiment.run(folder, sweep).stepsMade == 0)
      let results = ResultsFolder(folder.appending(path: "small"))
      try SmallExperiment.withStore(folder) { (store) throws -> Void in
        let runs = try store.runs()
        #expect(
          Set(runs.map { "\($0.run.setting.scheduler) \($0.run.setting.schedulerSettings)" })
            == [#"ddim {"timestep_spacing":"leading"}"#, #"ddim {"timestep_spacing":"trailing"}"#])
        let pictures = try runs.map { run in
          try store.artifacts(run.id).first { $0.kind == "picture" }?.sha256
        }
        #expect(Set(pictures).count == 16)
        let comparison = try Comparison(
          [ComparableResults(results: results, store: store)], ComparisonRequest(grouping: .settings))
        let rows = comparison.rows.filter { $0.metric == .psnr && $0.intervention == "zero" }
        #expect(
          rows.map(\.group)
            == ["1", "5"].flatMap { scale in
              ["leading", "trailing"].map { "guidance_scale=\(scale), scheduler_settings=\($0)" }
            })
        #expect(rows.allSatisfy { $0.result.count == 1 && $0.unmatched == 0 })
        let all = try Comparison([ComparableResults(results: results, store: store)], ComparisonRequest())
        #expect(all.rows.first { $0.intervention == "zero" }?.result.count == 4)
      }
      let report = try String(contentsOf: results.report, encoding: .utf8)
      #expect(report.contains("| guidance, guidance\\_scale=5, scheduler\\_settings=trailing | scale 5.0"))
      #expect(report.contains("16 pictures") && report.contains("in 4 settings"))
      let table = try String(contentsOf: results.url.appending(path: "tables/metrics.csv"), encoding: .utf8)
      #expect(table.split(separator: "\n").count == 13)
      #expect(table.contains("zero,\"guidance_scale=1, scheduler_settings=trailing\","))
    }
  }

  @Test func predictedPicturesAreLeftAndDrawn() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let asked = ["predicted_clean=[0, 2]", "figures=[predicted_clean]", "record=[]"]
      try SmallExperiment.run(folder, asked)
      let results = ResultsFolder(folder.appending(path: "small"))
      try SmallExperiment.withStore(folder) { (store) throws -> Void in
        for run in try store.runs() {
          let artifacts = try store.artifacts(run.id)
          #expect(artifacts.map(\.kind).sorted() == ["latents", "picture", "predicted-000", "predicted-002"])
          let files = Dictionary(
            uniqueKeysWithValues: artifacts.map { ($0.kind, results.url.appending(path: $0.path)) })
          let pictures = try ["predicted-000", "predicted-002", "picture"].map {
            try PNG.read(try #require(files[$0]))
          }
          // The first guess is far from the picture, the last one is the picture but for a trace of noise.
          let psnr = try pictures.map { try PictureMetrics.psnr($0, pictures[2]) }
          #expect(psnr[0] < 25 && psnr[1] > 35, "\(psnr)")
        }
      }
      #expect(try String(contentsOf: results.report, encoding: .utf8).contains("### What the model expected"))
      let figure = results.figures.appending(path: "predicted_clean-1.png")
      #expect(try PNG.read(figure).width > 256)
      #expect(try SmallExperiment.run(folder, asked).stepsMade == 0)
    }
  }

  @Test func predictedPicturesThatAreNotDrawnAreCounted() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let changed = (1...8).map { "without \($0): [{ op: zero, sites: \"cross:\($0)\" }]" }
      try SmallExperiment.run(
        folder,
        [
          "predicted_clean=[0]", "figures=[predicted_clean]", "record=[]", "generate.num_inference_steps=1",
          "generate.seeds=[1]", "interventions={ none: [], \(changed.joined(separator: ", ")) }",
        ])
      let report = try String(contentsOf: folder.appending(path: "small/report.md"), encoding: .utf8)
      // The source, and nine targets.
      #expect(report.contains("8 of 10 runs of "), "\(report)")
    }
  }

  @Test func aSecondRunComputesNothing() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      try SmallExperiment.run(folder)
      let manifest = try Data(contentsOf: folder.appending(path: "small/manifest.json"))
      let summary = try SmallExperiment.run(folder)
      #expect(summary.runsMade == 0 && summary.runsKept == 4 && summary.stepsMade == 0)
      #expect(try Data(contentsOf: folder.appending(path: "small/manifest.json")) == manifest)
      // A metric alone is measured without computing the pictures again.
      let measured = try SmallExperiment.run(folder, ["metrics=[psnr, ssim]", "question=Why?"])
      #expect(measured.stepsMade == 0)
    }
  }

  @Test func aChangedFileMakesOnlyWhatChanged() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      try SmallExperiment.run(folder)
      let more = try SmallExperiment.run(folder, ["generate.seeds=[1, 2]"])
      #expect(more.runsMade == 4 && more.runsKept == 4)
      let fewer = try SmallExperiment.run(folder, ["generate.seeds=[2]"])
      #expect(fewer.runsMade == 0 && fewer.runsKept == 4 && fewer.otherRuns == 4)
      try SmallExperiment.withStore(folder) { (store) throws -> Void in #expect(try store.runs().count == 8) }
      let left = try contents(folder.appending(path: "small/runs"))
      #expect(left.count == 8)
    }
  }

  /// What a killed run has left of a group is not built upon where it is damaged.
  @Test(arguments: [
    "state = X'00'", "state = X''", "state = substr(state, 1, 200)", "state = CAST(state || X'00' AS BLOB)",
    "state = X'62706c6973743030'", "step = 9223372036854775807", "step = -1",
  ])
  func aDamagedCheckpointIsMadeAnew(_ change: String) throws {
    final class Notes: RunProgress {
      let stop = StopSignal()
      var notes: [String] = []
      func note(_ line: String) { notes.append(line) }
      func advanced(done: Int, total: Int, of unit: WorkUnit, work: String) { stop.raise() }
      func finished() {}
    }
    let small = ["generate.height=64", "generate.width=64", "record=[{ name: words, sites: \"cross:mid\" }]"]
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let results = ResultsFolder(folder.appending(path: "small"))
      let plan = try SmallExperiment.plan(small)
      let first = Notes()
      #expect(throws: RunInterrupted.self) {
        _ = try ExperimentRunner(
          plan: plan, model: SmallExperiment.model(), results: results, progress: first, stop: first.stop
        ).run()
      }
      #expect(fault_execute(results.database.path, "UPDATE checkpoint SET \(change)") == 0)
      let second = Notes()
      let summary = try ExperimentRunner(plan: plan, model: SmallExperiment.model(), results: results, progress: second)
        .run()
      #expect(summary.stepsMade == 3 && summary.runsMade == 4)
      #expect(
        second.notes.first?.hasPrefix(
          "\(results.database.path): group \(plan.groups[0].hash.prefix(8)): its checkpoint after step ") == true
          && second.notes.first?.contains(" is damaged (") == true
          && second.notes.first?.hasSuffix("); it is made anew") == true, "\(second.notes)")
      let contents = try StoredContents(results.database)
      try Fixtures.withTemporaryFolder { (other) throws -> Void in
        try SmallExperiment.run(other, small)
        let unbroken = try StoredContents(other.appending(path: "small/small.sqlite"))
        #expect(contents == unbroken)
      }
    }
  }

  /// What an operation keeps of a call is made again where a run goes on behind it.
  @Test func aStoppedRunGoesOnWithWhatIsCached() throws {
    final class Stop: RunProgress {
      let stop = StopSignal()
      func note(_ line: String) { Issue.record("\(line)") }
      func advanced(done: Int, total: Int, of unit: WorkUnit, work: String) { stop.raise() }
      func finished() {}
    }
    let cached = [
      "generate.height=64", "generate.width=64", "record=[{ name: words, sites: \"cross:mid\", of: output }]",
      "interventions.zero=[{ op: cache, of: output, sites: \"cross:*\", steps: [1, 2], branch: both, halves: mean }]",
    ]
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let results = ResultsFolder(folder.appending(path: "small"))
      let (plan, first) = (try SmallExperiment.plan(cached), Stop())
      #expect(throws: RunInterrupted.self) {
        _ = try ExperimentRunner(
          plan: plan, model: SmallExperiment.model(), results: results, progress: first, stop: first.stop
        ).run()
      }
      let summary = try ExperimentRunner(plan: plan, model: SmallExperiment.model(), results: results, progress: Stop())
        .run()
      #expect(summary.stepsMade == 2 && summary.runsMade == 4)
      let contents = try StoredContents(results.database)
      try Fixtures.withTemporaryFolder { (other) throws -> Void in
        try SmallExperiment.run(other, cached)
        #expect(try contents == StoredContents(other.appending(path: "small/small.sqlite")))
      }
    }
  }

  @Test func swappedWithItselfARunKeepsItsLatents() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      try SmallExperiment.run(folder, ["generate.pairs.0.target=a red car", "interventions.zero=[]"])
      try SmallExperiment.withStore(folder) { (store) throws -> Void in
        let latents = try store.runs().map { run in
          let path = try #require(try store.artifacts(run.id).first { $0.kind == "latents" }?.path)
          return try SafetensorsFile(url: folder.appending(path: "small/\(path)")).tensor(named: "latents")
        }
        #expect(latents.count == 4)
        for other in latents {
          #expect(other.shape == [1, 4, 16, 16])
          expectSameInABatch(other, latents[0], tolerance: 2e-5)
        }
        for run in try store.runs().dropFirst() {
          let psnr = try #require(try store.metrics(run.id)["psnr"])
          // Rounded to bytes, no more than a pixel in a thousand is another one, by 1 of 255.
          #expect(keepsBitsInABatch() ? psnr == .infinity : psnr > 78, "\(psnr)")
        }
      }
    }
  }

  @Test func promptsWithoutAPartner() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let summary = try SmallExperiment.run(
        folder,
        [
          "generate={prompts: [a red car, a dog], seeds: [3], num_inference_steps: 2}", "record=[]",
          "interventions={none: [], zero: [{op: zero, sites: \"cross:*\"}]}",
        ])
      #expect(summary.runsMade == 4)
      try SmallExperiment.withStore(folder) { (store) throws -> Void in
        #expect(try store.runs().map(\.run.intervention) == ["none", "zero", "none", "zero"])
        #expect(try store.runs().map(\.run.role) == [.source, .target, .source, .target])
      }
    }
  }

  @Test func aPlanOverItsBudgetLeavesNothing() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      #expect {
        try SmallExperiment.run(folder, ["budget.disk=1 MB"])
      } throws: {
        "\($0)".hasPrefix("budget.disk: the plan needs about ") && "\($0)".contains("the budget is 1 MB: 896 maps of ")
      }
      #expect(try contents(folder) == [])
    }
  }

  @Test func aFolderThatCannotBeWritten() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let file = folder.appending(path: "file")
      try Data().write(to: file)
      #expect {
        try SmallExperiment.run(file)
      } throws: {
        "\($0)".hasPrefix("\(file.path)/small: results cannot be written there (")
          && "\($0)".hasSuffix("); choose another folder with --results")
      }
      #expect(try contents(folder) == ["file"])
    }
  }

  @Test func picturesTellWhatTheyAre() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      try SmallExperiment.run(folder, ["record=[]", "metrics=[]"])
      try SmallExperiment.withStore(folder) { (store) throws -> Void in
        let run = try #require(try store.runs(RunFilter(intervention: "cross swap")).first)
        let path = try #require(try store.artifacts(run.id).first { $0.kind == "picture" }?.path)
        let texts = try PNG.texts(folder.appending(path: "small/\(path)"))
        #expect(texts.map(\.key) == ["Prompt", "Seed", "Intervention", "Content-Hash", "Software"])
        #expect(texts.prefix(4).map(\.value) == ["a blue car", "1", "cross swap", run.run.hash])
      }
    }
  }
}
