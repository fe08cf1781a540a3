import ExperimentSupport
import Foundation
import Plotting
import TestSupport
import Testing

@testable import Reporting
@testable import Results

/// Components, statistics and differences in the report.
@Suite struct MapViewFigureTests {
  private static let figures = "[self_pca, map_statistics, map_differences]"

  @Test func figuresAndTablesComeFromTheDatabase() throws {
    try Fixtures.withTemporaryFolder { root in
      let results = try SyntheticResults(root, spec: SyntheticResults.spec(figures: Self.figures))
      let report = try results.report()
      let files = try results.committed()
      #expect(
        files.keys.filter { $0.hasPrefix("map_") || $0.hasPrefix("self_") }.sorted() == [
          "map_differences-1-cross.png", "map_differences-1-self.png", "map_differences.csv",
          "map_statistics-1-cross-divergence.png", "map_statistics-1-cross-entropy-2.png",
          "map_statistics-1-cross-entropy.png", "map_statistics-1-cross-spread-2.png",
          "map_statistics-1-cross-spread.png", "map_statistics-1-self-distance.png",
          "map_statistics-1-self-divergence.png", "map_statistics-1-self-entropy.png", "map_statistics.csv",
          "self_pca-1.png",
        ])
      for piece in [
        "### What looks alike", "### Attention in numbers", "### What changed in the attention",
        "The numbers: [tables/map_statistics.csv](tables/map_statistics.csv).",
        "*Not there: the divergence of heads needs each head, and \"words\" keeps their mean; record with `heads: all`.*",
      ] { #expect(report.contains(piece), "\(piece)") }
      #expect(files.keys.filter { $0.hasSuffix(".png") }.allSatisfy(FigureWriter.isOwn))
      // Three steps of the words of two prompts, two steps of self-attention.
      #expect(try results.table("map_differences.csv").split(separator: "\n").count == 1 + 3 + 2)
      #expect(try results.table("map_differences.csv").contains(",red,blue,"))

      // Again from the database, and without what the file no longer asks for.
      let view = try ComponentsView(
        MapViewRequest(run: results.store.runs()[0].run.hash), store: results.store)
      #expect(try PNG.read(results.results.figures.appending(path: "self_pca-1.png")) == view.figure())
      _ = try ExperimentReport.writeFigures(
        results: results.results, store: results.store, only: [.mapDifferences, .selfPCA, .mapStatistics])
      #expect(try results.committed() == files)
    }
  }

  @Test func withoutMapsThereIsNothingToDraw() throws {
    try Fixtures.withTemporaryFolder { root in
      let results = try SyntheticResults(root, spec: SyntheticResults.spec(record: "[]", figures: Self.figures))
      let stale = results.results.tables.appending(path: "map_statistics.csv")
      try results.results.openForWriting().write(Data("old".utf8), to: "tables/map_statistics.csv", making: true)
      let report = try results.report()
      #expect(report.components(separatedBy: "Nothing to draw:").count == 4)
      #expect(!FileManager.default.fileExists(atPath: stale.path))
    }
  }

  /// A single prompt is compared with an intervention on it.
  @Test func singlePromptsAreComparedWithAnIntervention() throws {
    try Fixtures.withTemporaryFolder { root in
      let results = try SyntheticResults(
        root,
        spec: SyntheticResults.spec(
          pairs: "[]", prompts: "[a cat]",
          interventions: "{ none: [], even: [{ op: uniform, sites: \"self:*\" }] }", figures: "[map_differences]"))
      _ = try results.report()
      let runs = try results.store.runs().map { String($0.run.hash.prefix(16)) }
      #expect(try results.table("map_differences.csv").contains("\n\(runs[0]),\(runs[1]),words,cross,1,"))
      #expect(try results.table("map_differences.csv").contains(",cat,cat,"))
    }
  }
}
