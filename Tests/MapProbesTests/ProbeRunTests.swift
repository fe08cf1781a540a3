import AttentionStore
import Checkpoints
import ExperimentFiles
import ExperimentSupport
import Files
import Foundation
import Planning
import Results
import Tensors
import TestSupport
import Testing

@testable import MapProbes

/// Probes from the file to what is stored, and back.
@Suite struct ProbeRunTests {
  private func trained(
    _ folder: URL, _ body: (PlantedMaps, ProbeFindings) throws -> Void
  ) throws {
    let planted = try PlantedMaps(folder)
    #expect(try ProbeRunner(plan: planted.plan, results: planted.results).run(planted.store) == ["words", "thing"])
    let findings = try #require(try ProbeFindings(planted.plan.spec, store: planted.store))
    try body(planted, findings)
    try planted.store.close()
  }

  @Test func whatIsPlantedIsFoundAndNothingElse() throws {
    try Fixtures.withTemporaryFolder { folder in
      try trained(folder) { _, findings in
        #expect(findings.missing == [])
        let words = findings.probes[0]
        #expect(words.cells.map(\.name) == ["cross:1 call 0", "cross:1 call 2"])
        #expect(words.samples == 54 && words.seeds.count == 9 && words.folds == 9 && words.strata == 18)
        #expect(words.best == 1 && words.cells[1].isRegistered && !words.cells[0].isRegistered)
        #expect(words.cells[1].accuracy.mean == 1, "\(words.cells[1].accuracy.mean)")
        // All seeds agree, and 54 pictures of 9 seeds say no more than this.
        let interval = try #require(words.cells[1].accuracy.interval)
        #expect(interval.upperBound == 1 && interval.lowerBound > 0.85 && interval.lowerBound < 0.95, "\(interval)")
        #expect(findings.tests[0].interval.map { $0.upperBound > $0.lowerBound } == true)
        #expect(words.cells[1].familyWiseP <= 0.01, "\(words.cells[1].familyWiseP)")
        #expect(words.cells[0].familyWiseP > 0.05, "\(words.cells[0].familyWiseP)")
        #expect(words.confusion.counts == [[18, 0, 0], [0, 18, 0], [0, 0, 18]])
        #expect(words.curve.map(\.trainingSeeds) == [1, 2, 4, 8])
        #expect(words.information.map(\.cell) == [1] && words.information[0].information.share > 0.5)
        // Each control apart, on both cells; the mass of every map is 1.
        #expect(words.controls.map(\.name) == ["shuffled", "mass", "permuted"])
        for control in words.controls {
          #expect(control.cells.map(\.cell) == [0, 1] && control.samples == 54 && control.seeds == 9)
          let cell = control.cells[1]
          #expect(cell.accuracy.mean < 0.7, "\(control.name): \(cell.accuracy.mean)")
          #expect(abs(cell.gain.mean - (1 - cell.accuracy.mean)) < 1e-12, "\(control.name)")
        }
        let thing = findings.probes[1]
        #expect(thing.cells.map(\.head) == [nil, 0, 1] && thing.cells[2].name == "cross:1 call 2 head 2")
        #expect(thing.cells.allSatisfy { $0.familyWiseP > 0.01 }, "\(thing.cells.map(\.familyWiseP))")
        // 0.05 is divided among four tests.
        #expect(findings.tests.map(\.verdict.rawValue).prefix(3) == ["shown", "shown", "shown"], "\(findings.tests)")
        #expect(findings.tests[3].verdict != .shown)
        #expect(abs((findings.tests[0].estimate ?? 0) - 2 / 3) < 1e-12)
        #expect(findings.tests[0].cells == "best on other seeds: cross:1 call 2")
        #expect(findings.tests.allSatisfy { ($0.correctedP ?? 0) >= ($0.p ?? 1) })
      }
    }
  }

  @Test func whatIsStoredStaysUntilTheQuestionIsAnother() throws {
    try Fixtures.withTemporaryFolder { folder in
      try trained(folder) { planted, findings in
        let before = try planted.store.probes()
        #expect(try ProbeRunner(plan: planted.plan, results: planted.results).run(planted.store) == [])
        #expect(try planted.store.probes() == before)
        // A file that is another is made again, to the bit.
        let file = planted.results.url.appending(path: "probes/thing.json")
        let bytes = try Data(contentsOf: file)
        try Data("{}".utf8).write(to: file)
        #expect(try ProbeRunner(plan: planted.plan, results: planted.results).run(planted.store) == ["thing"])
        #expect(try Data(contentsOf: file) == bytes)
        #expect(try planted.store.probes() == before)
        // A stop leaves what is stored.
        let yaml = PlantedMaps.yaml(
          probes: PlantedMaps.probes.replacing("the color's word tell the thing", with: "it tell the thing"))
        let spec = try ExperimentSpec(yaml: yaml, file: "e.yaml")
        let other = try SyntheticResults.plan(spec, sites: SyntheticResults.sites, size: .init(height: 16, width: 24))
        #expect(throws: MapProbeError.interrupted(done: 1, total: 2)) {
          try ProbeRunner(plan: other, results: planted.results, isStopped: { true }).run(planted.store)
        }
        #expect(try planted.store.probes() == before)
        #expect(try ProbeRunner(plan: other, results: planted.results).run(planted.store) == ["thing"])
      }
    }
  }

  @Test func whatNoPromptTellsIsToldFromMaps() throws {
    let probes = """
      probes:
        lists: { thing: [car, boat] }
        probes:
          - { name: facing, says: is it told, label: facing, features: { record: words, word: 2 } }
        tests: [{ says: beyond the thing, probe: facing, over: shuffled, above: 0.1 }]
      """
    let yaml = PlantedMaps.yaml(probes: probes, metrics: "[facing_right]")
    try Fixtures.withTemporaryFolder { folder in
      let planted = try PlantedMaps(folder, yaml: yaml)
      // Before anything is measured there is nothing to say.
      #expect(try ProbePlan(planted.plan, in: folder, store: nil)?.probes.isEmpty == true)
      try ProbeRunner(plan: planted.plan, results: planted.results).run(planted.store)
      let findings = try #require(try ProbeFindings(planted.plan.spec, store: planted.store))
      let facing = findings.probes[0]
      #expect(facing.classes == ["left", "right"] && facing.samples == 52 && facing.strata == 18)
      #expect(
        facing.cells.map { $0.familyWiseP <= 0.05 } == [false, true, false], "\(facing.cells.map(\.familyWiseP))")
      #expect(
        facing.cells[facing.best].accuracy.mean == 1 && facing.controls.map(\.name) == ["shuffled", "mass", "permuted"])
      #expect(findings.tests[0].verdict == .shown, "\(findings.tests)")
      // Another measurement is another question.
      let run = try #require(try planted.store.runs().first)
      let value = try planted.store.metrics(run.id)["facing_right"] ?? 0
      try planted.store.setMetrics(["facing_right": 1 - value], sources: [:], run: run.id)
      #expect(try ProbeRunner(plan: planted.plan, results: planted.results).run(planted.store) == ["facing"])
      try planted.store.close()
    }
  }

  /// What the model was given stands beside the maps, at the calls at which it was kept.
  @Test func latentsAreAReference() throws {
    let probes = """
      probes:
        lists: { thing: [car, boat] }
        banks: [{ name: given, says: the latents, from: small, reads: latents }]
        probes:
          - { name: facing, says: is it told, label: facing, features: { record: words, word: 2, calls: [0, 1], heads: [1] } }
      """
    let yaml = PlantedMaps.yaml(probes: probes, metrics: "[facing_right]", latents: "[1]")
    try Fixtures.withTemporaryFolder { folder in
      let planted = try PlantedMaps(folder, yaml: yaml)
      try ProbeRunner(plan: planted.plan, results: planted.results).run(planted.store)
      let facing = try #require(try ProbeFindings(planted.plan.spec, store: planted.store)).probes[0]
      #expect(facing.features.heads == [1] && facing.cells[1].features == 6)
      let given = try #require(facing.controls.first { $0.name == "given" })
      #expect(given.cells.map(\.cell) == [1] && given.samples == 52 && given.cells[0].accuracy.mean == 1, "\(given)")
      func again() throws {
        try planted.store.removeProbes(["facing"])
        try ProbeRunner(plan: planted.plan, results: planted.results).run(planted.store)
      }
      // Other latents than those that were kept are said, and so is a link to the very same.
      let run = try #require(try planted.store.runs().first)
      let path = try #require(try planted.store.artifacts(run.id).first).path
      let (file, away) = (planted.results.url.appending(path: path), folder.appending(path: "away"))
      try FileManager.default.moveItem(at: file, to: away)
      try SafetensorsWriter.write([("latents", Tensor([1, 2, 3, 4], shape: [1, 1, 2, 2]))], to: file)
      #expect(throws: MapProbeError.unreadable(path, reason: "it is not the file that was kept")) { try again() }
      try FileManager.default.removeItem(at: file)
      try FileManager.default.createSymbolicLink(at: file, withDestinationURL: away)
      #expect(throws: FileError(file.path, .open, .link)) { try again() }
      // A file that is gone is said.
      try FileManager.default.removeItem(at: planted.results.url.appending(path: "runs"))
      #expect(throws: (any Error).self) { try again() }
      try planted.store.close()
    }
  }

  /// A probe that the file has no more goes with its file; what else stands there stays.
  @Test func aProbeThatIsNotAskedForGoesWithItsFile() throws {
    let words = """
      probes:
        lists: { color: [red, blue, green], thing: [car, boat] }
        probes:
          - { name: words, says: is it told, label: color, features: { record: words, calls: [2] } }
      """
    try Fixtures.withTemporaryFolder { folder in
      try trained(folder) { planted, _ in
        let probes = planted.results.url.appending(path: "probes")
        func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: probes.path).sorted() }
        func run(_ text: String) throws {
          let spec = try ExperimentSpec(yaml: PlantedMaps.yaml(probes: text), file: "e.yaml")
          let plan = try SyntheticResults.plan(spec, sites: SyntheticResults.sites, size: .init(height: 16, width: 24))
          try ProbeRunner(plan: plan, results: planted.results, isStopped: { true }).run(planted.store)
        }
        try Data().write(to: probes.appending(path: "mine.json"))
        #expect(try names() == ["mine.json", "thing.json", "words.json"])
        // What is asked for otherwise stays until it is trained.
        #expect(throws: MapProbeError.interrupted(done: 0, total: 1)) { try run(words) }
        #expect(try names() == ["mine.json", "words.json"] && planted.store.probes().keys.sorted() == ["words"])
        try run("")
        #expect(try names() == ["mine.json"] && planted.store.probes().isEmpty)
      }
    }
  }

  @Test func aTrainedProbeReadsOtherMaps() throws {
    try Fixtures.withTemporaryFolder { folder in
      try trained(folder) { planted, _ in
        let applier = ProbeApplier(results: planted.results, store: planted.store)
        let applied = try applier.apply("words", to: "small", intervention: "none")
        #expect(applied.samples == 54 && applied.toward.map(\.label) == ["word", "picture"])
        // Each picture is told by a probe that was trained without its seed.
        #expect(applied.toward.allSatisfy { $0.share.mean == 1 }, "\(applied)")
        #expect(throws: MapProbeError.noProbe(asked: "colour", known: ["thing", "words"])) {
          try applier.apply("colour", to: "small", intervention: "none")
        }
        #expect(throws: ExperimentError.self) { try applier.apply("words", to: "small", intervention: "swap") }
        try Data("{}".utf8).write(to: planted.results.url.appending(path: "probes/words.json"))
        let error = #expect(throws: MapProbeError.self) {
          try applier.apply("words", to: "small", intervention: "none")
        }
        #expect(error.map { "\($0)" }?.hasPrefix("probes/words.json cannot be read (it is not the file") == true)
      }
    }
  }

  /// A probe is kept, and asked of other maps, in the classifier that the file names.
  @Test(arguments: ["ridge", "logistic", "network"]) func aProbeIsKeptAsWhatItIs(classifier: String) throws {
    let probes = """
      probes:
        lists: { color: [red, blue, green], thing: [car, boat] }
        probes:
          - name: words
            says: is it told
            label: color
            features: { record: words, calls: [2] }
            registered: { sites: "cross:1" }
            classifier: \(classifier)
            controls: []
      """
    try Fixtures.withTemporaryFolder { folder in
      let planted = try PlantedMaps(folder, yaml: PlantedMaps.yaml(probes: probes))
      try ProbeRunner(plan: planted.plan, results: planted.results).run(planted.store)
      let data = try Data(contentsOf: planted.results.url.appending(path: "probes/words.json"))
      let model = try SavedProbe(reading: data, named: "words").model
      let kind =
        switch model {
        case .ridge: "ridge"
        case .logistic: "logistic"
        case .network: "network"
        }
      #expect(kind == classifier && model.classes == PlantedMaps.colors)
      let applied = try ProbeApplier(results: planted.results, store: planted.store)
        .apply("words", to: "small", intervention: "none")
      #expect(applied.samples == 54 && applied.toward.allSatisfy { $0.share.mean > 0.9 }, "\(applied)")
      try planted.store.close()
    }
  }

  /// What a stranger may have written into the database is said, and ends nothing.
  @Test func hostileResultsAreErrors() throws {
    try Fixtures.withTemporaryFolder { folder in
      try trained(folder) { planted, _ in
        let row = try #require(try planted.store.probes()["words"])
        for text in [
          "{}", "[]", row.result.replacing("\"best\":1", with: "\"best\":9"),
          row.result.replacing("\"format\":2", with: "\"format\":1"),
          row.result.replacing("\"layer\":1", with: "\"layer\":-1"), String(repeating: "[", count: 10_000),
        ] {
          #expect(text != row.result)
          try planted.store.setProbe(
            StoredProbe(
              name: row.name, source: row.source, label: row.label, samples: row.samples, best: row.best,
              accuracy: row.accuracy, chance: row.chance, result: text, sha256: row.sha256))
          #expect(throws: MapProbeError.self) { try ProbeFindings(planted.plan.spec, store: planted.store) }
        }
      }
    }
  }
}
