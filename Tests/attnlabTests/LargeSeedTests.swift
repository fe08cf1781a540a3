import Foundation
import Testing

/// Seeds from 2^63 on, which the database holds as negative numbers, are what they are wherever they are shown.
@Suite struct LargeSeedTests {
  private let seed = "18446744073709551615"

  @Test func theLargestSeedIsItselfEverywhere() throws {
    try Program.inFolder { program in
      let text = experiment("seeds: [1]", with: "seeds: [1, \(seed)]") + "metrics: [ssim]\nfigures: [side_by_side]\n"
      try program.write(text, to: "large.yaml")
      let run = try program("run", "large.yaml")
      #expect(run.code == 0, "\(run.errors)")

      let shown = try program("show", "small", "--json").json()
      let runs = try #require(shown["runs"] as? [[String: Any]])
      let large = runs.filter { ($0["seed"] as? NSNumber)?.stringValue == seed }
      #expect(large.count == 3 && runs.count == 6)
      let hash = try #require(large.first?["hash"] as? String)
      var texts = [
        "show": try program("show", "small").output,
        "show --run": try program("show", "small", "--run", hash).output,
        "plan": try program("plan", "large.yaml").output,
        "gc": try program("gc", "small", "--seed", seed, "--dry-run").output,
        "gc --json": try program("gc", "small", "--seed", seed, "--dry-run", "--json").output,
        "compare": try program("compare", "small", "--by", "seed").output,
      ]
      let export = try program(
        "export", "small", "--run", hash, "--steps", "0", "--format", "json", "--out", "exported")
      #expect(export.code == 0, "\(export.errors)")
      let stats = try program("maps", "stats", "small", "--seed", seed, "--out", "stats")
      #expect(stats.code == 0, "\(stats.errors)")
      for name in ["report.md", "tables/runs.csv", "tables/metrics.csv"] {
        texts[name] = try String(contentsOf: program.folder.appending(path: "Results/small/\(name)"), encoding: .utf8)
      }
      for name in program.files where name.hasPrefix("exported/") && name.hasSuffix(".json") {
        texts[name] = try String(contentsOf: program.folder.appending(path: name), encoding: .utf8)
      }
      #expect(texts.count > 9)
      for (name, text) in texts { #expect(text.contains(seed), "\(name): \(text)") }
      let gone = try program("gc", "small", "--seed", seed)
      #expect(gone.code == 0, "\(gone.errors)")
      let left = try #require(try program("show", "small", "--json").json()["runs"] as? [[String: Any]])
      #expect(left.compactMap { $0["seed"] as? Int } == [1, 1, 1])
    }
  }
}
