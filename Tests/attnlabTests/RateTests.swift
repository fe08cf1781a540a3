import Foundation
import TestSupport
import Testing

/// `rate` from the sheet to the agreement.
@Suite struct RateTests {
  private static let metrics = "metrics: [object_present, binding_right, rated_object_present, rated_binding_right]"

  @Test func aSheetIsFilledInAndReadBack() throws {
    try Program.inFolder { attnlab in
      try attnlab.write(experiment() + Self.metrics, to: "e.yaml")
      #expect(try attnlab("run", "e.yaml").code == 0)
      let none = try attnlab("rate", "small")
      #expect(none.code == 1 && none.errors.hasPrefix("error: small: no picture has both a rater's answer and"))

      let sheet = try attnlab("rate", "small", "--out", "rating", "--count", "2")
      let folder = attnlab.folder.path
      #expect(
        sheet.output
          == "wrote 2 pictures; open \(folder)/rating/rate.html in a browser, or fill in \(folder)/rating/answers.csv\n"
      )
      #expect(
        attnlab.files.filter { $0.hasPrefix("rating/pictures/") }.sorted() == [
          "rating/pictures/1.png", "rating/pictures/2.png",
        ])

      var lines = try String(contentsOf: attnlab.folder.appending(path: "rating/answers.csv"), encoding: .utf8)
        .split(separator: "\n").map(String.init)
      #expect(lines.count == 3)
      try attnlab.write(lines.joined(separator: "\n"), to: "answers.csv")
      let empty = try attnlab("rate", "small", "--answers", "answers.csv", "--rater", "Al, person")
      #expect(empty.code == 1 && empty.errors.hasSuffix("answers.csv: no line has an answer\n"))
      lines[1] += "a red car"
      lines[2] += "nothing"
      try attnlab.write(lines.joined(separator: "\n"), to: "answers.csv")
      let kept = try attnlab("rate", "small", "--answers", "answers.csv", "--rater", "Al, person")
      #expect(kept.code == 0 && kept.output.hasPrefix("kept 2 answers in \(folder)/Results/small/ratings.csv\n"))

      // The answers are measured, and nothing is computed again.
      let again = try attnlab("run", "e.yaml")
      #expect(again.output.hasPrefix("nothing to compute"), "\(again.output)")
      let agreement = try attnlab("rate", "small", "--json")
      let entries = try #require(
        try JSONSerialization.jsonObject(with: Data(agreement.output.utf8)) as? [[String: Any]])
      #expect(!entries.isEmpty && entries.allSatisfy { ($0["count"] as? Int ?? 0) > 0 && $0["agreement"] is Double })
      #expect(try attnlab("rate", "small").output.hasPrefix("metric "))
      let report = try String(contentsOf: attnlab.folder.appending(path: "Results/small/report.md"), encoding: .utf8)
      #expect(report.contains("object present, rated"))
    }
  }

  @Test func optionsThatDoNotGoTogether() throws {
    try Program.inFolder { attnlab in
      for (arguments, message) in [
        (["--out", "a", "--answers", "b", "--rater", "c"], "make a sheet first"),
        (["--answers", "b"], "say with --rater who answered"), (["--rater", "b"], "--rater: goes with --answers"),
        (["--count", "3"], "--count: goes with --out"), (["--out", "a", "--count", "0"], "it is 1 to 10000"),
        (["--answers", "b", "--rater", "\u{1b}[2J"], "printable"),
      ] {
        let outcome = try attnlab.run(["rate", "small"] + arguments)
        #expect(outcome.code == 2 && outcome.errors.contains(message), "\(outcome.errors)")
      }
    }
  }
}
