import Foundation
import Testing

/// `claims` by the command line.
@Suite struct ClaimsTests {
  private static let file =
    experiment("record:\n  - { name: words, sites: \"cross:*\" }\n", with: "metrics: [ssim]\n")
      + """
      claims:
        claims:
          - name: C1
            statement: It is near.
            tests: [{ says: nearer than far, metric: ssim, of: swap, above: -2 }]

      """

  @Test func severalModelsSideBySideAndThenNothingToMake() throws {
    try Program.inFolder { attnlab in
      try attnlab.write(Self.file.replacingOccurrences(of: "seeds: [1]", with: "seeds: [1, 2]"), to: "small.yaml")
      // The file's own model shares the results of `run`.
      #expect(try attnlab("run", "small.yaml").code == 0)
      let both = ["claims", "small.yaml", "--model", "emoji-scenes", "--model", "emoji-scenes-first"]
      let first = try attnlab.run(both)
      #expect(first.code == 0, "\(first.errors)")
      let lines = first.output.split(separator: "\n").map(String.init)
      #expect(
        lines[0].hasPrefix("claim ") && lines[0].hasSuffix("emoji-scenes-first") && lines[1].hasPrefix("C1 ")
          && lines[1].hasSuffix("shown"))
      #expect(lines[2].hasPrefix("  nearer than far (above -2)  ") && lines[2].hasSuffix("], shown"))
      #expect(lines[3] == "report: \(attnlab.folder.path)/Results/small--models/claims.md")
      #expect(first.errors.contains("model 1 of 2: emoji-scenes\n") && first.errors.contains("model 2 of 2: "))
      #expect(attnlab.files.contains("Results/small--emoji-scenes-first/report.md"))
      #expect(attnlab.files.count { $0.hasPrefix("Results/small/") && $0.hasSuffix("/picture.png") } == 6)

      let files = attnlab.files
      let again = try attnlab.run(both + ["--json"])
      #expect(again.code == 0 && attnlab.files == files, "\(again.errors)")
      let json = try again.json()
      let models = try #require(json["models"] as? [[String: Any]])
      #expect(models.map { $0["results"] as? String } == ["small", "small--emoji-scenes-first"])
      #expect(models.allSatisfy { (($0["claims"] as? [[String: Any]])?.first)?["verdict"] as? String == "shown" })
      #expect((json["files"] as? [String])?.count == 2)
    }
  }

  /// A folder's results have its content in their name.
  @Test func aFolderOfAModel() throws {
    try Program.inFolder { attnlab in
      try attnlab.write(Self.file, to: "small.yaml")
      _ = try attnlab.copyModel(to: "step 1000")
      let outcome = try attnlab("claims", "small.yaml", "--model", "step 1000")
      #expect(outcome.code == 0, "\(outcome.errors)")
      let results = try #require(
        attnlab.files.first { $0.hasPrefix("Results/small--step_1000-") && $0.hasSuffix("/report.md") })
      #expect(results.count == "Results/small--step_1000-01234567/report.md".count)
      #expect(outcome.output.hasSuffix("report: \(attnlab.folder.path)/\(results)\n"))
      let twice = try attnlab("claims", "small.yaml", "--model", "step 1000", "--model", "./step 1000")
      #expect(twice.code == 2)
      #expect(twice.errors.hasPrefix("error: --model: ./step 1000 is the same model as step 1000\n"), "\(twice.errors)")
    }
  }

  @Test func whatCannotBeJudged() throws {
    try Program.inFolder { attnlab in
      try attnlab.write(experiment(), to: "plain.yaml")
      let plain = try attnlab("claims", "plain.yaml")
      #expect(plain.code == 2)
      #expect(plain.errors.hasPrefix("error: plain.yaml has no claims; add the key claims, or make its runs with"))
      try attnlab.write(Self.file, to: "small.yaml")
      let missing = try attnlab("claims", "small.yaml", "--model", "emoji-scene")
      #expect(missing.code == 2 && missing.errors.contains("did you mean \"emoji-scenes\"?"), "\(missing.errors)")
      let long = try attnlab(
        "claims", "small.yaml", "--set", "name=\(String(repeating: "x", count: 60))", "--model", "emoji-scenes-first")
      #expect(
        long.code == 2 && long.errors.contains("which has 80 characters; a name has at most 64"), "\(long.errors)")
      #expect(!attnlab.files.contains("Results"))
    }
  }
}
