import Attention
import Testing

/// How many steps a start from the source's picture leaves.
@Suite struct NoisedStartTests {
  @Test(arguments: [(0, 20), (0.3, 14), (0.7, 6), (0.04, 20), (0.05, 19), (1, 0)])
  func stepsAreCountedInDecimalNumbers(strength: Float, first: Int) throws {
    let operation = PlannedOperation(
      operation: .noisedSource, values: ["strength": .number(strength)], run: 1, sources: [0], sites: [], steps: [],
      branches: [.conditional])
    let plan = try AttentionPlan(
      sites: [], lanes: Lane.batch(runs: 2, guided: true), stepCount: 20, tokens: 3, operations: [operation],
      records: [])
    let start = try #require(plan.starts.first)
    #expect(start.run == 1 && start.source == 0 && start.firstStep(of: 20) == first)
    // What becomes of the source counts until the run has begun.
    #expect(plan.takers(from: 0, step: first == 20 ? 19 : first) == [1])
  }
}
