import Attention
import Tensors
import TestSupport
import Testing

@Suite struct AttentionPlanTests {
  private let sites = stableDiffusionSites(16, 16)
  private let lanes = Lane.batch(runs: 2, guided: true)

  private func plan(
    _ operations: [PlannedOperation] = [], _ records: [PlannedRecord] = []
  ) throws -> AttentionPlan {
    try AttentionPlan(
      sites: sites, lanes: lanes, stepCount: 5, tokens: 77, operations: operations, records: records)
  }

  private func record(
    sites chosen: [Int], steps: [Int] = [0], branches: Set<GuidanceBranch> = [.conditional], mean: Bool = true,
    tokens: TokenSelector = .all, pool: Int? = nil, type: MapType = .float32
  ) throws -> PlannedRecord {
    let keys = try tokens.resolve(prompt("a red car"))
    return PlannedRecord(
      record: 0, sites: chosen, steps: steps, branches: branches, meanOfHeads: mean, tokens: [keys, keys], pool: pool,
      type: type)
  }

  @Test func lanesAreNamed() {
    #expect(
      lanes == [
        Lane(run: 0, branch: .unconditional), Lane(run: 1, branch: .unconditional), Lane(run: 0, branch: .conditional),
        Lane(run: 1, branch: .conditional),
      ])
    #expect(Lane.batch(runs: 1, guided: false) == [Lane(run: 0, branch: .conditional)])
  }

  @Test func operationsActWhereTheySay() throws {
    let swap = PlannedOperation(
      operation: .replace, run: 1, sources: [0], sites: [6, 8], steps: [1, 2], branches: [.conditional])
    let zero = PlannedOperation(
      operation: .zero, run: 1, sites: [8], steps: [2], branches: [.unconditional, .conditional])
    let plan = try plan([swap, zero])
    for step in 0..<5 {
      for site in sites.indices {
        let fills = plan.probe(step: step).request(site: site).fills
        switch (step, site) {
        case (1, 6), (2, 6), (1, 8): #expect(fills == [.own, .own, .own, .source(2)])
        // The later operation holds where two meet.
        case (2, 8): #expect(fills == [.own, .zero, .own, .zero])
        default: #expect(fills.isEmpty)
        }
      }
    }
  }

  @Test func sourcesMustBeTheirOwn() {
    let swap = PlannedOperation(
      operation: .replace, run: 1, sources: [0], sites: [0], steps: [0], branches: [.conditional])
    let zero = PlannedOperation(operation: .zero, run: 0, sites: [0], steps: [0], branches: [.conditional])
    #expect(throws: SelectionError(problem: "the source of a swap is itself changed at the same attention")) {
      try plan([swap, zero])
    }
    let orphan = PlannedOperation(
      operation: .replace, run: 1, sites: [0], steps: [0], branches: [.conditional])
    #expect(
      throws: SelectionError(
        "replace", problem: "a prompt that stands alone has no source run to take from",
        hint: "make it the target of one of `pairs`, or take it out of `prompts`")
    ) { try plan([orphan]) }
  }

  /// Counts and bytes are those of sites x steps x heads x branches x runs, worked out by hand.
  @Test func countsAndBytes() throws {
    let cross = try plan(
      [], [record(sites: [1, 13], steps: [0, 3], branches: [.conditional, .unconditional], mean: false)])
    #expect(cross.mapCount == 2 * 2 * 4 * 2 * 2)
    #expect(cross.mapBytes == 2 * 2 * 2 * 4 * (16 * 16 + 2 * 2) * 77 * 4)
    let words = try plan([], [record(sites: [1], tokens: .words, type: .float16)])
    #expect(words.mapCount == 2 && words.mapBytes == 2 * 16 * 16 * 3 * 2)
    let pooled = try plan([], [record(sites: [0, 12], pool: 8)])
    #expect(pooled.mapBytes == 2 * 4 * (8 * 8 * 64 + 2 * 2 * 4))
    #expect(pooled.maps(step: 0).map(\.keys) == [64, 64, 4, 4])
    #expect(pooled.maps(step: 1).isEmpty)
  }

  /// What is asked at every step is what would be compiled for that step alone, and a plan of thousands of steps is as
  /// quickly made as one of a few.
  @Test func manyStepsShareWhatIsCompiled() throws {
    let steps = 10_000
    let operations = (0..<8).map { index in
      PlannedOperation(
        operation: .replace, run: 1, sources: [0], sites: [6, 8 + index], steps: Array((index * 1000)..<steps),
        branches: [.conditional])
    }
    let records = try [
      record(sites: Array(0..<sites.count), steps: Array(0..<steps), mean: false),
      record(sites: [1], steps: [7], pool: 4),
    ]
    let time = try ContinuousClock().measure {
      let plan = try AttentionPlan(
        sites: sites, lanes: lanes, stepCount: steps, tokens: 77, operations: operations, records: records)
      for step in [0, 7, 999, 1000, 5500, 9999] {
        let moved = operations.compactMap { operation -> PlannedOperation? in
          guard operation.steps.contains(step) else { return nil }
          return PlannedOperation(
            operation: .replace, run: 1, sources: [0], sites: operation.sites, steps: [0], branches: [.conditional])
        }
        let kept = try records.filter { $0.steps.contains(step) }.map { original in
          try record(sites: original.sites, steps: [0], mean: original.meanOfHeads, pool: original.pool)
        }
        let alone = try AttentionPlan(
          sites: sites, lanes: lanes, stepCount: 1, tokens: 77, operations: moved, records: kept)
        #expect(plan.maps(step: step) == alone.maps(step: 0))
        let (many, one) = (plan.probe(step: step), alone.probe(step: 0))
        for site in sites.indices {
          #expect(many.request(site: site).fills == one.request(site: site).fills)
          #expect(many.request(site: site).edits == one.request(site: site).edits)
        }
      }
      let each = sites.reduce(0) { $0 + $1.heads }
      #expect(plan.mapCount == 2 * (each * steps + 1))
      let largest = plan.maps(step: 7).reduce(0) { $0 + $1.cells * 4 }
      #expect(plan.largestStepBytes == largest)
    }
    #expect(time < .seconds(20))
  }

  @Test func noSumOverflows() throws {
    let grid = AttentionSite(
      index: 0, path: "x", kind: .selfAttention, layer: 1, height: 1024, width: 1024, heads: 8, latentHeight: 1024,
      latentWidth: 1024)
    let all = PlannedRecord(
      record: 0, sites: [0], steps: Array(0..<1000), branches: [.conditional, .unconditional], meanOfHeads: false,
      tokens: Array(repeating: [], count: 512), pool: nil, type: .float32)
    let plan = try AttentionPlan(
      sites: [grid], lanes: Lane.batch(runs: 512, guided: true), stepCount: 1000, tokens: 77, operations: [],
      records: [all])
    #expect(plan.mapCount == 8 * 1000 * 1024)
    #expect(plan.mapBytes == .max)
    #expect(saturatingProduct(.max, 2, 0) == 0 && saturatingProduct() == 1 && saturatingSum([.max, 1]) == .max)
  }

  @Test func keyMapsFollowTheWords() throws {
    let request = try plan([], [record(sites: [1], tokens: .names([.word("car", occurrence: 1), .start]))])
      .probe(step: 0).request(site: 1)
    let map = try #require(request.observations.first?.keyMap)
    #expect(map[0] == 1 && map[3] == 0 && map.filter { $0 >= 0 }.count == 2)
    let pooled = try plan([], [record(sites: [0], pool: 8)]).probe(step: 0).request(site: 0)
    let cells = try #require(pooled.observations.first?.keyMap)
    // Key (5, 9) of 16x16 lies in cell (2, 4) of 8x8.
    #expect(cells[5 * 16 + 9] == 2 * 8 + 4)
  }

  @Test func probesKeepWhatTheyReceive() throws {
    let probe = try plan([], [record(sites: [1])]).probe(step: 0)
    let values = [Tensor(zeros: [16, 16, 77]), Tensor(zeros: [16, 16, 77])]
    probe.receive(site: 1, observed: values)
    #expect(probe.maps.map(\.map.run) == [0, 1])
    #expect(probe.maps.map(\.map.site) == [1, 1])
  }
}
