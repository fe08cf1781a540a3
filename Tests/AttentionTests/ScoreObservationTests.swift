import Attention
import Foundation
import Tensors
import TestSupport
import Testing

/// Recorded scores and log ratios against the probabilities that the twin computes of the same queries and keys.
@Suite struct ScoreObservationTests {
  private typealias Case = AttentionKernelTests.Case

  private func observe(
    _ test: Case, _ observations: [MapObservation], fills: [ProbabilityFill] = [], edits: [AttentionEdit] = []
  ) throws -> (output: Tensor, observed: [Tensor]) {
    try AttentionKernel(heads: test.heads, headDim: test.headDim)(
      query: AttentionOperand(test.query), key: AttentionOperand(test.key), value: AttentionOperand(test.value),
      fills: fills, edits: edits, observations: observations)
  }

  private func observation(
    _ quantity: RecordedQuantity, lane: Int, queries: Int, outWidth: Int? = nil, keyMap: [Int32]? = nil, keys: Int,
    mean: Bool = false
  ) -> MapObservation {
    MapObservation(
      lane: lane, of: quantity, meanOfHeads: mean, height: 1, width: queries, outHeight: 1,
      outWidth: outWidth ?? queries, keyMap: keyMap, outKeys: keys)
  }

  /// `[heads, queries, keys]` of double precision.
  private func probabilities(_ test: Case, lane: Int) -> [[Double]] {
    (0..<test.heads).map { test.twin(lane: lane, head: $0).probabilities }
  }

  @Test(arguments: [(1, 1, 4), (5, 2, 8), (16, 77, 40), (33, 20, 7)])
  func logRatiosAreThoseOfProbabilities(queries: Int, keys: Int, headDim: Int) throws {
    let test = Case(batch: 2, heads: 3, queries: queries, keys: keys, headDim: headDim)
    // Two keys: the last position, and the first half of the others together.
    var map = [Int32](repeating: -1, count: keys)
    for position in 0..<(keys / 2) { map[position] = 1 }
    map[keys - 1] = 0
    let (_, observed) = try observe(
      test,
      [
        observation(.logRatio, lane: 1, queries: queries, keys: keys),
        observation(.logRatio, lane: 1, queries: queries, keyMap: map, keys: 2),
        observation(.scores, lane: 1, queries: queries, keys: keys),
      ])
    for (head, p) in probabilities(test, lane: 1).enumerated() {
      for query in 0..<queries {
        let row = Array(p[(query * keys)..<((query + 1) * keys)])
        let own = head * queries + query
        for key in 0..<keys {
          #expect(abs(Double(observed[0].values[own * keys + key]) - log(row[key] / row[0])) < 1e-5)
          let scores = observed[2].values[(own * keys)..<((own + 1) * keys)]
          let difference = Double(scores[scores.startIndex + key] - scores[scores.startIndex])
          #expect(abs(difference - log(row[key] / row[0])) < 1e-5)
        }
        #expect(abs(Double(observed[1].values[own * 2]) - log(row[keys - 1] / row[0])) < 1e-5)
        let half = keys == 1 ? -Double.infinity : log(row[..<(keys / 2)].reduce(0, +) / row[0])
        let found = Double(observed[1].values[own * 2 + 1])
        #expect(found == half || abs(found - half) < 1e-5, "\(found), expected \(half)")
      }
    }
  }

  /// Pooled queries and mean heads are the means of the single values.
  @Test func meansAreOfTheSingleValues() throws {
    let test = Case(batch: 1, heads: 2, queries: 12, keys: 5, headDim: 8)
    let (_, observed) = try observe(
      test,
      [
        observation(.scores, lane: 0, queries: 12, keys: 5),
        observation(.scores, lane: 0, queries: 12, outWidth: 4, keys: 5, mean: true),
      ])
    let whole = observed[0].values
    let expected = (0..<20).map { (index: Int) -> Float in
      var sum: Float = 0
      for head in 0..<2 {
        for query in 0..<3 { sum += whole[(head * 12 + index / 5 * 3 + query) * 5 + index % 5] }
      }
      return sum / 6
    }
    expectClose(observed[1], try Tensor(expected, shape: [1, 4, 5]), tolerance: 1e-6)
  }

  /// Scores are what went into the softmax: changed by operations of scores, not by those of probabilities.
  @Test func operationsBeforeTheSoftmaxCountAndThoseAfterItDoNot() throws {
    let test = Case(batch: 3, heads: 2, queries: 6, keys: 7, headDim: 8)
    let all = observation(.scores, lane: 1, queries: 6, keys: 7)
    let own = try observe(test, [all]).observed[0]
    let source = try observe(test, [observation(.scores, lane: 2, queries: 6, keys: 7)]).observed[0]
    func edit(
      _ operation: AttentionOperation, _ place: AttentionEdit.Place, sources: [Int] = [],
      _ values: [String: OperationValue] = [:]
    ) -> AttentionEdit {
      AttentionEdit(lane: 1, sources: sources, place: place, change: AttentionChange(operation, values))
    }
    let scaled = try observe(test, [all], edits: [edit(.scale, .scores, ["factor": 3.0])]).observed[0]
    expectClose(scaled, try Tensor(own.values.map { 3 * $0 }, shape: own.shape), tolerance: 1e-6)
    let replaced = try observe(test, [all], edits: [edit(.replace, .scores, sources: [2])]).observed[0]
    #expect(replaced == source)
    let mean = try observe(test, [all], edits: [edit(.headMean, .scores)]).observed[0]
    let heads = own.values
    let both = (0..<84).map { (index: Int) -> Float in
      let place = index % 42
      return (heads[place] + heads[place + 42]) / 2
    }
    expectClose(mean, try Tensor(both, shape: own.shape), tolerance: 1e-6)
    for after in [edit(.zero, .probabilities), edit(.replace, .probabilities, sources: [2])] {
      #expect(try observe(test, [all], edits: [after]).observed[0] == own)
    }
    for fill in [ProbabilityFill.source(2), .zero, .uniform] {
      #expect(try observe(test, [all], fills: [.own, fill, .own]).observed[0] == own)
    }
  }

  /// What else is recorded does not matter to the probabilities, nor to the result.
  @Test func probabilitiesKeepTheirBits() throws {
    let test = Case(batch: 2, heads: 2, queries: 40, keys: 21, headDim: 8)
    let plain = observation(.probabilities, lane: 1, queries: 40, outWidth: 5, keys: 21, mean: true)
    let others = [RecordedQuantity.scores, .logRatio].map { observation($0, lane: 1, queries: 40, keys: 21) }
    let (alone, both) = (try observe(test, [plain]), try observe(test, [others[0], plain, others[1]]))
    #expect(both.output == alone.output && both.observed[1] == alone.observed[0])
    let edit = AttentionEdit(lane: 1, sources: [], place: .scores, change: AttentionChange(.scale, ["factor": 2.0]))
    let edited = (try observe(test, [plain], edits: [edit]), try observe(test, [plain] + others, edits: [edit]))
    #expect(edited.0.output == edited.1.output && edited.0.observed[0] == edited.1.observed[0])
  }

  /// Scores of a hundred, whose exponentials overflow.
  @Test func largeScoresStayFinite() throws {
    var test = Case(batch: 1, heads: 1, queries: 3, keys: 9, headDim: 8)
    test.query.withUnsafeMutableValues { values in for i in values.indices { values[i] *= 300 } }
    let map: [Int32] = [0, 0, 0, 1, 1, 1, 1, 1, 1]
    let (_, observed) = try observe(test, [observation(.logRatio, lane: 0, queries: 3, keyMap: map, keys: 2)])
    #expect(observed[0].values.allSatisfy { $0.isFinite })
    #expect(observed[0].values.contains { abs($0) > 100 })
  }
}
