import Attention
import Foundation
import Tensors
import TestSupport
import Testing

/// Maps between one lane's queries and another's keys, against the same maps of a lane that has both.
@Suite struct CrossReadTests {
  private typealias Case = AttentionKernelTests.Case

  private func observation(
    _ quantity: RecordedQuantity, lane: Int, queriesOf: Int? = nil, _ test: Case, keyMap: [Int32]? = nil,
    keys: Int? = nil
  ) -> MapObservation {
    MapObservation(
      lane: lane, queriesOf: queriesOf, of: quantity, meanOfHeads: false, height: 1, width: test.queries, outHeight: 1,
      outWidth: test.queries, keyMap: keyMap, outKeys: keys ?? test.keys)
  }

  private func run(
    _ test: Case, _ observations: [MapObservation], edits: [AttentionEdit] = [], fills: [ProbabilityFill] = []
  ) throws -> (output: Tensor, observed: [Tensor]) {
    try AttentionKernel(heads: test.heads, headDim: test.headDim)(
      query: AttentionOperand(test.query), key: AttentionOperand(test.key), value: AttentionOperand(test.value),
      fills: fills, edits: edits, observations: observations)
  }

  @Test(arguments: [(1, 1, 4), (5, 2, 8), (16, 77, 40), (33, 20, 7)])
  func queriesOfAnotherLane(queries: Int, keys: Int, headDim: Int) throws {
    let test = Case(batch: 2, heads: 3, queries: queries, keys: keys, headDim: headDim)
    var same = test
    // In the second case lane 1 has the queries of lane 0.
    let row = queries * 3 * headDim
    let first = Array(test.query.values[..<row])
    same.query = try Tensor(first + first, shape: test.query.shape)
    var map = [Int32](repeating: -1, count: keys)
    map[keys - 1] = 0
    let kinds: [RecordedQuantity] = [.probabilities, .scores, .logRatio]
    let asked = { (test: Case, other: Int?) in
      kinds.map { self.observation($0, lane: 1, queriesOf: other, test) }
        + kinds.map { self.observation($0, lane: 1, queriesOf: other, test, keyMap: map, keys: 1) }
    }
    let found = try run(test, asked(test, 0))
    let expected = try run(same, asked(same, nil))
    for (index, (a, b)) in zip(found.observed, expected.observed).enumerated() {
      expectClose(a, b, tolerance: 1e-6, "\(kinds[index % 3]) of \(queries) queries and \(keys) keys")
    }
    #expect(try found.output == run(test, []).output, "observing changed the output")
    if queries > 1, keys > 1 {
      let own = try run(test, asked(test, nil)).observed[0]
      #expect(own != found.observed[0], "both lanes ask the same")
    }
  }

  /// Edits and fills of the lane's maps are not in the cross-read, and work beside it.
  @Test func editsAndFillsStayOut() throws {
    let test = Case(batch: 3, heads: 2, queries: 9, keys: 6, headDim: 8)
    let asked = [observation(.probabilities, lane: 1, queriesOf: 0, test), observation(.probabilities, lane: 1, test)]
    let plain = try run(test, asked)
    let edit = AttentionEdit(lane: 1, sources: [], place: .probabilities, change: AttentionChange(.zero))
    let edited = try run(test, asked, edits: [edit])
    #expect(edited.observed[0] == plain.observed[0])
    #expect(edited.observed[1].values.allSatisfy { $0 == 0 } && edited.output != plain.output)
    let filled = try run(test, asked, fills: [.own, .source(2), .own])
    #expect(filled.observed[0] == plain.observed[0] && filled.observed[1] != plain.observed[1])
    #expect(throws: ShapeError.self) { try run(test, [observation(.scores, lane: 1, queriesOf: 3, test)]) }
  }

  /// A plan reads the source's queries at the operation's sites and steps alone, and knows who depends on the source.
  @Test func aPlanReadsWhereItIsAsked() throws {
    let sites = [0, 1].map { index in
      AttentionSite(
        index: index, path: "site.\(index)", layer: index + 1, heads: 2, queries: .picture(height: 2, width: 2),
        keys: .text(tokens: 4), latentHeight: 2, latentWidth: 2)
    }
    let operation = PlannedOperation(
      operation: .crossRead, run: 1, sources: [0], sites: [1], steps: [1], branches: [.conditional])
    let records = [nil, Seed(3)].enumerated().map { index, seed in
      PlannedRecord(
        record: index, sites: [0, 1], steps: [0, 1], branches: [.conditional], meanOfHeads: true,
        tokens: [[], []].map { (_: [Int]) in (0..<4).map { TokenKey(label: "\($0)", positions: [$0]) } }, pool: nil,
        type: .float32, randomUNet: seed)
    }
    let plan = try AttentionPlan(
      sites: sites, lanes: Lane.batch(runs: 2, guided: true), stepCount: 3, tokens: 4, operations: [operation],
      records: records)
    func read(step: Int, site: Int) -> [Int?] {
      plan.probe(step: step).request(site: site).observations.map(\.queriesOf)
    }
    #expect(read(step: 0, site: 1) == [nil, nil] && read(step: 1, site: 0) == [nil, nil])
    // Lanes 2 and 3 are the conditional halves of source and target.
    #expect(read(step: 1, site: 1) == [nil, 2] && read(step: 2, site: 1).isEmpty)
    let request = plan.probe(step: 1).request(site: 1)
    #expect(request.fills.isEmpty && request.edits.isEmpty)
    #expect(plan.takers(from: 0, step: 1) == [1] && plan.takers(from: 0, step: 2).isEmpty)
    // A random UNet is run on the conditional half alone, and its maps are counted.
    let observer = try #require(plan.observers.first)
    #expect(observer.seed == 3 && observer.lanes == [2, 3] && plan.observedLanes(step: 1) == 2)
    #expect(plan.observedLanes(step: 2) == 0 && plan.probe(step: 2).observers.isEmpty)
    #expect(
      observer.lanes.count == 2
        && plan.probe(step: 1).observers[0].probe.request(site: 1).observations.map(\.queriesOf) == [nil, nil])
    #expect(plan.mapCount == 2 * 2 * 2 * 2 && plan.maps(step: 0).map(\.record) == [0, 0, 0, 0, 1, 1, 1, 1])
  }
}
