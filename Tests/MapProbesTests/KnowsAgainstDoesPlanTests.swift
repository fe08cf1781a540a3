import ExperimentFiles
import ExperimentSupport
import Foundation
import Planning
import TestSupport
import Testing

@testable import MapProbes

/// What `knows_against_does` asks of a probe that is not there is said before a run is made.
@Suite struct KnowsAgainstDoesPlanTests {
  @Test(arguments: [
    ("words", "chance", "[0, 2]", "no error"),
    (
      "word", "chance", "[0, 2]",
      "knows_against_does.0.probe: \"small\" has no trained probe \"word\"; it has \"thing\", \"words\""
    ),
    (
      "words", "latents", "[0, 2]",
      "knows_against_does.0.over: the probe \"words\" has no control \"latents\"; it has chance, shuffled, mass, permuted"
    ),
    (
      "words", "chance", "[1]",
      "knows_against_does.0.sweep: the probe \"words\" was trained at 0 of the 3 places of \"swap\", and 3 with the same calls are "
        + "needed; sweep over layers and calls of the probe"
    ),
  ])
  func whatIsNotThereIsSaid(probe: String, over: String, steps: String, said: String) throws {
    try Fixtures.withTemporaryFolder { folder in
      let planted = try PlantedMaps(folder)
      try ProbeRunner(plan: planted.plan, results: planted.results).run(planted.store)
      try planted.store.close()
      // Three places in the one layer that there is.
      let yaml =
        PlantedMaps.yaml(probes: "", metrics: "[ssim]").replacing("name: small", with: "name: asking")
        .replacing("record: [{ name: words, sites: \"cross:*\", heads: all, tokens: words }]", with: "") + """

          interventions:
            none: []
            swap:
              sweep: { factor: [0.5, 0.7, 0.9] }
              operations: [{ op: scale, sites: "cross:*", steps: \(steps) }]
          knows_against_does: [{ from: small, probe: \(probe), over: \(over), sweep: swap, metric: ssim }]
          """
      let plan = try SyntheticResults.plan(
        ExperimentSpec(yaml: yaml, file: "e.yaml"), sites: SyntheticResults.sites, size: .init(height: 16, width: 24))
      do {
        try plan.checkProbes(in: folder)
        #expect(said == "no error")
      } catch {
        #expect("\(error)" == said)
      }
    }
  }
}
