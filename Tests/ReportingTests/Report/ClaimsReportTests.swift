import Comparing
import ExperimentSupport
import Foundation
import Plotting
import Results
import Tensors
import TestSupport
import Testing

@testable import Reporting

/// What a report says of claims, and the table and the figure of their tests.
@Suite struct ClaimsReportTests {
  private static let claims = """
    claims:
      held_out_seeds: [2, 3, 4, 5, 6, 7]
      gates:
        - { says: sources are right, metric: ssim, of: source, at_least: 0.9 }
      claims:
        - name: C1
          statement: It "keeps" the *layout*.
          exclusions: blurred pictures
          tests:
            - { says: more than nothing, metric: ssim, of: late, against: none, above: 0.1, placebo: first }
        - name: C2
          statement: It does nothing.
          tests:
            - { says: ssim falls, metric: ssim, of: late, against: none, below: -0.1 }
            - { says: psnr is high, metric: psnr, of: late, above: 30 }
    """

  @Test func zeroHasNoSign() {
    #expect([0, -0.0].map { ClaimText.number($0) } == ["0", "0"])
    #expect([0, -0.0].map { ClaimText.signed($0) } == ["0", "0"])
    #expect(ClaimText.signed(0.25) == "+0.25" && ClaimText.signed(-0.25) == "-0.25" && ClaimText.signed(.nan) == "–")
  }

  /// A report says what an average is of, and names it in its tests.
  @Test func averagesAreExplained() throws {
    let lines = Self.claims
      .replacingOccurrences(of: "  gates:", with: "  averages: [{ name: any, of: [first, none] }]\n  gates:")
      .replacingOccurrences(of: "against: none, above: 0.1", with: "against: any, above: 0.1")
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let report = try report(results(root, lines: lines))
      #expect(report.contains("- *any* is, for each edit, the mean over its 2 runs with `first` and `none`.\n"))
      #expect(report.contains("| ssim, late − any |"))
    }
  }

  /// Seed 1, which is not held out, says the opposite of the others.
  private static func metrics(_ run: MeasuredResults.Run) -> [String: Double]? {
    let sign: Double = run.seed == 1 ? -100 : 1
    let effect: [String: Double] = ["late": 0.3, "first": 0.05]
    let wave = 0.01 * Double(run.seed % 3)
    return [
      "ssim": 0.5 + sign * ((effect[run.intervention] ?? 0) + wave * (run.intervention == "none" ? 0 : 1)),
      "psnr": run.seed == 2 ? .infinity : 30 + sign * (run.seed % 2 == 0 ? 1 : -1),
    ]
  }

  private func results(
    _ root: URL, right: Double = 1, lines: String = claims,
    metrics: (MeasuredResults.Run) -> [String: Double]? = metrics
  ) throws -> MeasuredResults {
    try MeasuredResults(
      root, pairs: 2, seeds: Array(1...7), lines: lines, sources: { _ in ["ssim": right] }, metrics: metrics)
  }

  private func report(_ results: MeasuredResults) throws -> String {
    _ = try ExperimentReport.write(results: results.results, store: results.store)
    return try String(contentsOf: results.results.report, encoding: .utf8)
  }

  private func table(_ results: MeasuredResults) throws -> [[String]] {
    let url = results.results.tables.appending(path: "claims.csv")
    return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
  }

  @Test func beginsWithThreePlainLines() throws {
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let report = try report(results(root))
      #expect(
        report.hasPrefix(
          """
          # small

          - **Asked.** Which of these 2 claims hold? C1: It "keeps" the \\*layout\\*; C2: It does nothing.
          - **Found.** C1 is **shown**: all that it says was found. C2 is **refuted**: the pictures speak against “ssim \
          falls”.
          - **How sure.** Judged by 36 pictures from 6 random starts that were held out from looking. The margins of error \
          are set so wide that in 95 % of such experiments no part of a claim is shown or refuted wrongly, with this model \
          and pictures like these.

          ## What was done

          """), "\(report.prefix(1200))")
    }
  }

  @Test func aSectionWithGatesAndATableForEachClaim() throws {
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let report = try report(results(root))
      for piece in [
        "Only runs of the held-out seeds 2, 3, 4, 5, 6, 7 count.",
        "corrected by Holm's procedure (1979): in 95 % of such experiments none of them is shown or refuted wrongly.",
        "- holds: sources are right: the mean of ssim of \"source\" is to be 0.9 or more; it is 1 of 12 runs\n",
        "### C1: shown\n\n> It \"keeps\" the \\*layout\\*.\n\nLeft out: blurred pictures\n\n| test |",
        "| more than nothing | ssim, late − none | 12 | 6 seeds | 0 | 0.81 | 0.5 | +0.31 | [",
        "] | 95 % | above 0.1 | +0.25 (n 12, 6 seeds) | [+0.25, +0.25] | **shown** |",
        "### C2: refuted\n",
        "| below -0.1 | – | – | **refuted** |",
        // Both pairs of seed 2 have equal pictures.
        "| psnr is high | psnr, late | 10 | 5 seeds | 2 |",
        "| above 30 | – | – | **undecided**: the interval holds the threshold |",
        "![small: the tests of its claims](figures/claims.png)",
      ] { #expect(report.contains(piece), "\(piece)\n\(report.prefix(5000))") }
      // What is judged is not said to be without a verdict.
      #expect(!report.contains("No verdict is drawn"))
      #expect(try PNG.read(root.appending(path: "small/figures/claims.png")).height > 300)
    }
  }

  @Test func tableOfAllTests() throws {
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let results = try results(root)
      _ = try report(results)
      let rows = try table(results)
      #expect(rows.count == 5 && Set(rows.map(\.count)) == [31])
      func value(_ row: Int, _ name: String) throws -> String {
        rows[row][try #require(rows[0].firstIndex(of: name))]
      }
      #expect(try value(1, "kind") == "gate" && value(1, "mean_of") == "1.0" && value(1, "verdict") == "holds")
      #expect(try value(2, "claim") == "C1" && value(2, "claim_verdict") == "shown" && value(2, "n") == "12")
      #expect(try value(2, "confidence") == "0.95" && value(2, "placebo") == "first")
      #expect(try abs((Double(value(2, "difference")) ?? 0) - 0.31) < 1e-12)
      #expect(try abs((Double(value(2, "placebo_low")) ?? 0) - 0.25) < 1e-12 && value(2, "placebo_clusters") == "6")
      #expect(try value(3, "side") == "below" && value(3, "threshold") == "-0.1" && value(3, "verdict") == "refuted")
      #expect(try value(4, "excluded") == "2" && value(4, "difference") == "" && value(4, "mean_against") == "")
      #expect(try value(4, "reason") == "the interval holds the threshold" && value(4, "placebo_n") == "")
    }
  }

  /// Bars of means and of differences: the axis says which they are, and each bar of how many runs it is.
  @Test func whatTheFigureDraws() throws {
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let against = "{ says: psnr is higher, metric: psnr, of: late, against: none, above: 0 }"
      func drawn(_ folder: String, _ lines: String) throws -> [(metric: String, axis: String, bars: [Bar])] {
        let results = try results(root.appending(path: folder), lines: lines)
        let judgement = try #require(ClaimsJudgement(StoredResults(results: results.results, store: results.store)))
        return ReportVerdicts(judgement: judgement).panels
      }
      let panels = try drawn("a", Self.claims)
      #expect(panels.map(\.axis) == ["difference of ssim", "psnr"])
      #expect(panels[0].bars.map(\.remark) == ["n 12  shown", "n 12", "n 12  refuted"])
      let mixed = try drawn("b", Self.claims + "\n        - \(against)")
      #expect(mixed.map(\.axis) == ["difference of ssim", "psnr, or a difference of it"])
    }
  }

  /// Whether thresholds were fixed before the first run, as far as anybody can check.
  @Test func saysWhenThresholdsWereFixed() throws {
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let results = try results(root)
      let judgement = try #require(ClaimsJudgement(StoredResults(results: results.results, store: results.store)))
      func section(_ origin: ThresholdOrigin?, begun second: Double) -> String {
        ReportVerdicts(
          judgement: judgement, thresholds: origin, firstRun: Date(timeIntervalSince1970: second)
        ).section(nil)
      }
      let origin = ThresholdOrigin.commit("0123456789abcdef", Date(timeIntervalSince1970: 1_700_000_000))
      let since = "The claims and thresholds stand since commit `0123456789ab` of 2023-11-14T22:13:20Z. "
      #expect(section(origin, begun: 1_700_000_000).contains("\n\n\(since)The first run was begun later.\n\n"))
      #expect(section(origin, begun: 1_699_999_999).contains("\(since)**The first run was begun before that**"))
      #expect(section(.notCommitted, begun: 0).contains("**The claims and thresholds were in no commit"))
      #expect(section(.notVersioned, begun: 0).contains("was under no version control"))
      #expect(!section(nil, begun: 0).contains("begun"))
    }
  }

  @Test func aGateThatFails() throws {
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let report = try report(results(root, right: 0.5))
      #expect(
        report.contains(
          "- **Found.** C1 is **not testable here**: a gate failed: sources are right. C2 is **not testable here**: a gate "
            + "failed: sources are right.\n"))
      #expect(
        report.contains(
          "- **fails**: sources are right: the mean of ssim of \"source\" is to be 0.9 or more; it is 0.5"))
      #expect(report.contains("| **not testable here**: a gate failed: sources are right |"))
    }
  }

  @Test func aGateOnAnInstrument() throws {
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let line = "{ says: the reader is right, instrument: reader.color, at_least: 0.95 }"
      let results = try results(
        root,
        lines: Self.claims.replacingOccurrences(
          of: "{ says: sources are right, metric: ssim, of: source, at_least: 0.9 }", with: line))
      let needs = "the reader is right: \"reader.color\" is to be right 95 % of the time or more; "
      #expect(
        try report(results).contains(
          "- **fails**: \(needs)no accuracy of \"reader.color\" is known on pictures of this model"))
      _ = try ExperimentReport.write(
        results: results.results, store: results.store, instruments: InstrumentAccuracies { _ in 0.9731 })
      let known = try String(contentsOf: results.results.report, encoding: .utf8)
      #expect(known.contains("- holds: \(needs)it is 97.31 %") && known.contains("C1 is **shown**:"))
      let row = try table(results)[1]
      #expect(row[5] == "reader.color" && row[8] == "0.95" && row[14] == "0.9731" && row[29] == "holds")
    }
  }

  @Test func nothingMeasured() throws {
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let results = try results(root) { _ in nil }
      let report = try report(results)
      #expect(report.contains("- **How sure.** Nothing can be said: no picture has the measurements.\n"))
      #expect(report.contains("a gate failed: sources are right") && !report.contains("figures/claims.png"))
      #expect(!FileManager.default.fileExists(atPath: results.results.figures.appending(path: "claims.png").path))
    }
  }

  /// A database may hold any number: what cannot be added up is told, and not drawn.
  @Test func hugeValues() throws {
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let results = try results(root) { run in
        ["ssim": run.intervention == "none" ? 0 : (run.seed % 2 == 0 ? 1e308 : -1e308), "psnr": 31]
      }
      let report = try report(results)
      #expect(report.contains("C1 is **not testable here**: the values are too large to be added up."))
      #expect(try table(results)[4][29] == "shown")
      #expect(FileManager.default.fileExists(atPath: results.results.figures.appending(path: "claims.png").path))
    }
  }

  /// A file that no longer claims anything leaves no table and no figure of it.
  @Test func withoutClaims() throws {
    try Fixtures.withTemporaryFolder { (root) throws -> Void in
      let folder = try results(root).results
      for name in ["figures/claims.png", "tables/claims.csv"] {
        try folder.openForWriting().write(Data(), to: name, making: true)
      }
      try FileManager.default.removeItem(at: folder.database)
      let report = try report(results(root, lines: ""))
      #expect(!report.contains("Verdicts") && !report.contains("**Asked.**"))
      for name in ["figures/claims.png", "tables/claims.csv"] {
        #expect(!FileManager.default.fileExists(atPath: folder.url.appending(path: name).path))
      }
    }
  }
}
