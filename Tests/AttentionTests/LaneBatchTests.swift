import TestSupport
import Testing

@testable import Attention

/// Which runs of a group are computed, call after call.
@Suite struct LaneBatchTests {
  private let sites = stableDiffusionSites(16, 16)

  /// A group of a source and targets of one prompt, guided.
  private func plan(
    targets: Int, _ operations: [PlannedOperation], records: [PlannedRecord] = [], origins: [Int]? = nil,
    stepCount: Int = 4, scheduledSteps: Int? = nil
  ) throws -> AttentionPlan {
    try AttentionPlan(
      sites: sites, lanes: Lane.batch(runs: targets + 1, guided: true), stepCount: stepCount,
      scheduledSteps: scheduledSteps, tokens: 77, operations: operations, records: records,
      origins: origins ?? [0] + Array(repeating: 1, count: targets))
  }

  private func swap(_ run: Int, steps: [Int], sites: [Int] = [6]) -> PlannedOperation {
    PlannedOperation(
      operation: .replace, run: run, sources: [0], sites: sites, steps: steps,
      branches: [.unconditional, .conditional])
  }

  /// The runs that are computed at each step.
  private func computed(_ plan: AttentionPlan) -> [[Int]] {
    (0..<plan.stepCount).map { step in
      let lanes = plan.probe(step: step).batch?.lanes ?? []
      let runs = lanes.map { plan.lanes[$0].run }
      // Both halves of guidance.
      #expect(Array(runs.prefix(runs.count / 2)) == Array(runs.suffix(runs.count / 2)))
      return Array(runs.prefix(runs.count / 2))
    }
  }

  @Test func aRunIsComputedOnceItDiffers() throws {
    let plan = try plan(targets: 4, [swap(2, steps: [2, 3]), swap(3, steps: [1, 2, 3]), swap(4, steps: [1, 2])])
    // 3 and 4 do the same until the last step; 2 is like 1, which nothing is done to, until its first.
    #expect(computed(plan) == [[0, 1], [0, 1, 3], [0, 1, 2, 3], [0, 1, 2, 3, 4]])
    #expect(plan.sharedRuns == [3, 2, 1, 0])
    let last = plan.probe(step: 2)
    #expect(last.batch?.places == [0, 1, 2, 3, 3, 4, 5, 6, 7, 7])
    // By places: 0 to 3 unconditional, 4 to 7 conditional.
    let source = { (lane: Int) in ProbabilityFill.source(lane) }
    #expect(last.request(site: 6).fills == [.own, .own, source(0), source(0), .own, .own, source(4), source(4)])
  }

  @Test func runsThatPartedStayApart() throws {
    let plan = try plan(targets: 2, [swap(2, steps: [1])])
    #expect(computed(plan) == [[0, 1], [0, 1, 2], [0, 1, 2], [0, 1, 2]])
  }

  @Test func otherOperationsMakeRunsDiffer() throws {
    func shared(_ first: PlannedOperation, _ second: PlannedOperation) throws -> [Int] {
      try plan(targets: 2, [first, second], stepCount: 1).sharedRuns
    }
    #expect(try shared(swap(1, steps: [0]), swap(2, steps: [0])) == [1])
    #expect(try shared(swap(1, steps: [0]), swap(2, steps: [0], sites: [8])) == [])
    let half = PlannedOperation(
      operation: .replace, run: 2, sources: [0], sites: [6], steps: [0], branches: [.conditional])
    #expect(try shared(swap(1, steps: [0]), half) == [])
    func emptied(_ run: Int, _ key: String) -> PlannedOperation {
      PlannedOperation(
        operation: .embedding, values: [key: .name("empty")], run: run, sites: [], steps: [], branches: [.conditional])
    }
    #expect(try shared(emptied(1, "end"), emptied(2, "end")) == [1])
    #expect(try shared(emptied(1, "end"), emptied(2, "padding")) == [])
    // What is taken from an earlier call depends on where the steps begin.
    func cached(_ run: Int, steps: [Int]) -> PlannedOperation {
      PlannedOperation(
        operation: .cache, place: .output, run: run, sites: [1], steps: steps, branches: [.unconditional, .conditional])
    }
    #expect(
      try plan(targets: 2, [cached(1, steps: [1, 2, 3]), cached(2, steps: [2, 3])]).sharedRuns == [1, 0, 0, 0])
    #expect(try plan(targets: 2, [cached(1, steps: [2, 3]), cached(2, steps: [2])]).sharedRuns == [1, 1, 1, 0])
  }

  @Test func runsOfOtherPromptsDifferFromTheBeginning() throws {
    #expect(try plan(targets: 2, [], origins: [0, 1, 2]).sharedRuns == [])
    #expect(try plan(targets: 2, [], origins: [0, 0, 2]).sharedRuns == [1, 1, 1, 1])
  }

  /// Until it takes its source's picture a run is like one that never does, and the schedule may be longer than a run.
  @Test func startsMakeRunsDiffer() throws {
    func start(_ run: Int, _ strength: Float) -> PlannedOperation {
      PlannedOperation(
        operation: .noisedSource, values: ["strength": .number(strength)], run: run, sources: [0], sites: [],
        steps: [], branches: [.conditional])
    }
    let starts = [start(2, 0.5), start(3, 1), start(4, 0), start(5, 0.5)]
    #expect(computed(try plan(targets: 5, starts)) == [[0, 1, 3], [0, 1, 3], [0, 1, 2, 3], [0, 1, 2, 3]])
    let short = try plan(targets: 5, starts, stepCount: 4, scheduledSteps: 8)
    #expect(computed(short) == Array(repeating: [0, 1, 3], count: 4))
    #expect(short.takers(from: 0, step: 3) == [2, 4, 5])
  }

  /// Each run's maps are kept, wherever they are computed.
  @Test func mapsOfAllRunsAreKept() throws {
    let keys = try TokenSelector.words.resolve(prompt("a red car"))
    let record = PlannedRecord(
      record: 0, sites: [1], steps: [0, 3], branches: [.conditional], meanOfHeads: true,
      tokens: Array(repeating: keys, count: 3), pool: nil, type: .float32)
    let plan = try plan(targets: 2, [swap(2, steps: [2, 3])], records: [record])
    #expect(plan.maps(step: 0).map(\.run) == [0, 1, 2] && plan.mapCount == 6)
    #expect(plan.probe(step: 0).request(site: 1).observations.map(\.lane) == [2, 3, 3])
    #expect(plan.probe(step: 3).request(site: 1).observations.map(\.lane) == [3, 4, 5])
  }

  @Test func whoTakesFromARunTakesFromThoseThatAreTheSame() throws {
    let plan = try AttentionPlan(
      sites: sites, lanes: Lane.batch(runs: 4, guided: false), stepCount: 2, tokens: 77,
      operations: [
        PlannedOperation(
          operation: .replace, run: 2, sources: [1], sites: [6], steps: [0, 1], branches: [.conditional]),
        PlannedOperation(
          operation: .replace, run: 3, sources: [1], sites: [6], steps: [0, 1], branches: [.conditional]),
      ], records: [], origins: [0, 0, 2, 2])
    #expect(plan.takers(from: 0, step: 0) == [2, 3] && plan.takers(from: 1, step: 0) == [2, 3])
    #expect(plan.takers(from: 2, step: 0) == [])
  }
}
