import Foundation
import Plotting
import TestSupport
import Testing

/// `compare` by the command line.
@Suite struct CompareTests {
  /// One pair, two seeds, three interventions.
  private func makeResults(_ attnlab: Program) throws {
    let text = experiment("seeds: [1]", with: "seeds: [1, 2]")
      .replacingOccurrences(of: "record:\n  - { name: words, sites: \"cross:*\" }\n", with: "metrics: [psnr, ssim]\n")
      .replacingOccurrences(
        of: "  swap: ", with: "  \"self, late\": [{ op: replace, sites: \"self:14-16\", steps: [1] }]\n  swap: ")
    try attnlab.write(text, to: "small.yaml")
    let outcome = try attnlab("run", "small.yaml")
    #expect(outcome.code == 0, "\(outcome.errors)")
  }

  @Test func tableFilesAndJSON() throws {
    try Program.inFolder { attnlab in
      try makeResults(attnlab)
      let outcome = try attnlab("compare", "small", "--csv", "a.csv", "--chart", "a.png", "--samples", "500")
      #expect(outcome.code == 0, "\(outcome.errors)")
      let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      #expect(
        Array(lines.prefix(5)) == [
          "baseline    none", "matched by  source prompt, target prompt, seed and settings",
          "interval    95 % BCa bootstrap, 500 resamples, seed 0",
          "clusters    pairs x seeds, as there are fewer than 5 seeds", "",
        ])
      #expect(lines.contains("PSNR in dB; higher is closer to the source, pixel by pixel"))
      #expect(lines.contains { $0.hasPrefix("self, late    2         2 ") }, "\(outcome.output)")
      #expect(lines.contains { $0.hasPrefix("few clusters (2): such intervals are too short; ") })
      #expect(outcome.output.hasSuffix("wrote \(attnlab.folder.path)/a.csv\nwrote \(attnlab.folder.path)/a.png\n"))

      // The table's numbers are those of the runs.
      let runs = try #require(try attnlab("show", "small", "--json").json()["runs"] as? [[String: Any]])
      func psnr(_ intervention: String) throws -> [Double] {
        try runs.filter { $0["intervention"] as? String == intervention }
          .map { try #require(($0["metrics"] as? [String: Any])?["psnr"] as? Double) }
      }
      let differences = zip(try psnr("swap"), try psnr("none")).map { $0 - $1 }
      #expect(differences.count == 2)
      let report = try attnlab("compare", "small", "--json", "--samples", "500").json()
      let rows = try #require(report["rows"] as? [[String: Any]])
      #expect(rows.count == 4)
      let swap = try #require(
        rows.first { $0["intervention"] as? String == "swap" && $0["metric"] as? String == "psnr" })
      let difference = try #require(swap["difference"] as? Double)
      #expect(abs(difference - (differences[0] + differences[1]) / 2) < 1e-9)
      #expect(swap["n"] as? Int == 2 && swap["clustered_by"] as? String == "runs" && swap["unit"] as? String == "dB")
      let csv = try String(contentsOf: attnlab.folder.appending(path: "a.csv"), encoding: .utf8)
      #expect(csv.contains("\npsnr,dB,\"self, late\",none,,,2,2,runs,0,0,"))
      #expect(try PNG.read(attnlab.folder.appending(path: "a.png")).height > 200)

      // A name with a comma, and the same seed again.
      let named = try attnlab("compare", "small", "--interventions", "self, late", "--by", "layer", "--metrics", "ssim")
      #expect(named.code == 0 && named.output.contains("self, late    self 14-16"), "\(named.output)\(named.errors)")
      #expect(try attnlab("compare", "small").output == attnlab("compare", "small").output)
    }
  }

  @Test func testsBesideIntervals() throws {
    try Program.inFolder { attnlab in
      try makeResults(attnlab)
      let options = ["--test", "--permutations", "999", "--equivalence", "ssim=0.5", "--equivalence", "psnr=100"]
      let all = ["compare", "small"] + options + ["--correlate", "psnr, ssim", "--csv", "a.csv"]
      let outcome = try attnlab.run(all)
      #expect(outcome.code == 0, "\(outcome.errors)")
      let lines = outcome.output.split(separator: "\n").map(String.init)
      #expect(
        lines.contains(
          "test         two-sided, all differences of a cluster turned at once: all 4 signs of clusters; corrected p for all "
            + "rows of a metric by step-down maxima"), "\(outcome.output)")
      #expect(lines.contains { $0.hasPrefix("equivalence  two one-sided t tests (TOST) at 5 % ") })
      let headings = lines.filter { $0.hasPrefix("intervention ") }.map {
        $0.replacingOccurrences(of: " {2,}", with: "|", options: .regularExpression)
      }
      let start = "intervention|n|clusters|baseline|mean|difference|95 % interval|p|corrected p|90 % interval|"
      #expect(
        headings == [
          start + "TOST p|within 100.0|excluded|unmatched", start + "TOST p|within 0.5|excluded|unmatched",
          "intervention|n|Spearman|95 % interval|p|Kendall|95 % interval|p|excluded|missing",
        ], "\(headings)")
      // Two values have no rank correlation.
      #expect(lines.contains { $0.hasPrefix("none          2         -  ") })

      let report = try attnlab.run(all + ["--json"]).json()
      let rows = try #require(report["rows"] as? [[String: Any]])
      let swap = try #require(rows.first { $0["intervention"] as? String == "swap" })
      let p = try #require(swap["p"] as? Double)
      #expect([0.5, 1].contains(p) && (swap["corrected_p"] as? Double ?? 0) >= p)
      let within = try #require(swap["equivalence"] as? [String: Any])
      #expect(within["bound"] as? Double == 100 && within["n"] as? Int == 2 && within["clusters"] as? Int == 2)
      let correlations = try #require(report["correlations"] as? [[String: Any]])
      #expect(correlations.count == 6 && correlations[0]["problem"] as? String == "needs 3 pairs or more, found 2")
      #expect(report["test_method"] as? String != nil && report["equivalence_method"] as? String != nil)
      let csv = try String(contentsOf: attnlab.folder.appending(path: "a.csv"), encoding: .utf8)
      #expect(
        csv.split(separator: "\n")[0].hasSuffix(
          ",p,corrected_p,equivalence_bound,equivalence_low,"
            + "equivalence_high,equivalence_p,equivalent"))
    }
  }

  @Test func wrongUse() throws {
    try Program.inFolder { attnlab in
      try makeResults(attnlab)
      // A reader of a database in WAL mode leaves SQLite's own files beside it.
      func files() -> [String] { attnlab.files.filter { !$0.hasSuffix("-shm") && !$0.hasSuffix("-wal") } }
      let before = files()
      for (line, message) in [
        (
          "small --baseline non",
          "error: --baseline: there is no intervention \"non\"; did you mean \"none\"? there are none, self, late, swap\n"
        ),
        ("small small", "error: small is named more than once; compare results of different names\n"),
        ("small --samples 99", "error: --samples: 99 is not allowed; it is 100 to 1000000\n"),
        ("small --chart a.jpg", "error: --chart: the chart is a PNG file, and \"a.jpg\" does not end in .png\n"),
        (
          "small --metrics psnr,ssmi",
          "error: --metrics: \"ssmi\" is not a metric; did you mean \"ssim\"? attnlab metrics lists them\n"
        ),
        ("small --by day", "error: The value 'day' is invalid for '--by <layer|step|seed|prompt|settings>'"),
        ("small --permutations 999", "error: --permutations needs --test\n"),
        ("small --test --permutations 998", "error: --permutations: 998 is not allowed; it is 999 to 1000000\n"),
        (
          "small --equivalence ssim=0",
          "error: The value 'ssim=0' is invalid for '--equivalence <metric=bound>': write a metric and a bound above 0,"
        ),
        ("small --equivalence ssim=1 --equivalence ssim=2", "error: --equivalence: ssim has two bounds; give one\n"),
        ("small --equivalence lpips=1", "error: --equivalence: lpips is not compared; there are psnr, ssim\n"),
        (
          "small --correlate psnr,psnr",
          "error: The value 'psnr,psnr' is invalid for '--correlate <metric,metric>': write two different metrics "
        ),
        ("small --correlate psnr,x", "error: --correlate: small did not measure x; it has psnr, ssim\n"),
        ("other", "error: no results of \"other\": Results holds small; "),
      ] {
        let outcome = try attnlab.shell("\"$attnlab\" compare \(line)")
        #expect(outcome.code == 2 && outcome.output == "", "\(line)")
        #expect(outcome.errors.hasPrefix(message), "\(line): \(outcome.errors)")
      }
      let missing = try attnlab("compare", "small", "--csv", "nowhere/a.csv", "--chart", "a.png")
      #expect(missing.code == 1)
      #expect(missing.errors.hasPrefix("error: --csv: the folder \(attnlab.folder.path)/nowhere does not exist; "))
      #expect(files() == before)
    }
  }
}
