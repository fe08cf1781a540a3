import ExperimentSupport
import Foundation
import TestSupport
import Testing

@testable import Reporting

/// The report again, from the database and the pictures of the runs.
@Suite struct FiguresAgainTests {
  private func withReport(_ spec: String = SyntheticResults.spec(), _ body: (SyntheticResults) throws -> Void) throws {
    try Fixtures.withTemporaryFolder { root in
      let results = try SyntheticResults(root, spec: spec)
      _ = try ExperimentReport.write(results: results.results, store: results.store)
      try body(results)
    }
  }

  @Test func everythingComesBackByteForByte() throws {
    try withReport { results in
      let before = try results.committed()
      #expect(before.keys.contains { $0.hasPrefix("side_by_side") } && before.keys.contains("metrics.csv"))
      for url in [results.results.report, results.results.figures, results.results.tables] {
        try FileManager.default.removeItem(at: url)
      }
      _ = try ExperimentReport.write(results: results.results, store: results.store)
      #expect(try results.committed() == before)
    }
  }

  @Test func chosenKindsAloneAreDrawn() throws {
    try withReport { results in
      let before = try results.committed()
      let kept = "side_by_side.png"
      try Data("mine".utf8).write(to: results.results.figures.appending(path: kept))
      try Data("mine".utf8).write(to: results.results.report)
      let stale = results.results.figures.appending(path: "word_heatmaps-9-source.png")
      try Data("old".utf8).write(to: stale)
      let files = try ExperimentReport.writeFigures(
        results: results.results, store: results.store, only: [.selfAttention, .wordHeatmaps, .selfAttention]
      ).files
      let names = files.map(\.lastPathComponent)
      #expect(
        Set(names) == Set(before.keys.filter { $0.hasPrefix("self_attention") || $0.hasPrefix("word_heatmaps") }))
      #expect(names.first?.hasPrefix("self_attention") == true && names.count == Set(names).count)
      #expect(!FileManager.default.fileExists(atPath: stale.path))
      let after = try results.committed()
      #expect(
        after.filter { ![kept, "report.md"].contains($0.key) }
          == before.filter { ![kept, "report.md"].contains($0.key) })
      #expect(after[kept] == Data("mine".utf8) && after["report.md"] == Data("mine".utf8))
    }
  }

  @Test func kindsThatTheFileDoesNotAskFor() throws {
    try withReport(SyntheticResults.spec(figures: "[]")) { results in
      #expect(!FileManager.default.fileExists(atPath: results.results.figures.path))
      let files = try ExperimentReport.writeFigures(
        results: results.results, store: results.store, only: [.sideBySide]
      ).files
      #expect(files.map(\.lastPathComponent) == ["side_by_side.png"])
    }
    // Without maps there is nothing to draw of.
    try withReport(SyntheticResults.spec(record: "[]", figures: "[]")) { results in
      let found = try ExperimentReport.writeFigures(
        results: results.results, store: results.store, only: [.wordHeatmaps, .sideBySide])
      // What is drawn beside it does not hide what is not.
      #expect(found.files.map(\.lastPathComponent) == ["side_by_side.png"])
      #expect(found.omitted.first == "no word_heatmaps can be drawn from what is stored", "\(found.omitted)")
    }
  }
}
