import CKernels
import Tensors

/// Attention of single lanes with their maps whole, so that interventions can change them.
///
/// The parts are the kernel's own, so that an edit which changes nothing leaves the bits as they are. Memory: a map of one
/// head for the lane and one for each source; the lane's in all heads where an edit takes their mean.
struct MapAttention {
  let shape: ck_attention_shape
  let instructions: InstructionSet
  let query: UnsafePointer<Float>
  let key: UnsafePointer<Float>
  let value: UnsafePointer<Float>
  let output: UnsafeMutablePointer<Float>
  /// The grid of queries.
  let height: Int
  let width: Int

  private var heads: Int { Int(shape.heads) }
  private var queries: Int { Int(shape.queries) }
  private var keys: Int { Int(shape.keys) }
  /// Floats from row to row of a map: whole vectors of the widest set.
  var stride: Int { (keys + 15) / 16 * 16 }

  /// Computes one lane with its edits and adds its maps to the observations.
  func run(
    lane: Int, edits: [AttentionEdit], observations: UnsafeBufferPointer<ck_observation>,
    scores requests: [WholeMapRequest] = []
  ) {
    var shape = shape
    var workspace = Tensor(uninitialized: [ck_map_workspace(&shape, ck_threads())])
    let own = observations.filter { Int($0.lane) == lane }
    // One head at a time, unless the heads must know one another.
    let together = edits.contains(where: \.isMeanOfHeads) ? heads : 1
    workspace.withUnsafeMutableValues { space in
      for first in Swift.stride(from: 0, to: heads, by: together) {
        let chunk = first..<min(first + together, heads)
        var maps = chunk.map { scores(lane, $0, space.baseAddress) }
        edit(&maps, chunk, edits.filter { $0.place == .scores }, softmaxed: false, space.baseAddress)
        for request in requests {
          for (head, map) in zip(chunk, maps) { request.add(map, stride: stride, head: head, shape) }
        }
        for index in maps.indices { softmax(&maps[index]) }
        edit(&maps, chunk, edits.filter { $0.place == .probabilities }, softmaxed: true, space.baseAddress)
        for (head, map) in zip(chunk, maps) { finish(map, lane, head, own, space.baseAddress) }
      }
    }
    for var observation in own { ck_map_observed(&shape, &observation) }
    for request in requests { request.finish(shape) }
  }

  /// - Parameter other: the lane whose queries are read; nil: the lane's own.
  func scores(
    _ lane: Int, queriesOf other: Int? = nil, _ head: Int, _ space: UnsafeMutablePointer<Float>?
  ) -> Tensor {
    var shape = shape
    var map = Tensor(uninitialized: [queries, stride])
    let dim = head * Int(shape.head_dim)
    map.withUnsafeMutableValues {
      ck_map_scores(
        instructions.code, ck_threads(), &shape, query + (other ?? lane) * queries * Int(shape.query_stride) + dim,
        key + lane * keys * Int(shape.key_stride) + dim, Int32(stride), $0.baseAddress, space)
    }
    return map
  }

  func softmax(_ map: inout Tensor) {
    var shape = shape
    map.withUnsafeMutableValues {
      ck_map_softmax(instructions.code, ck_threads(), &shape, Int32(stride), $0.baseAddress)
    }
  }

  private func edit(
    _ maps: inout [Tensor], _ chunk: Range<Int>, _ edits: [AttentionEdit], softmaxed: Bool,
    _ space: UnsafeMutablePointer<Float>?
  ) {
    for edit in edits {
      if edit.isMeanOfHeads {
        takeMean(&maps, chunk, edit)
        continue
      }
      for (index, head) in chunk.enumerated() where edit.changes(head: head) {
        let sources = (edit.takesMaps ? edit.sources : []).map { lane in
          var map = scores(lane, head, space)
          if softmaxed { softmax(&map) }
          return map
        }
        if let held = edit.held {
          held.withMatrix(ofHead: head) { apply(edit, [$0], sourceStride: $1, to: &maps[index]) }
        } else {
          apply(edit, sources, to: &maps[index])
        }
      }
    }
  }

  private func apply(_ edit: AttentionEdit, _ sources: [Tensor], to map: inout Tensor) {
    withPointers(sources[...], []) { apply(edit, $0, sourceStride: stride, to: &map) }
  }

  private func apply(
    _ edit: AttentionEdit, _ sources: [UnsafePointer<Float>], sourceStride: Int, to map: inout Tensor
  ) {
    map.withUnsafeMutableValues { values in
      guard let base = values.baseAddress else { return }
      EditedMatrix(
        values: base, rows: queries, columns: keys, stride: stride, height: height, width: width, tokensAreRows: false
      ).apply(edit, sources: sources, sourceStride: sourceStride, keys: keys)
    }
  }

  /// Lends the values of several tensors at once.
  private func withPointers(
    _ tensors: ArraySlice<Tensor>, _ pointers: [UnsafePointer<Float>], _ body: ([UnsafePointer<Float>]) -> Void
  ) {
    guard let first = tensors.first else { return body(pointers) }
    first.withUnsafeValues { values in
      withPointers(tensors.dropFirst(), pointers + [values.baseAddress].compactMap { $0 }, body)
    }
  }

  private func takeMean(_ maps: inout [Tensor], _ chunk: Range<Int>, _ edit: AttentionEdit) {
    var mean = Tensor(zeros: [queries, stride])
    for map in maps { try? mean.add(map) }
    let share = 1 / Float(maps.count)
    mean.withUnsafeMutableValues { for i in $0.indices { $0[i] *= share } }
    let taken = AttentionEdit(
      lane: edit.lane, sources: [edit.lane], place: edit.place, change: AttentionChange(.replace),
      heads: edit.heads,
      tokens: edit.tokens, renormalizes: edit.renormalizes)
    for (index, head) in chunk.enumerated() where edit.changes(head: head) { apply(taken, [mean], to: &maps[index]) }
  }

  private func finish(
    _ map: Tensor, _ lane: Int, _ head: Int, _ observations: [ck_observation], _ space: UnsafeMutablePointer<Float>?
  ) {
    var shape = shape
    let dim = head * Int(shape.head_dim)
    map.withUnsafeValues { values in
      ck_map_apply(
        instructions.code, ck_threads(), &shape, Int32(stride), values.baseAddress,
        value + lane * keys * Int(shape.value_stride) + dim,
        output + lane * queries * Int(shape.output_stride) + dim, space)
      for var observation in observations {
        ck_map_observe(&shape, &observation, Int32(head), Int32(stride), values.baseAddress)
      }
    }
  }
}
