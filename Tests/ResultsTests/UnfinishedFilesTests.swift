import AttentionStore
import ExperimentSupport
import Files
import Foundation
import TestSupport
import Testing

@testable import Results

/// What a killed process was writing goes with the next run and with `gc`; everything else stays.
@Suite struct UnfinishedFilesTests {
  private static let small = [
    "generate={ prompts: [a red car], seeds: [1], num_inference_steps: 1, height: 64, width: 64 }", "record=[]",
    "metrics=[]", "interventions={ none: [] }", "figures=[]",
  ]

  private func scatter(_ results: ResultsFolder) throws -> (own: [String], others: [String]) {
    let runs = try FileManager.default.contentsOfDirectory(atPath: results.runs.path)
    let run = try #require(runs.first { $0.first != "." })
    let id = "1B4E28BA-2FA1-11D2-883F-0016D3CCA427"
    let own = [
      ".\(id).part", "runs/\(run)/.\(id).part", "tables/.\(id).part", "figures/.\(id).part", "probes/.\(id).part",
    ]
    let others = [
      ".notes.part", ".notes.\(id)", ".\(id)", ".dat.nosync1a2b.XYZ", "\(id).part", "figures/mine.png", "runs/.hidden",
      "notes/.\(id).part",
    ]
    for path in own + others {
      let file = results.url.appending(path: path)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data("half".utf8).write(to: file)
    }
    return (own, others)
  }

  private func present(_ paths: [String], _ results: ResultsFolder) -> [String] {
    paths.filter { FileManager.default.fileExists(atPath: results.url.appending(path: $0).path) }
  }

  @Test func theyGoWithTheNextRunAndWithARemoval() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let results = ResultsFolder(folder.appending(path: "small"))
      try SmallExperiment.run(folder, Self.small)
      var (own, others) = try scatter(results)
      #expect(try SmallExperiment.run(folder, Self.small).stepsMade == 0)
      #expect(present(own, results) == [] && present(others, results) == others)

      (own, others) = try scatter(results)
      let store = try AttentionStore.open(results.database, mode: .readWrite)
      defer { try? store.close() }
      let removal = try RunRemoval(RemovalSelection(), from: store, results)
      #expect(removal.unfinished.sorted() == own.sorted() && removal.fileBytes == 4 * own.count)
      try removal.apply(to: store)
      #expect(present(own, results) == [] && present(others, results) == others)
    }
  }

  /// Files that had not all their names yet get them before anything is removed; what is being written stays, until its
  /// writer has ended.
  @Test func whatIsKnownIsCompletedAndWhatIsWrittenStays() throws {
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let results = ResultsFolder(folder.appending(path: "small"))
      try SmallExperiment.run(folder, Self.small)
      try FileManager.default.createDirectory(at: results.figures, withIntermediateDirectories: true)
      let (partial, former) = (".\(UUID().uuidString).part", ".\(UUID().uuidString).part")
      try Data("whole".utf8).write(to: results.figures.appending(path: partial))
      let journal = [["partial": partial, "former": former, "name": "late.png"]]
      try JSONEncoder().encode(journal).write(to: results.figures.appending(path: ".\(UUID().uuidString).names"))

      var open: OpenFolder? = try results.open()
      var written = try open?.newFile("figures/mine.png")
      try written?.append("half")
      open = nil
      try SmallExperiment.run(folder, Self.small)
      let late = results.figures.appending(path: "late.png")
      #expect(try Data(contentsOf: late) == Data("whole".utf8))
      try written?.finish()
      #expect(try Data(contentsOf: results.figures.appending(path: "mine.png")) == Data("half".utf8))
      written = nil

      let (own, _) = try scatter(results)
      try SmallExperiment.run(folder, Self.small)
      #expect(present(own, results) == [])
    }
  }
}
