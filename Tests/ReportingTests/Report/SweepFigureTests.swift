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
      #expect(rows[1].contains(",1.0,0.95,0.735351"), "\(rows[1])")
      #expect(rows[8].hasPrefix("\"swap layers=2-3, steps=late\",2-3,late,layout_kept,12,"))
      #expect(rows[8].contains(",0.5,0.95,"))
      // Beside nothing done, at 1 - 0.05 / 8: with b = 0.003125^(1/12) twelve that agree reach by 1 - b, or from -1 by sqrt(2) (1 - b).
      #expect(rows[0].hasSuffix(",difference,difference_low,difference_high,difference_confidence,differs"))
      #expect(rows[1].contains(",1.0,0.0,-0.381645") && rows[1].hasSuffix(",0.99375,false"), "\(rows[1])")
      #expect(rows[5].contains(",-1.0,-1.0,-0.460271") && rows[5].hasSuffix(",0.99375,true"), "\(rows[5])")
      for piece in [
        "**What differs from nothing done.** Each intervention is compared with `none`, edit by edit.",
        "Their intervals are at 99.375 %, so wide that all of them (4 interventions, 2 metrics) hold in 95 % of such experiments.",
        "- color reflected: 2 of 4 cells differ: `swap layers=2-3, steps=early` (-100 points [-100, -46.03], n 12) and "
          + "`swap layers=2-3, steps=late` (-100 points [-100, -46.03], n 12).\n- layout kept: none of 4 cells differs.\n",
      ] { #expect(report.contains(piece), "\(piece)\n\(report)") }
    }
  }

  private static let steps = "{ c1: [0], c2: [0, 1], c3: [0, 1, 2], c4: [1, 2], c5: [2] }"

  /// The first three of five values take the color, the others nothing.
  /// - Parameters:
  ///   - lost: the values that take it.
  ///   - missing: a value whose runs have no metric.
  ///   - other: another intervention, after a comma.
  private func ordered(
    _ root: URL, lost: Set<Substring> = ["c1", "c2", "c3"], without missing: String = "", beside other: String = ""
  ) throws -> MeasuredResults {
    let late = "late: { sweep: { steps: \(Self.steps) }, operations: [{ op: zero, sites: \"self:*\" }] }"
    return try MeasuredResults(
      root, pairs: 6, interventions: "{ none: [], \(late)\(other) }", names: "[color_reflected, layout_kept]",
      lines: "figures: [sweep_grid]",
      metrics: { run in
        let value = run.intervention.split(separator: "=").last ?? ""
        let isLost = run.intervention.hasPrefix("late ") && lost.contains(value)
        return value == missing ? [:] : ["color_reflected": isLost ? 0 : 1, "layout_kept": run.seed == 1 ? 1 : 0]
      })
  }

  @Test func ofValuesInAnOrderTheFirstAndTheLastThatDiffer() throws {
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let report = try report(ordered(root))
      for piece in [
        "**What still matters.** Each intervention is compared with `none`, edit by edit.",
        "Their intervals are at 99.5 %, so wide that all of them (5 interventions, 2 metrics) hold in 95 %",
        """
        | sweep | metric | first value of `steps` that differs | last that differs | from here on nothing differs |
        | --- | --- | --- | --- | --- |
        | `late` | color reflected | c1: -100 points [-100, -44.42], n 12 | c3: -100 points [-100, -44.42], n 12 | c4 |
        | `late` | layout kept | none | none | c1 |

        The numbers: [tables/sweep_grid.csv](tables/sweep_grid.csv).
        """,
      ] { #expect(report.contains(piece), "\(piece)\n\(report)") }
    }
  }

  @Test func theLastValueDiffersStill() throws {
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let report = try report(ordered(root, lost: ["c2", "c3", "c4", "c5"]))
      let found = "-100 points [-100, -44.42], n 12"
      #expect(
        report.contains("| `late` | color reflected | c2: \(found) | c5: \(found) | the last still differs |"),
        "\(report)")
    }
  }

  /// Of what nobody measured one cannot say that it does not differ; and of several grids each has its caption.
  @Test func valuesThatNobodyMeasured() throws {
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let swap =
        ", swap: { sweep: { layers: [1], steps: { a: [0] } }, operations: [{ op: zero, sites: \"self:*\" }] }"
      let report = try report(ordered(root, without: "c4", beside: swap))
      for piece in [
        "**What still matters: interventions by steps.**", "**What differs from nothing done: swap, layers by steps.**",
        "| c3: -100 points [-100, -44.42], n 12 | – |", "| `late` | layout kept | none | none | – |",
        "For 2 of 10 differences too few edits are measured to tell. A dash stands where one of them may be the last that differs.",
        "- color reflected: none of 1 cell differs.",
      ] { #expect(report.contains(piece), "\(piece)\n\(report)") }
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
      let results = try results(root, interventions: swept)
      let report = try report(results)
      #expect(report.contains("below it the interval of 95 %.") && !report.contains("Compare a cell"), "\(report)")
      #expect(!report.contains("What differs from nothing done"))
      let table = try String(contentsOf: results.results.tables.appending(path: "sweep_grid.csv"), encoding: .utf8)
      let rows = table.split(separator: "\n").dropFirst()
      #expect(rows.count == 8 && rows.allSatisfy { $0.hasSuffix(",,,,,") }, "\(table)")
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
