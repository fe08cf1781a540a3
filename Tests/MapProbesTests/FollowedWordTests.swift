import ExperimentFiles
import Foundation
import TestSupport
import Testing

@testable import MapProbes

/// Probes that are asked about maps between one prompt's picture and another prompt's word.
@Suite struct FollowedWordTests {
  private static let probes = """
    probes:
      lists: { color: [red, blue, green] }
      probes:
        - name: color
          says: does it follow the word or the picture?
          label: color
          features: { record: words }
          controls: []
          apply: [{ to: crossed, intervention: cross }]
      tests:
        - { says: it follows the word, probe: color, measure: follows_word, above: 0.1 }
        - { says: it follows the picture, probe: color, measure: follows_word, below: -0.1 }
    """

  private static let pairs = """
    pairs: [{ source: a red car, target: a blue car }, { source: a blue car, target: a green car }, \
    { source: a green car, target: a red car }]
    """

  /// The pictures of each pair are of its source, and the words are of its target.
  @Test(
    arguments: [
      (.color, 1, 0, ["shown", "refuted"]),
      (.colorOfSource, 0, 1, ["refuted", "shown"]),
      (.thirdColor, 0, 0, ["undecided", "undecided"]),
    ] as [(PlantedColors.Pattern, Double, Double, [String])])
  func wordAndPictureDisagree(
    crossed: PlantedColors.Pattern, word: Double, picture: Double, verdicts: [String]
  ) throws {
    try Fixtures.withTemporaryFolder { folder in
      try PlantedColors(
        folder, crossed, name: "crossed", subjects: Self.pairs, seeds: 1...7,
        interventions: "{ none: [], cross: [{ op: cross_read, sites: \"cross:*\" }] }"
      ).store.close()
      let prompts = PlantedColors.template(colors: ["red", "blue", "green"], things: ["car"])
      let planted = try PlantedColors(
        folder, .color, subjects: "prompts: [\(prompts)]", seeds: 1...7, probes: Self.probes)
      let findings = try planted.findings()
      let applied = try #require(findings.probes.first?.applied.first)
      #expect(applied.to == "crossed" && applied.intervention == "cross" && applied.samples == 21)
      #expect(applied.toward.map(\.label) == ["word", "picture"])
      #expect(applied.toward.map(\.share.mean) == [word, picture])
      #expect(findings.tests.map(\.estimate) == [word - picture, word - picture])
      #expect(findings.tests.map(\.verdict.rawValue) == verdicts, "\(findings.tests)")
      // The command that asks a kept probe gives the same answer.
      let asked = try ProbeApplier(results: planted.results, store: planted.store)
        .apply("color", to: "crossed", intervention: "cross")
      #expect(asked == applied)
      try planted.store.close()
    }
  }

  /// A pattern of the seed tells the color only to a probe that was trained on pictures of that seed.
  @Test func noPictureIsToldByAProbeOfItsSeed() throws {
    let probes = """
      probes:
        lists: { color: [red, blue] }
        probes: [{ name: color, says: is it told, label: color, features: { record: words }, controls: [] }]
      """
    try Fixtures.withTemporaryFolder { folder in
      let prompts = PlantedColors.template(colors: ["red", "blue"], things: ["car"])
      let planted = try PlantedColors(
        folder, .colorOfSeed, subjects: "prompts: [\(prompts)]", seeds: 1...6, probes: probes)
      _ = try planted.findings()
      let applied = try ProbeApplier(results: planted.results, store: planted.store)
        .apply("color", to: "small", intervention: "none")
      #expect(applied.samples == 12 && applied.toward.map(\.share.mean) == [0.5, 0.5], "\(applied)")
      try planted.store.close()
    }
  }
}
