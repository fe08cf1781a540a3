import ExperimentFiles
import Foundation
import TestSupport
import Testing

@testable import MapProbes

/// Probes that are trained on some things and tested on others, at seeds that they were not trained on.
@Suite struct ProbeTransferTests {
  private static let probes = """
    probes:
      lists: { color: [red, blue], thing: [car, boat] }
      probes:
        - name: boat
          says: does a probe of cars tell the color of a boat?
          label: color
          where: { thing: [car] }
          test_where: { thing: [boat] }
          features: { record: words }
          controls: []
      tests: [{ says: the color is told, probe: boat, above: 0.1 }]
    """

  /// Cars and boats share a seed's pattern, so a probe that was trained on cars of the tested seed would tell every
  /// boat. A probe that was trained on boats would tell those that exchange the patterns of cars.
  @Test(
    arguments: [
      (.color, 1, "shown"), (.colorOfSeed, 0.5, "undecided"), (.exchangedInBoats, 0, "refuted"),
    ] as [(PlantedColors.Pattern, Double, String)])
  func colorsOfBoatsAreToldByAProbeOfCars(pattern: PlantedColors.Pattern, share: Double, verdict: String) throws {
    try Fixtures.withTemporaryFolder { folder in
      let prompts = PlantedColors.template(colors: ["red", "blue"], things: ["car", "boat"])
      let planted = try PlantedColors(
        folder, pattern, subjects: "prompts: [\(prompts)]", seeds: 1...6, probes: Self.probes)
      let findings = try planted.findings()
      let probe = try #require(findings.probes.first)
      #expect(probe.samples == 12 && probe.tested == 12 && probe.folds == 6 && probe.chance == 0.5)
      let accuracy = try #require(probe.cells.first).accuracy
      #expect(accuracy.mean == share, "\(accuracy)")
      #expect(accuracy.seeds.count == 6 && accuracy.seeds.allSatisfy { $0.count == 2 && $0.mean == share })
      #expect(findings.tests.map(\.estimate) == [share - 0.5])
      #expect(findings.tests.map(\.verdict.rawValue) == [verdict], "\(findings.tests)")
      try planted.store.close()
    }
  }
}
