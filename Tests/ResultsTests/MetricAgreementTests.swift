import ExperimentSupport
import Foundation
import Measures
import TestSupport
import Testing

@testable import Results

@Suite struct MetricAgreementTests {
  private let first = Metric.judgedAndRated[0].judged
  private let second = Metric.judgedAndRated[0].rated

  private func agreement(_ pairs: [(Double, Double)]) -> MetricAgreement? {
    MetricAgreement(first, second, intervention: nil, pairs)
  }

  @Test func sharesAgreementAndKappaByHand() throws {
    // Ten pictures: 5 yes and yes, 2 no and no, 2 yes and no, 1 no and yes. Chance: 0.7 x 0.6 + 0.3 x 0.4 = 0.54.
    let both: [(Double, Double)] = [
      (1, 1), (1, 1), (1, 0.5), (1, 1), (1, 1), (0, 0), (0, 0.49), (1, 0), (1, 0), (0, 1),
    ]
    let found = try #require(agreement(both))
    let kappa: Double = (0.7 - 0.54) / 0.46
    #expect(found.count == 10 && found.firstShare == 0.7 && found.secondShare == 0.6 && found.agreement == 0.7)
    #expect(abs(try #require(found.kappa) - kappa) < 1e-12)
    #expect(agreement([]) == nil)
    #expect(agreement([(1, 1), (1, 1)])?.kappa == nil)
    #expect(agreement([(1, 0), (0, 1)])?.kappa == -1)
  }

  @Test func itIsGivenByInterventionAndInAll() throws {
    try Fixtures.withTemporaryFolder { folder in
      let results = try MeasuredResults(
        folder, names: "[object_present, rated_object_present]",
        sources: { _ in ["object_present": 1] },
        metrics: { run in
          // "late" was rated for one seed alone.
          let rated = run.intervention == "late" && run.seed == 2 ? .nan : run.seed == 1 ? 1.0 : 0.0
          return ["object_present": 1, "rated_object_present": rated]
        })
      let stored = try StoredResults(results: results.results, store: results.store)
      let found = MetricAgreement.all(first, second, in: stored)
      #expect(found.map(\.intervention) == ["none", "late", "early", "first", nil])
      #expect(found.map(\.count) == [4, 2, 4, 4, 14])
      let shares: [Double] = [0.5, 1, 0.5, 0.5, 8.0 / 14]
      #expect(found.map(\.agreement) == shares)
    }
  }
}
