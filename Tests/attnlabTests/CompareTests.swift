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
          "baseline    none", "matched by  source prompt, target prompt and seed",
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
      #expect(try PNG.read(attnlab.folder.appending(path: "a.png")).picture.height > 200)

      // A name with a comma, and the same seed again.
      let named = try attnlab("compare", "small", "--interventions", "self, late", "--by", "layer", "--metrics", "ssim")
      #expect(named.code == 0 && named.output.contains("self, late    self 14-16"), "\(named.output)\(named.errors)")
      #expect(try attnlab("compare", "small").output == attnlab("compare", "small").output)
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
          "error: The value 'psnr,ssmi' is invalid for '--metrics <names>': \"ssmi\" is not a metric; did you mean \"ssim\"? attnlab metrics lists them\n"
        ),
        ("small --by day", "error: The value 'day' is invalid for '--by <layer|step|seed|prompt|settings>'"),
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
