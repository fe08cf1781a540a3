import ExperimentFiles
import StrictYAML
import Testing

/// What can be wrong with the keys of `probes`.
@Suite struct BadProbesTests {
  private func problems(_ probes: String) -> [String] {
    let yaml = """
      version: 1
      name: small
      model: emoji-scenes
      generate: { prompts: [a red car, a blue car], seeds: [1, 2] }
      maps_from: bank
      probes: { lists: { color: [red, blue], thing: [car, boat] }, \(probes) }
      """
    do {
      _ = try ExperimentSpec(yaml: yaml, file: "e.yaml")
      return []
    } catch {
      return error.problems.map(\.message)
    }
  }

  /// Nine values in thirds; equal ones stay together.
  @Test func classesOfMeasuredLabels() {
    #expect(MeasuredLabel.size.classes(of: [9, 1, 8, 2, 7, 3, 6, 4, 5]) == [2, 0, 2, 0, 2, 0, 1, 1, 1])
    #expect(MeasuredLabel.center.classes(of: [0.5, 0.5, 0.5, 0.5, 0.1, 0.9]) == [2, 2, 2, 2, 0, 2])
    #expect(MeasuredLabel.facing.classes(of: [0, 1, 1, 0]) == [0, 1, 1, 0])
  }

  private static let probe = "name: p, says: is it, features: { record: words }"

  @Test(arguments: [
    ("probes: []", "probes.probes: the list is empty; give at least one of the probes"),
    (
      "probes: [{ \(probe), label: colors }]",
      "probes.probes.0.label: probes has no list \"colors\"; did you mean \"color\"? lists: color, thing"
    ),
    (
      "probes: [{ \(probe), label: color, where: { thing: [bus] } }]",
      "probes.probes.0.where.thing: \"bus\" is not in the list \"thing\"; allowed: car, boat"
    ),
    (
      "probes: [{ \(probe), label: color }], tests: [{ says: it is, probe: q, above: 0 }]",
      "probes.tests.0.probe: the file has no probe \"q\"; probes: p"
    ),
    (
      "probes: [{ \(probe), label: color }], tests: [{ says: it is, probe: p, above: 0, below: 1 }]",
      "probes.tests.0.above: a test has one threshold, above or below, and here are both; write two tests"
    ),
    (
      "probes: [{ \(probe), label: color }], tests: [{ says: it is, probe: p }]",
      "probes.tests.0: the threshold is missing; write above: or below: with a number"
    ),
    (
      "probes: [{ \(probe), label: color }], tests: [{ says: it is, probe: p, less: [p, p], above: 0 }]",
      "probes.tests.0.less: a difference of differences is of four probes; write another probe as over"
    ),
    (
      "probes: [{ name: p, says: is it, label: color, features: { record: words, word: \"{animal}\" } }]",
      "probes.probes.0.features.word: probes has no list \"animal\"; lists: color, thing"
    ),
    (
      "probes: [{ name: p, says: is it, label: color, features: { record: words, word: \"<labal>\" } }]",
      "probes.probes.0.features.word: unknown name \"<labal>\"; did you mean <label>? allowed: <label>, <after label>, "
        + "<start>, <end>, <padding>, <edited>, <kept>, <earlier>, <next>, <later>, <after word>, words and positions"
    ),
    (
      "probes: [{ name: p, says: is it, label: color, features: { record: words, heads: [] } }]",
      "probes.probes.0.features.heads: the list is empty; name one head or more"
    ),
    (
      "probes: [{ name: p, says: is it, label: color, features: { record: words, heads: some } }]",
      "probes.probes.0.features.heads: unknown value \"some\"; allowed: all, each, mean"
    ),
    (
      "probes: [{ \(probe), label: color, registered: { sites: \"cross:*\", calls: [-1] } }]",
      "probes.probes.0.registered.calls.0: expected an integer from 0 to 1000, found -1"
    ),
  ])
  func isSaid(probes: String, message: String) {
    let found = problems(probes)
    #expect(found == [message] || (message.contains("-1") && found.count == 1), "\(found)")
  }
}
