import AttentionStore
import CFaultVFS
import ExperimentSupport
import Foundation
import Plotting
import Results
import StoreTestSupport
import TestSupport
import Testing

/// Plans that share a database: each adds its runs, and none takes one away.
@Suite struct SeveralPlansTests {
  private static let small = [
    "generate={ pairs: [{ source: a red car, target: a blue car }], seeds: [1], num_inference_steps: 2, height: 64, "
      + "width: 64, scheduler: ddim }", "figures=[side_by_side]", "metrics=[psnr]",
    "record=[{ name: words, sites: \"cross:mid\", tokens: words }]", "interventions={ none: [] }",
  ]

  private func stored(_ folder: URL) throws -> StoredContents {
    try StoredContents(folder.appending(path: "small/small.sqlite"))
  }

  /// The contents of the files of some runs, by path.
  private func files(_ contents: StoredContents, _ folder: URL) throws -> [String: Data] {
    Dictionary(
      uniqueKeysWithValues: try contents.artifacts.joined().map {
        ($0.path, try Data(contentsOf: folder.appending(path: "small/\($0.path)")))
      })
  }

  @Test(arguments: [
    "generate.pairs.0.target=a green car", "generate.num_inference_steps=3", "generate.seeds=[2]",
    "record.0.tokens=all", "record.0.sites=\"self:mid\"", "record=[]", "generate.height=128",
    "generate.scheduler=euler",
    "generate.negative_prompt=a dog", "interventions={ other: [{ op: zero, sites: \"cross:1\" }] }",
  ])
  func aChangedFileAddsRuns(_ change: String) throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      try SmallExperiment.run(folder, Self.small)
      let first = try stored(folder)
      let report = try String(contentsOf: folder.appending(path: "small/report.md"), encoding: .utf8)
      let before = try files(first, folder)
      let second = try SmallExperiment.run(folder, Self.small + [change])
      #expect(second.runsMade == 2 && second.runsKept == 0 && second.otherRuns == 2)
      let both = try stored(folder)
      #expect(both.runs.count == 4 && Array(both.runs.prefix(2)) == first.runs)
      let ids = Set(first.runs.map(\.id))
      #expect(both.maps.filter { ids.contains($0.run) } == first.maps)
      #expect(Array(both.metrics.prefix(2)) == first.metrics && Array(both.artifacts.prefix(2)) == first.artifacts)
      #expect(both.problems == [])
      #expect(try files(both, folder).merging(before) { $1 == $0 ? $0 : Data() }.values.allSatisfy { !$0.isEmpty })
      let other = try String(contentsOf: folder.appending(path: "small/report.md"), encoding: .utf8)
      #expect(other.contains("The database also holds 2 runs of other plans"))

      // The first file again computes nothing, and its report is the same but for the runs beside it.
      let again = try SmallExperiment.run(folder, Self.small)
      #expect(again.stepsMade == 0 && again.runsKept == 2 && again.otherRuns == 2)
      let last = try String(contentsOf: folder.appending(path: "small/report.md"), encoding: .utf8)
      #expect(
        last.split(separator: "\n").filter { !$0.contains("of other plans") }.joined(separator: "\n")
          == report.split(separator: "\n").joined(separator: "\n"))
    }
  }

  /// Plans that share runs: the set of a metric is the plan's, and the other plan's values stay.
  @Test func setMetricsAreOfThePlansRuns() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      func overrides(_ seeds: String) -> [String] {
        [
          "generate={ pairs: [{ source: a red car, target: a blue car }], seeds: \(seeds), num_inference_steps: 1, "
            + "height: 64, width: 64, scheduler: ddim }",
          "metrics=[picture_right, expected_tries]", "record=[]", "figures=[]", "interventions={ none: [] }",
        ]
      }
      func values() throws -> [[String: Double]] {
        try SmallExperiment.withStore(folder) { store in
          try store.runs(RunFilter(role: .target, isPlanned: true)).map {
            try store.metrics($0.id).filter { $0.key == "expected_tries" }
          }
        }
      }
      try SmallExperiment.run(folder, overrides("[1, 2]"))
      let one = try values()
      #expect(one.map(\.count) == [1, 0])
      try SmallExperiment.run(folder, overrides("[2, 3]"))
      #expect(try values().map(\.count) == [1, 0])
      try SmallExperiment.run(folder, overrides("[3]"))
      #expect(try values().map(\.count) == [1])
      try SmallExperiment.run(folder, overrides("[1, 2]"))
      let again = try values()
      #expect("\(again)" == "\(one)")
    }
  }

  @Test func onlyWhatTheLastPlanLacksGoesWhenAsked() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      try SmallExperiment.run(folder, Self.small + ["generate.seeds=[1, 2]"])
      try SmallExperiment.run(folder, Self.small + ["generate.seeds=[2, 3]"])
      let results = ResultsFolder(folder.appending(path: "small"))
      let store = try AttentionStore.open(results.database, mode: .readWrite)
      defer { try? store.close() }
      let removal = try RunRemoval(RemovalSelection(otherPlans: true), from: store, results)
      #expect(removal.selected.map(\.run.seed) == [1, 1] && removal.others == [])
      try removal.apply(to: store)
      #expect(try store.runs().map(\.run.seed) == [2, 2, 3, 3])
      #expect(try store.countOfOtherRuns() == 0)
      #expect(try FileManager.default.contentsOfDirectory(atPath: results.runs.path).count == 4)
      #expect(try RunRemoval(RemovalSelection(otherPlans: true), from: store, results).selected == [])
    }
  }

  // MARK: - Files

  @Test(arguments: ["picture.png", "latents.safetensors", "predicted-000.png"], [true, false])
  func aFileThatIsMissingOrChangedIsMadeAgain(_ name: String, isMissing: Bool) throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let overrides = Self.small + ["predicted_clean=[0]"]
      try SmallExperiment.run(folder, overrides)
      let contents = try stored(folder)
      let before = try files(contents, folder)
      let path = "\(RunFile.folder(of: contents.runs[1].run.hash))/\(name)"
      let file = folder.appending(path: "small/\(path)")
      // Other files keep their place on the disk: nobody writes them.
      func places() throws -> [String: Int] {
        try before.filter { $0.key != path }.mapValues { _ in 0 }.reduce(into: [:]) { places, entry in
          let attributes = try FileManager.default.attributesOfItem(
            atPath: folder.appending(path: "small/\(entry.key)").path)
          places[entry.key] = (attributes[.systemFileNumber] as? NSNumber)?.intValue
        }
      }
      let nodes = try places()
      if isMissing { try FileManager.default.removeItem(at: file) } else { try Data("x".utf8).write(to: file) }
      let summary = try SmallExperiment.run(folder, overrides)
      #expect(summary.runsMade == 0 && summary.runsKept == 2 && summary.filesMade == 1 && summary.fileProblems == [])
      let after = try stored(folder)
      #expect(after == contents)
      #expect(try files(after, folder) == before)
      #expect(try places() == nodes)
      #expect(try SmallExperiment.run(folder, overrides).stepsMade == 0)
    }
  }

  @Test func aFileThatComesOutOtherwiseIsNotWritten() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      try SmallExperiment.run(folder, Self.small)
      let contents = try stored(folder)
      let path = contents.artifacts[1][0].path
      let database = folder.appending(path: "small/small.sqlite").path
      let zeros = String(repeating: "0", count: 64)
      #expect(fault_execute(database, "UPDATE artifact SET sha256 = '\(zeros)' WHERE path = '\(path)'") == 0)
      try FileManager.default.removeItem(at: folder.appending(path: "small/\(path)"))
      let changed = try stored(folder)
      let summary = try SmallExperiment.run(folder, Self.small)
      #expect(summary.fileProblems.count == 1 && summary.filesMade == 0)
      #expect(
        summary.fileProblems.first?.hasPrefix(
          "\(path): made again it has the SHA-256 \(contents.artifacts[1][0].sha256.prefix(16)), ")
          == true)
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "small/\(path)").path))
      let after = try stored(folder)
      #expect(after == changed)
    }
  }

  /// What a metric says of another picture would be kept for good.
  @Test func aPictureThatIsNotTheOneThatWasMadeIsNotMeasured() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let small = Self.small + ["metrics=[]"]
      try SmallExperiment.run(folder, small)
      let path = try #require(try stored(folder).artifacts[1].first { $0.kind == "picture" }).path
      let database = folder.appending(path: "small/small.sqlite").path
      let zeros = String(repeating: "0", count: 64)
      #expect(fault_execute(database, "UPDATE artifact SET sha256 = '\(zeros)' WHERE path = '\(path)'") == 0)
      let summary = try SmallExperiment.run(folder, small + ["metrics=[picture_right]"])
      #expect(summary.fileProblems.count == 2, "\(summary.fileProblems)")
      #expect(
        summary.fileProblems.last?.hasSuffix("\(path): is not the picture that was made; bring it back from a copy")
          == true)
      let measured = try SmallExperiment.withStore(folder) { store in
        try store.runs().map { try store.metrics($0.id).keys.contains("picture_right") }
      }
      #expect(measured == [true, false])
    }
  }
}
