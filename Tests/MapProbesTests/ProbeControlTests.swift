import ExperimentFiles
import ExperimentSupport
import Foundation
import Planning
import TestSupport
import Testing

@testable import MapProbes

/// A test over a control that its probe will not have is refused before anything is trained.
@Suite struct ProbeControlTests {
  /// The record of ``PlantedMaps``.
  private static let words = #"{ name: words, sites: "cross:*", heads: all, tokens: words }"#
  private static let layout = #"{ name: layout, sites: "self:*", heads: all }"#
  private static let article = #"{ name: article, of: log_ratio, sites: "cross:*", tokens: [1] }"#

  /// What a file with one test over a control comes to.
  private func message(
    _ probe: String, over control: String, label: String = "color", record: String? = nil
  ) throws -> String {
    let yaml = PlantedMaps.yaml(
      probes: """
        probes:
          lists: { color: [red, blue, green], thing: [car, boat] }
          probes: [{ name: p, says: is it, label: \(label), \(probe) }]
          tests: [{ says: it is, probe: p, over: \(control), above: 0 }]
        """, metrics: "[facing_right]"
    ).replacing(Self.words, with: record ?? Self.words)
    return try Fixtures.withTemporaryFolder { folder in
      let plan = try SyntheticResults.plan(
        ExperimentSpec(yaml: yaml, file: "e.yaml"), sites: SyntheticResults.sites, size: .init(height: 16, width: 24))
      do {
        _ = try ProbePlan(plan, in: folder, store: nil)
        return "no error"
      } catch { return "\(error)" }
    }
  }

  private func refusal(_ control: String, _ why: String, has: String) -> String {
    "probes.tests.0.over: the probe \"p\" does not have the control \(control), \(why); it has \(has)"
  }

  private static let needsOfMass = "which is taken of words in cross maps of probabilities, and is no control of itself"
  private static let needsOfNullCell = "which is a cell of layer 1 at call 0 that nothing of the label can have reached"

  @Test(arguments: ["chance", "shuffled", "mass", "permuted"])
  func controlsThatAProbeHas(control: String) throws {
    #expect(try message("features: { record: words }", over: control) == "no error")
  }

  /// Masses are of words of probabilities: self maps and log ratios have none, and neither has a mass itself.
  @Test(arguments: [
    ("features: { record: layout }", layout, "color", "chance, shuffled, permuted, null_cell"),
    (
      "features: { record: article, word: 1, value: log_ratio }", article, "color",
      "chance, shuffled, permuted, null_cell"
    ),
    ("features: { record: words, value: mass }", words, "color", "chance, shuffled"),
    // Nothing has measured this label yet.
    ("features: { record: layout }", layout, "facing", "chance, shuffled, permuted"),
  ])
  func masses(probe: String, record: String, label: String, has: String) throws {
    let said = try message(probe, over: "mass", label: label, record: record)
    #expect(said == refusal("mass", Self.needsOfMass, has: has))
  }

  @Test func permutedMasses() throws {
    let said = try message("features: { record: words, value: mass }", over: "permuted")
    #expect(said == refusal("permuted", "which takes the cells of a map", has: "chance, shuffled"))
  }

  /// A null cell is at layer 1 and call 0, where a key of an earlier word or no key at all is read.
  @Test(
    arguments: [
      ("features: { record: layout }", layout, nil),
      ("features: { record: layout, calls: [1, 2] }", layout, "chance, shuffled, permuted"),
      ("features: { record: article, word: 1, value: log_ratio }", article, nil),
      ("features: { record: article, word: 1, value: log_ratio, calls: [1] }", article, "chance, shuffled, permuted"),
      ("features: { record: words }", words, "chance, shuffled, mass, permuted"),
      // A network is trained at its registered cells alone.
      ("classifier: network, registered: { sites: \"self:1\", calls: [0] }, features: { record: layout }", layout, nil),
      (
        "classifier: network, registered: { sites: \"self:1\", calls: [2] }, features: { record: layout }", layout,
        "chance, shuffled, permuted"
      ),
    ] as [(String, String, String?)])
  func nullCells(probe: String, record: String, has: String?) throws {
    let said = try message(probe, over: "null_cell", record: record)
    #expect(said == has.map { refusal("null_cell", Self.needsOfNullCell, has: $0) } ?? "no error")
  }

  /// Labels are shuffled where the same pictures are trained on and tested.
  @Test func shuffledLabelsOfOtherPictures() throws {
    let probe = "where: { thing: [car] }, test_where: { thing: [boat] }, features: { record: words }"
    let why = "which is made without test_where alone"
    #expect(try message(probe, over: "shuffled") == refusal("shuffled", why, has: "chance, mass, permuted"))
    #expect(try message(probe, over: "mass") == "no error")
  }

  /// One record may hold both kinds of maps: at a registered self map there is no mass.
  @Test func massesOfBothKinds() throws {
    let both = #"{ name: both, sites: "*:1", heads: all, tokens: words }"#
    func said(_ site: String, _ more: String = "") throws -> String {
      let registered = "registered: { sites: \"\(site)\", calls: [2] }\(more)"
      return try message("features: { record: both }, \(registered)", over: "mass, at: registered", record: both)
    }
    #expect(try said("cross:1") == "no error")
    #expect(
      try said("self:1")
        == "probes.tests.0.over: the probe \"p\" does not have the control mass at all its registered cells, "
        + "\(Self.needsOfMass); it has chance, shuffled, mass, permuted, null_cell")
    // A network is trained at its registered cells alone, so that this one has no mass anywhere.
    #expect(
      try said("self:1", ", classifier: network").hasSuffix("it has chance, shuffled, permuted"))
  }

  /// What a probe's own list leaves out is said once, as what to add.
  @Test func controlsThatAProbeLeavesOut() throws {
    let said = try message("controls: [shuffled], features: { record: words }", over: "mass")
    #expect(
      said == "probes.tests.0.over: the probe \"p\" does not have the control mass; add it to its controls")
  }
}
