import CKernels
import Foundation
import Tensors

/// An observation for which a head's map is computed whole, and where its result is added up: of scores, of their differences
/// to that of the start token, and of probabilities under another lane's queries.
struct WholeMapRequest {
  let lane: Int
  /// The lane whose queries are read.
  let queriesOf: Int
  private let quantity: RecordedQuantity
  /// The positions of each key of the result.
  private let keys: [[Int]]
  /// Of the keys of the result, as they are.
  private let request: ck_observation

  init(_ observation: MapObservation, _ request: ck_observation) {
    lane = observation.lane
    queriesOf = observation.queriesOf ?? observation.lane
    quantity = observation.quantity
    if let map = observation.keyMap {
      var keys = [[Int]](repeating: [], count: observation.outKeys)
      for (position, key) in map.enumerated() where key >= 0 { keys[Int(key)].append(position) }
      self.keys = keys
    } else {
      keys = (0..<observation.outKeys).map { [$0] }
    }
    var request = request
    if quantity != .probabilities { request.key_map = nil }
    self.request = request
  }

  /// Whether queries are another lane's.
  var isCrossRead: Bool { queriesOf != lane }
  var isOfScores: Bool { quantity != .probabilities }

  /// Adds the probabilities of a head, `[queries, stride]`.
  func add(probabilities: Tensor, stride: Int, head: Int, _ shape: ck_attention_shape) {
    var (shape, request) = (shape, request)
    probabilities.withUnsafeValues {
      ck_map_observe(&shape, &request, Int32(head), Int32(stride), $0.baseAddress)
    }
  }

  /// Adds the scores of a head.
  /// - Parameters:
  ///   - scores: `[queries, stride]`, not scaled.
  ///   - shape: of the attention.
  func add(_ scores: Tensor, stride: Int, head: Int, _ shape: ck_attention_shape) {
    var (shape, request) = (shape, request)
    let own = own(scores, queries: Int(shape.queries), stride: stride, scale: shape.scale)
    shape.keys = Int32(keys.count)
    own.withUnsafeValues { ck_map_observe(&shape, &request, Int32(head), Int32(keys.count), $0.baseAddress) }
  }

  /// Turns the sums into means, after the last head.
  func finish(_ shape: ck_attention_shape) {
    var (shape, request) = (shape, request)
    ck_map_observed(&shape, &request)
  }

  /// `[queries, keys]`, scaled.
  private func own(_ scores: Tensor, queries: Int, stride: Int, scale: Float) -> Tensor {
    var result = Tensor(uninitialized: [queries, keys.count])
    scores.withUnsafeValues { from in
      result.withUnsafeMutableValues { to in
        for query in 0..<queries {
          let row = UnsafeBufferPointer(rebasing: from[(query * stride)..<((query + 1) * stride)])
          let start = quantity == .logRatio ? row[0] : 0
          for (key, positions) in keys.enumerated() {
            to[query * keys.count + key] = Self.score(row, positions, start: start, scale: scale)
          }
        }
      }
    }
    return result
  }

  /// The one score that has the sum of the positions' probabilities, less the start's; -infinity without positions.
  private static func score(
    _ row: UnsafeBufferPointer<Float>, _ positions: [Int], start: Float, scale: Float
  ) -> Float {
    if positions.count == 1 { return (row[positions[0]] - start) * scale }
    // The largest is taken out first, so that no exponential overflows.
    let largest = positions.reduce(-Float.infinity) { max($0, row[$1]) }
    guard largest > -.infinity else { return largest }
    let sum = positions.reduce(Float(0)) { $0 + exp((row[$1] - largest) * scale) }
    return (largest - start) * scale + log(sum)
  }
}

extension MapAttention {
  /// Adds the maps of a lane that nothing is changed in, where `run` does not make them.
  /// - Parameter other: the lane whose queries are read.
  func observe(lane: Int, queriesOf other: Int, _ requests: [WholeMapRequest]) {
    var shape = shape
    var workspace = Tensor(uninitialized: [ck_map_workspace(&shape, ck_threads())])
    workspace.withUnsafeMutableValues { space in
      for head in 0..<Int(shape.heads) {
        var map = scores(lane, queriesOf: other, head, space.baseAddress)
        for request in requests where request.isOfScores { request.add(map, stride: stride, head: head, shape) }
        let ofProbabilities = requests.filter { !$0.isOfScores }
        if ofProbabilities.isEmpty { continue }
        softmax(&map)
        for request in ofProbabilities { request.add(probabilities: map, stride: stride, head: head, shape) }
      }
    }
    for request in requests { request.finish(shape) }
  }
}
