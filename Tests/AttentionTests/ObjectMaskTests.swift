import Attention
import CKernels
import Tensors
import TestSupport
import Testing

/// `object_mask`: places of the object look at the source's object alone, all others at its background.
@Suite struct ObjectMaskTests {
  /// Against the split of each row in double precision.
  @Test(arguments: [1, 3, 16, 33])
  func rowsAreSplitBetweenObjectAndBackground(keys: Int) throws {
    let test = AttentionKernelTests.Case(batch: 2, heads: 2, queries: 5, keys: keys, headDim: 4)
    let queries: [Float] = [0, 0.25, 0.5, 1, 0.1]
    let masks = ObjectMasks(queries: queries, keys: (0..<keys).map { $0 % 3 == 1 ? 1 : 0 })
    var edit = AttentionEdit(
      lane: 1, sources: [0], place: .probabilities, change: AttentionChange(.objectMask, ["object": .texts(["x"])]))
    edit.objects = masks
    let observation = MapObservation(
      lane: 1, meanOfHeads: false, height: 1, width: 5, outHeight: 1, outWidth: 5, keyMap: nil, outKeys: keys)
    let (_, observed) = try AttentionKernel(heads: 2, headDim: 4)(
      query: AttentionOperand(test.query), key: AttentionOperand(test.key), value: AttentionOperand(test.value),
      edits: [edit], observations: [observation])
    var expected: [Float] = []
    for head in 0..<2 {
      let map = test.twin(lane: 1, head: head).probabilities
      for query in 0..<5 {
        let row = Array(map[(query * keys)..<((query + 1) * keys)])
        func share(_ isObject: Bool, _ key: Int) -> Double {
          let part = zip(row, masks.keys).filter { ($0.1 == 1) == isObject }.map(\.0).reduce(0, +)
          // Where nothing of a part is left, the softmax of scores that are all cut off is even.
          if part == 0 { return 1 / Double(keys) }
          return (masks.keys[key] == 1) == isObject ? row[key] / part : 0
        }
        let m = Double(queries[query])
        for key in 0..<keys { expected.append(Float(m * share(true, key) + (1 - m) * share(false, key))) }
      }
    }
    expectClose(
      observed[0], try Tensor(expected, shape: [2, 1, 5, keys]), tolerance: 1e-6, "\(keys) keys")
  }

  @Test func itIsForSelfAttention() {
    let picture = AttentionAxis.picture(height: 2, width: 2)
    func site(_ keys: AttentionAxis) -> AttentionSite {
      AttentionSite(
        index: 0, path: "x", layer: 1, heads: 1, queries: picture, keys: keys, latentHeight: 2, latentWidth: 2)
    }
    let change = AttentionChange(.objectMask, ["object": .texts(["x"])])
    #expect(change.refusal(at: .probabilities, of: site(picture)) == nil)
    #expect(change.refusal(at: .probabilities, of: site(.text(tokens: 3))) == "object_mask is for self-attention")
    #expect(AttentionOperation.objectMask.refusal(of: .scores) == "object_mask is of probabilities alone")
  }
}
