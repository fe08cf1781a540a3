import AttentionStore
import ExperimentSupport
import Foundation
import Measures
import Plotting
import Results
import Running
import TestSupport
import Testing

/// What is measured of stored pictures, and when it is measured again. A value that was put in by hand shows whether it
/// was.
@Suite struct RunMeasurerTests {
  private static let tiny = Fixtures.folder.appending(path: "vision/tiny-scene-reader")
  private static let mark = 77.0

  private func settings(_ metrics: String, reader: URL = tiny, _ more: [String] = []) -> [String] {
    ["record=[]", "metrics=\(metrics)", "instruments={ scene_reader: \"\(reader.path)\" }"] + more
  }

  /// Metrics of each run, by intervention, prompt and seed.
  private func values(_ folder: URL) throws -> [String: [String: Double]] {
    try SmallExperiment.withStore(folder) { store in
      let runs = try store.runs()
      return try Dictionary(
        uniqueKeysWithValues: runs.map {
          ("\($0.run.intervention), \($0.prompt), \($0.run.seed)", try store.metrics($0.id))
        })
    }
  }

  /// Puts the mark into every value that there is.
  private func markAll(_ folder: URL) throws {
    let store = try AttentionStore.open(folder.appending(path: "small/small.sqlite"), mode: .create)
    defer { try? store.close() }
    for run in try store.runs() {
      try store.setMetrics(
        try store.metrics(run.id).mapValues { _ in Self.mark },
        sources: try store.metricSources(run.id).compactMapValues { $0 }, run: run.id)
    }
  }

  /// Names of the metrics whose values are not the mark.
  private func measured(_ folder: URL) throws -> Set<String> {
    Set(try values(folder).values.flatMap { $0.filter { $0.value != Self.mark }.keys })
  }

  @Test func onlyWhatIsMissingIsMeasured() throws {
    try Fixtures.withTemporaryFolder { folder in
      try SmallExperiment.run(folder, settings("[psnr, picture_right, expected_tries, center_spread]"))
      try markAll(folder)
      try SmallExperiment.run(folder, settings("[psnr, picture_right, expected_tries, center_spread]"))
      #expect(try measured(folder) == [])
      try SmallExperiment.run(folder, settings("[psnr, style_right]"))
      #expect(try measured(folder) == ["style_right"])
      // Another run: it is measured alone, but sets are others with it.
      try SmallExperiment.run(
        folder, settings("[psnr, picture_right, expected_tries, center_spread]", ["generate.seeds=[1, 2]"]))
      let found = try values(folder)
      #expect(found["zero, a blue car, 1"]?["psnr"] == Self.mark)
      #expect(found["zero, a blue car, 1"]?["picture_right"] == Self.mark)
      #expect(found["zero, a blue car, 2"]?["psnr"] ?? Self.mark != Self.mark)
      let first = try #require(found["zero, a blue car, 1"])
      #expect(first["expected_tries"] != nil && first["expected_tries"] != Self.mark)
      #expect(first["center_spread"] != nil && first["center_spread"] != Self.mark)
      // The first of a set carries its value.
      #expect(found["zero, a blue car, 2"]?["expected_tries"] == nil)
    }
  }

  @Test func anotherInstrumentMeasuresAgainButNotAnotherValidation() throws {
    try Fixtures.withTemporaryFolder { folder in
      let reader = folder.appending(path: "reader")
      try FileManager.default.copyItem(at: Self.tiny, to: reader)
      let settings = settings("[psnr, picture_right]", reader: reader)
      try SmallExperiment.run(folder, settings)
      try markAll(folder)
      try Data("{\"scenes\": 3}".utf8).write(to: reader.appending(path: "validation.json"))
      try SmallExperiment.run(folder, settings)
      #expect(try measured(folder) == [])
      let config = reader.appending(path: "config.json")
      let text = try String(contentsOf: config, encoding: .utf8)
      try Data(text.replacingOccurrences(of: "red dog", with: "blue dog").utf8).write(to: config)
      try SmallExperiment.run(folder, settings)
      #expect(try measured(folder) == ["picture_right"])
    }
  }

  @Test func sourcesAndSinglePromptsHavePictureMetrics() throws {
    try Fixtures.withTemporaryFolder { folder in
      try SmallExperiment.run(
        folder, settings("[psnr, picture_right]", ["generate.prompts=[a dog, a poem]", "interventions={ none: [] }"]))
      let found = try values(folder)
      #expect(found["source, a red car, 1"].map { Set($0.keys) } == ["picture_right"])
      #expect(found["none, a blue car, 1"].map { Set($0.keys) } == ["psnr", "picture_right"])
      #expect(found["none, a dog, 1"].map { Set($0.keys) } == ["picture_right"])
      // Nothing is said of a text that is no scene; that too is kept.
      #expect(found["none, a poem, 1"]?["picture_right"]?.isNaN == true)
      #expect(found["none, a dog, 1"]?["picture_right"]?.isNaN == false)
      let report = try String(contentsOf: folder.appending(path: "small/report.md"), encoding: .utf8)
      #expect(report.contains("| source | 1 | ") && report.contains("undefined"), "\(report)")
      #expect(report.contains("*How far it can be trusted: the scene reader was not validated.*"))
    }
  }

  /// What a run's stored maps and its picture give, each read anew.
  @Test func mapsAreMeasuredFromWhatIsStored() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let metrics = try ["noun_auc", "color_auc", "noun_iou"].map { try #require(MetricRegistry.named($0)) }
      try SmallExperiment.run(
        folder,
        [
          "generate={ prompts: [a red car], seeds: [1], num_inference_steps: 10 }", "interventions={ none: [] }",
          "record=[{ name: words, sites: \"cross:*\", tokens: words }]", "metrics=[noun_auc, color_auc, noun_iou]",
        ])
      try SmallExperiment.withStore(folder) { (store) throws -> Void in
        let run = try #require(try store.runs().first)
        let file = try #require(try store.artifacts(run.id).first { $0.kind == "picture" }).path
        let words = try GatheredWords.all(of: run, in: store)
        #expect(words.map(\.label) == ["a", "red", "car"])
        let measured = MeasuredRun(
          prompt: "a red car", picture: try PNG.read(folder.appending(path: "small/\(file)")), words: words)
        let stored = try store.metrics(run.id)
        for metric in metrics {
          guard case .maps(let measure) = metric.measure else { continue }
          let expected = try #require(try measure(measured, Instruments()), "\(metric.name): no car was seen")
          #expect(stored[metric.name] == expected && expected > 0, "\(metric.name)")
        }
      }
    }
  }

  /// Stops after the first run that is measured.
  private final class Stopping: RunProgress {
    let stop = StopSignal()
    var works: [String] = []

    func note(_ line: String) {}
    func finished() {}
    func advanced(done: Int, total: Int, of unit: WorkUnit, work: String) {
      guard work == "measuring" else { return }
      works.append("\(done) of \(total)")
      stop.raise()
    }
  }

  @Test func anInterruptedMeasuringGoesOn() throws {
    try Fixtures.withTemporaryFolder { folder in
      let results = ResultsFolder(folder.appending(path: "small"))
      let plan = try SmallExperiment.plan(settings("[psnr, picture_right]"))
      let progress = Stopping()
      #expect {
        _ = try ExperimentRunner(
          plan: plan, model: SmallExperiment.model(), results: results, progress: progress, stop: progress.stop
        ).run()
      } throws: {
        "\($0)" == "stopped: all steps and 1 of 4 measurements are stored"
      }
      #expect(progress.works == ["1 of 4"])
      #expect(try values(folder).values.filter { !$0.isEmpty }.count == 1)
      try markAll(folder)
      let rest = Stopping()
      _ = try ExperimentRunner(
        plan: plan, model: SmallExperiment.model(), results: results, progress: rest, stop: StopSignal()
      ).run()
      #expect(rest.works == ["1 of 3", "2 of 3", "3 of 3"])
      let found = try values(folder)
      #expect(found["source, a red car, 1"] == ["picture_right": Self.mark])
      #expect(found.values.allSatisfy { !$0.isEmpty })
    }
  }
}
