import ExperimentFiles
import Foundation
import Probing
import TestSupport
import Testing

@testable import MapProbes

/// What `folds` holds out together, from the file to what is found.
@Suite struct ProbeFoldsTests {
  private static let probes = """
    probes:
      lists: { color: [red, blue], thing: [car, boat] }
      probes:
        - { name: seeds, says: is it, label: color, features: { record: words }, folds: seeds, controls: [] }
        - { name: templates, says: is it, label: color, features: { record: words }, folds: templates, controls: [] }
        - { name: objects, says: is it, label: color, features: { record: words }, folds: objects, controls: [] }
    """

  /// Each of two things stands in two templates. A probe finds a pattern only if it was trained on pictures that share
  /// it with those that are held out.
  ///
  /// Shares are by seeds, by templates and by objects.
  @Test(
    arguments: [
      (.color, [1, 1, 1]), (.colorOfThing, [1, 1, 0.5]), (.colorOfTemplate, [1, 0.5, 0.5]),
      (.colorOfSeed, [0.5, 1, 1]),
    ] as [(PlantedColors.Pattern, [Double])])
  func whatIsHeldOutTogether(pattern: PlantedColors.Pattern, shares: [Double]) throws {
    try Fixtures.withTemporaryFolder { folder in
      let entries = ["a", "the"].map {
        PlantedColors.template($0, colors: ["red", "blue"], things: ["car", "boat"])
      }
      let planted = try PlantedColors(
        folder, pattern, subjects: "prompts: [\(entries.joined(separator: ", "))]", seeds: 1...3, probes: Self.probes)
      let probes = try planted.findings().probes
      #expect(probes.map(\.grouping) == [.seeds, .templates, .objects])
      #expect(probes.map(\.folds) == [3, 4, 2])
      #expect(probes.allSatisfy { $0.samples == 24 && $0.strata == 6 && $0.chance == 0.5 })
      #expect(probes.flatMap(\.cells).map(\.accuracy.mean) == shares)
      // Only folds by seeds leave a curve over seeds.
      #expect(probes.map(\.curve.isEmpty) == [false, true, true])
      try planted.store.close()
    }
  }
}
