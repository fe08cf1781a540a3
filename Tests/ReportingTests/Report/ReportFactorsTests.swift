import AttentionStore
import ExperimentSupport
import Foundation
import Plotting
import TestSupport
import Testing

/// Metrics broken down by what prompts name, on values that are made up.
@Suite struct ReportFactorsTests {
  private static let tiny = Fixtures.folder.appending(path: "vision/tiny-scene-reader").path

  /// Every prompt with two seeds; `binding_right` by prompt, for both seeds.
  private func results(
    _ root: URL, prompts: [String], tables: String, _ binding: (String) -> [Double]
  ) throws -> SyntheticResults {
    let spec =
      SyntheticResults.spec(
        pairs: "[]", prompts: "[\(prompts.joined(separator: ", "))]", seeds: "[1, 2]", interventions: "{ none: [] }",
        record: "[]", metrics: "[binding_right, psnr]", figures: "[contact_sheet]")
      + "\ntables: \(tables)\ninstruments: { scene_reader: \"\(Self.tiny)\" }\n"
    let results = try SyntheticResults(root, spec: spec)
    for run in try results.store.runs() {
      try results.store.setMetrics(["binding_right": binding(run.prompt)[Int(run.run.seed.value) - 1]], run: run.id)
    }
    return results
  }

  private static let prompts = [
    "a red car", "a blue car", "a red dog", "a car and a dog", "a dog in the park", "a poem",
  ]

  @Test func tablesByEveryFactor() throws {
    try Fixtures.withTemporaryFolder { root in
      let results = try results(
        root, prompts: Self.prompts, tables: "[object, color, held_out, count, background, style]"
      ) { prompt in
        ["a red car": [1, 1], "a blue car": [1, 1], "a red dog": [1, 0], "a dog in the park": [0, .nan]][prompt] ?? [
          0, 0,
        ]
      }
      let report = try results.report()
      for (heading, rows) in [
        ("object", ["| car | 4 | 1.000 |", "| dog | 4 | 0.333 (3) |"]),
        ("color", ["| red | 4 | 0.750 |", "| blue | 2 | 1.000 |"]),
        ("whether the colored object was drawn in training", ["| drawn | 4 | 1.000 |", "| never drawn | 2 | 0.500 |"]),
        ("number of objects", ["| 1 | 8 | 0.714 (7) |", "| 2 | 2 | 0.000 |"]),
        ("background", ["| plain | 8 | 0.625 |", "| in the park | 2 | 0.000 (1) |"]),
        ("style", ["| plain | 10 | 0.556 (9) |"]),
      ] {
        let section = try #require(report.components(separatedBy: "### By \(heading)\n").dropFirst().first)
        let table = section.prefix { $0 != "#" }
        for row in rows { #expect(table.contains(row), "\(heading): \(table)") }
        #expect(table.split(separator: "\n").count { $0.hasPrefix("|") } == rows.count + 2)
      }
      #expect(
        report.contains(
          "**A claim may be tested** (binding right in 90 % of the pictures or more): car. **Not** (1 of 2): dog."))
      #expect(
        try results.table("by_object.csv")
          == "object,pictures,binding_right,binding_right_n\ncar,4,1.0,4\ndog,4,0.3333333333333333,3\n")
      // Edits there are none, so nothing is said of their metrics.
      #expect(!report.contains("PSNR"))
      #expect(try results.committed().keys.contains("contact_sheet.png"))
    }
  }

  @Test func tableOfAGroup() throws {
    try Fixtures.withTemporaryFolder { root in
      let prompts = ["a red car", "a dog", "a blue car", "a car and a dog", "a poem"]
      let tables = "[object, { group: core, objects: [car, dogg] }]"
      let results = try results(root, prompts: prompts, tables: tables) { prompt in
        ["a red car": [1, 0], "a blue car": [1, 1], "a car and a dog": [1, 0]][prompt] ?? [0, 0]
      }
      let table = try #require(
        try results.report().components(separatedBy: "### By objects of the group core\n").dropFirst().first)
      for row in ["| 1 core | 4 | 0.750 |", "| 1 other | 2 | 0.000 |", "| 1 core and 1 other | 2 | 0.500 |"] {
        #expect(table.contains(row), "\(table)")
      }
      #expect(table.contains("Not known to the scene reader: dogg."))
      #expect(
        try results.table("by_group.csv")
          == "group,pictures,binding_right,binding_right_n\n1 core,4,0.75,4\n1 other,2,0.0,2\n1 core and 1 other,2,0.5,2\n"
      )
    }
  }

  @Test func withoutTablesThereIsNoSection() throws {
    try Fixtures.withTemporaryFolder { root in
      let report = try results(root, prompts: ["a red car"], tables: "[]") { _ in [1, 1] }.report()
      #expect(!report.contains("By what prompts name"))
    }
  }

  /// A metric of the scene reader stands beside what a second one and raters say of the same pictures.
  @Test func whoAgreesWithTheSceneReader() throws {
    try Fixtures.withTemporaryFolder { root in
      let metrics = "[binding_right, binding_right_second, rated_binding_right]"
      let spec =
        SyntheticResults.spec(
          pairs: "[]", prompts: "[a red car, a red dog]", seeds: "[1, 2]", interventions: "{ none: [] }",
          record: "[]", metrics: metrics, figures: "[]")
        + "\ninstruments: { scene_reader: \"\(Self.tiny)\", second_scene_reader: \"\(Self.tiny)\" }\n"
      let results = try SyntheticResults(root, spec: spec)
      for run in try results.store.runs() {
        // The second says the same but of one picture, raters but of two of the three that they saw.
        let isOther = run.prompt == "a red dog" && run.run.seed.value == 2
        let rated = run.prompt == "a red car" ? 0.0 : isOther ? .nan : 1.0
        try results.store.setMetrics(
          ["binding_right": 1, "binding_right_second": isOther ? 0 : 1, "rated_binding_right": rated], run: run.id)
      }
      let report = try results.report()
      #expect(report.contains("| readers agree | raters agree |"))
      #expect(report.contains("| 0.750 (n 4) | 0.333 (n 3) |"))
    }
  }

  @Test func contactSheetThatCannotBeDrawn() throws {
    try Fixtures.withTemporaryFolder { root in
      let report = try results(root, prompts: ["a car and a dog"], tables: "[object]") { _ in [1, 1] }.report()
      #expect(report.contains("### Objects and colors"))
      #expect(report.contains("*Not drawn: no prompt under `prompts` names one object and its color and nothing else"))
    }
  }
}
