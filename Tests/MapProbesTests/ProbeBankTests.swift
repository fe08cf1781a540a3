import ExperimentFiles
import Foundation
import TestSupport
import Testing

@testable import MapProbes

/// Controls that are maps of another experiment, against the probe on the pictures that both have.
@Suite struct ProbeBankTests {
  private static let probes = """
    probes:
      lists: { color: [red, blue], thing: [car, boat, cup] }
      banks: [{ name: control, says: maps of another making, from: control }]
      probes: [{ name: color, says: is it told, label: color, features: { record: words }, controls: [] }]
      tests: [{ says: the maps tell more than the control, probe: color, over: control, above: 0 }]
    """

  /// One case: what the probe's own maps hold and the control's, and what follows.
  struct Case: Sendable {
    let own: PlantedColors.Pattern
    let control: PlantedColors.Pattern
    /// Of the control.
    let accuracy: Double
    let gain: Double
    let verdict: String
  }

  /// The control has half of the probe's twelve seeds, and its file names everything in another order.
  ///
  /// Where seeds share their patterns in pairs, the probe tells every picture. On the control's pictures it is trained
  /// anew, without the other seed of each pair, and tells half of them. The gain is that share less the control's.
  @Test(arguments: [
    Case(own: .color, control: .nothing, accuracy: 0.5, gain: 0.5, verdict: "shown"),
    Case(own: .color, control: .color, accuracy: 1, gain: 0, verdict: "undecided"),
    Case(own: .colorOfSeed, control: .nothing, accuracy: 0.5, gain: 0, verdict: "undecided"),
    Case(own: .colorOfSeed, control: .color, accuracy: 1, gain: -0.5, verdict: "refuted"),
  ])
  func gainsOverABankOfMaps(_ one: Case) throws {
    try Fixtures.withTemporaryFolder { folder in
      let other = PlantedColors.template(colors: ["blue", "red"], things: ["cup", "boat", "car"])
      try PlantedColors(
        folder, one.control, name: "control", subjects: "prompts: [\(other)]", seeds: [6, 5, 4, 3, 2, 1]
      ).store.close()
      let prompts = PlantedColors.template(colors: ["red", "blue"], things: ["car", "boat", "cup"])
      let planted = try PlantedColors(
        folder, one.own, subjects: "prompts: [\(prompts)]", seeds: 1...12, probes: Self.probes)
      let findings = try planted.findings()
      let probe = try #require(findings.probes.first)
      #expect(probe.samples == 72 && probe.cells.map(\.accuracy.mean) == [1])
      #expect(probe.controls.map(\.name) == ["control"])
      let control = try #require(probe.controls.first)
      #expect(control.says == "maps of another making" && control.samples == 36 && control.seeds == 6)
      #expect(control.cells.map(\.cell) == [0])
      #expect(control.cells.map(\.accuracy.mean) == [one.accuracy])
      #expect(control.cells.map(\.gain.mean) == [one.gain])
      let test = try #require(findings.tests.first)
      #expect(test.estimate == one.gain && test.seeds == 6 && test.samples == 36)
      #expect(test.verdict.rawValue == one.verdict, "\(test)")
      try planted.store.close()
    }
  }
}
