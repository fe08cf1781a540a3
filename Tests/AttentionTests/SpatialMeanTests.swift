import Attention
import Tensors
import TestSupport
import Testing

/// `spatial_mean` against probabilities in double precision: a key's column is its mean, whatever heads and words are left.
@Suite struct SpatialMeanTests {
  @Test(arguments: [(1, 1), (5, 77), (24, 3), (63, 20)])
  func eachKeyKeepsItsMassAndLosesItsPlaces(queries: Int, keys: Int) throws {
    let test = AttentionKernelTests.Case(batch: 2, heads: 3, queries: queries, keys: keys, headDim: 8)
    let observation = MapObservation(
      lane: 1, meanOfHeads: false, height: 1, width: queries, outHeight: 1, outWidth: queries, keyMap: nil,
      outKeys: keys)
    let choices: [(heads: Set<Int>?, tokens: [Int]?)] = [(nil, nil), ([0, 2], nil), (nil, [0]), ([1], [0, keys - 1])]
    for (heads, tokens) in choices {
      let edit = AttentionEdit(
        lane: 1, sources: [], place: .probabilities, change: AttentionChange(.spatialMean), heads: heads,
        tokens: tokens)
      let (output, observed) = try AttentionKernel(heads: 3, headDim: 8)(
        query: AttentionOperand(test.query), key: AttentionOperand(test.key), value: AttentionOperand(test.value),
        edits: [edit], observations: [observation])
      var maps = Tensor(zeros: [3, 1, queries, keys])
      var expected = Tensor(zeros: [2, queries, 3 * 8])
      for lane in 0..<2 {
        for head in 0..<3 {
          var map = test.twin(lane: lane, head: head).probabilities
          for key in 0..<keys
          where lane == 1 && (heads?.contains(head) ?? true) && (tokens?.contains(key) ?? true) {
            let mean = (0..<queries).reduce(0) { $0 + map[$1 * keys + key] } / Double(queries)
            for query in 0..<queries { map[query * keys + key] = mean }
          }
          if lane == 1 { maps.set(map, at: head * queries * keys) }
          for query in 0..<queries {
            for d in 0..<8 {
              let sum = (0..<keys).reduce(0.0) {
                $0 + map[query * keys + $1] * Double(test.value.values[(lane * keys + $1) * 24 + head * 8 + d])
              }
              expected.set([sum], at: (lane * queries + query) * 24 + head * 8 + d)
            }
          }
        }
      }
      let what = "\(queries) queries, \(keys) keys, heads \(heads ?? []), tokens \(tokens ?? [])"
      expectClose(observed[0], maps, tolerance: 3e-7 * Double(queries + 8).squareRoot(), "map, \(what)")
      expectClose(output, expected, tolerance: 3e-7 * Double(keys + queries).squareRoot(), "output, \(what)")
    }
  }

  @Test func itIsForTheWordsOfProbabilities() {
    let picture = AttentionAxis.picture(height: 2, width: 2)
    func site(_ keys: AttentionAxis) -> AttentionSite {
      AttentionSite(
        index: 0, path: "x", layer: 1, heads: 1, queries: picture, keys: keys, latentHeight: 2, latentWidth: 2)
    }
    let change = AttentionChange(.spatialMean)
    #expect(change.refusal(at: .probabilities, of: site(.text(tokens: 3))) == nil)
    #expect(change.refusal(at: .probabilities, of: site(picture)) == "spatial_mean is for cross-attention")
    #expect(AttentionOperation.spatialMean.refusal(of: .scores) == "spatial_mean is of probabilities alone")
    #expect(change.identityText == "spatial_mean")
  }
}

extension Tensor {
  fileprivate mutating func set(_ values: [Double], at place: Int) {
    withUnsafeMutableValues { for (i, value) in values.enumerated() { $0[place + i] = Float(value) } }
  }
}
