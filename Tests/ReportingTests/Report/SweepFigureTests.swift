import ExperimentSupport
import Foundation
import Plotting
import TestSupport
import Testing

@testable import Reporting

/// The figure of sweeps in a report.
@Suite struct SweepFigureTests {
  private static let swept = """
    { none: [], swap: { sweep: { layers: [1, 2-3], steps: { early: [0], late: [1, 2] } }, operations: [{ op: zero, sites: "self:*" }] } }
    """

  private func results(_ root: URL, interventions: String = swept, lines: String = "") throws -> MeasuredResults {
    try MeasuredResults(
      root, pairs: 6, interventions: interventions, names: "[color_reflected, layout_kept, ssim, picture_right]",
      lines: "figures: [sweep_grid]\n" + lines,
      sources: { ["picture_right": $0.target == "target 0" ? 0 : 1] },
      metrics: { run in
        let isDeep = run.intervention.contains("layers=2-3")
        return [
          "color_reflected": isDeep ? 0 : 1, "layout_kept": run.seed == 1 ? 1 : 0, "ssim": 0.5, "picture_right": 1,
        ]
      })
  }

  private func report(_ results: MeasuredResults) throws -> String {
    _ = try ExperimentReport.write(results: results.results, store: results.store)
    return try String(contentsOf: results.results.report, encoding: .utf8)
  }

  @Test func aGridOfEachSweepWithItsNumbers() throws {
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let results = try results(root)
      let report = try report(results)
      #expect(report.contains("### Sweeps\n") && report.contains("Compare a cell with the number"))
      #expect(report.contains("![small: swap, layers by steps](figures/sweep_grid.png)"), "\(report)")
      #expect(report.contains("The numbers: [tables/sweep_grid.csv](tables/sweep_grid.csv)."))
      #expect(try PNG.read(results.results.figures.appending(path: "sweep_grid.png")).height > 200)
      let table = try String(contentsOf: results.results.tables.appending(path: "sweep_grid.csv"), encoding: .utf8)
      let rows = table.split(separator: "\n").map(String.init)
      // Four interventions and the two shares of edits.
      #expect(rows.count == 1 + 4 * 2)
      #expect(rows[1].hasPrefix("\"swap layers=1, steps=early\",1,early,color_reflected,12,"), "\(rows[1])")
      // Of twelve that agree: 0.025^(1/12).
      #expect(rows[1].contains(",1.0,0.95,0.735351") && rows[1].hasSuffix(",1.0"), "\(rows[1])")
      #expect(rows[8].hasPrefix("\"swap layers=2-3, steps=late\",2-3,late,layout_kept,12,"))
      #expect(rows[8].contains(",0.5,0.95,"))
    }
  }

  /// What claims leave out, the figure leaves out, and it is of what they are judged by.
  @Test func withClaims() throws {
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let results = try results(
        root,
        lines: """
          claims:
            claims:
              - name: C
                statement: It does.
                exclude_unless: { metric: picture_right, of: source, at_least: 1 }
                tests: [{ says: it does, metric: color_reflected, of: "swap layers=1, steps=late", above: 0.5 }]
          """)
      _ = try report(results)
      let table = try String(contentsOf: results.results.tables.appending(path: "sweep_grid.csv"), encoding: .utf8)
      let rows = table.split(separator: "\n").map(String.init)
      #expect(rows.count == 1 + 4)
      #expect(rows.dropFirst().allSatisfy { $0.contains(",color_reflected,10,") }, "\(table)")
    }
  }

  /// A caption without a number for nothing done is not to be looked at for one.
  @Test func withNothingToCompareWith() throws {
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let swept = Self.swept.replacingOccurrences(of: "none: [], ", with: "")
      let report = try report(results(root, interventions: swept))
      #expect(report.contains("below it the interval of 95 %.") && !report.contains("Compare a cell"), "\(report)")
    }
  }

  @Test func withoutSweeps() throws {
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let results = try results(root, interventions: "{ none: [] }")
      let report = try report(results)
      #expect(report.contains("*Not drawn: the file has no share"))
      #expect(!FileManager.default.fileExists(atPath: results.results.tables.appending(path: "sweep_grid.csv").path))
    }
  }
}
