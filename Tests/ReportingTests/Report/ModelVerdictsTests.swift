import AttentionStore
import ExperimentSupport
import Foundation
import Planning
import Results
import TestSupport
import Testing

@testable import Reporting

/// The claims of one file on two models.
@Suite struct ModelVerdictsTests {
  private static let claims = """
    claims:
      claims:
        - name: C1
          statement: It keeps *more*.
          tests:
            - { says: more than nothing, metric: ssim, of: late, against: none, above: 0.1 }
            - { says: much, metric: ssim, of: late, above: 0.5 }
    """

  /// Results whose `late` is above `none` by so much.
  private func results(_ root: URL, name: String, effect: Double) throws -> MeasuredResults {
    try MeasuredResults(root, name: name, seeds: Array(1...6), lines: Self.claims) { run in
      ["ssim": 0.5 + (run.intervention == "late" ? effect : 0) + 0.01 * Double(run.seed % 3), "psnr": 20]
    }
  }

  private func verdicts(_ root: URL) throws -> ModelVerdicts {
    let all = [try results(root, name: "small", effect: 0.3), try results(root, name: "small--other", effect: 0)]
    for each in all { try each.store.close() }
    let store = try AttentionStore.open(all[0].results.database, mode: .readOnly)
    defer { try? store.close() }
    return try ModelVerdicts(all.map(\.results), of: ExperimentPlan.last(of: store).spec)
  }

  @Test func aColumnAModelInTheTerminal() throws {
    try Fixtures.withTemporaryFolder { root in
      let lines = try verdicts(root).text.split(separator: "\n").map(String.init)
      // One model's content twice: told apart as far as it can be.
      #expect(lines[0].hasPrefix("claim") && lines[0].hasSuffix("emoji-scenes 30de1"))
      #expect(lines.count == 4)
      #expect(
        lines[1].hasPrefix("C1 ") && lines[1].contains("  shown  ") && lines[1].hasSuffix("  refuted"), "\(lines[1])")
      #expect(lines[2].contains("  more than nothing (above 0.1)  +0.3 [+0.3, +0.3], shown  "), "\(lines[2])")
      #expect(lines[2].hasSuffix("  0 [0, 0], refuted"), "\(lines[2])")
      #expect(lines[3].contains(", shown  0.51 ["), "\(lines[3])")
    }
  }

  @Test func aPageAndItsNumbers() throws {
    try Fixtures.withTemporaryFolder { root in
      let files = try verdicts(root).write(in: root)
      #expect(files.map(\.lastPathComponent) == ["claims.md", "claims.csv"])
      #expect(files.allSatisfy { $0.deletingLastPathComponent().lastPathComponent == "small--models" })
      let page = try String(contentsOf: files[0], encoding: .utf8)
      for piece in [
        "# small on 2 models\n",
        "| **C1**: It keeps \\*more\\*. | shown | refuted |",
        "| 24 | 6 | none | [small--other](../small--other/report.md) |",
        "## C1\n\n> It keeps \\*more\\*.\n\n| test | model | threshold |",
        "| more than nothing | emoji-scenes 30de1 | above 0.1 | 12 | 6 seeds | 0 \\[0, 0\\], refuted | – |",
      ] { #expect(page.contains(piece), "\(piece)\n\(page)") }
      let rows = try String(contentsOf: files[1], encoding: .utf8).split(separator: "\n")
      #expect(rows.count == 1 + 2 * 2 && rows[3].hasPrefix("emoji-scenes 30de1,30de1,small--other,C1,refuted,more"))
    }
  }
}
