import CKernels
import Tensors

/// A sum of the probabilities that one lane of a batch used, taken tile by tile while they are computed; or of its scores.
///
/// A value of the result is the mean over the queries of its cell (and over the heads, with `meanOfHeads`) of what the keys
/// mapped to it have together: the sum of probabilities, and the score that has this sum. The cell of query (y, x) is
/// (y * outHeight / height, x * outWidth / width), rounded down.
public struct MapObservation: Sendable {
  public internal(set) var lane: Int
  /// The lane whose queries are held against this one's keys; nil: its own. Of another the lane's map is computed once
  /// more, and neither edits nor fills of scores and probabilities are in it.
  public var queriesOf: Int?
  /// `probabilities`, `scores` or `logRatio`.
  public let quantity: RecordedQuantity
  public let meanOfHeads: Bool
  /// The grid of queries.
  public let height: Int
  public let width: Int
  /// The grid of cells, at most as large.
  public let outHeight: Int
  public let outWidth: Int
  /// For each key its place in the result, or -1 if it is left out; nil: as they are.
  public let keyMap: [Int32]?
  /// Keys of the result.
  public let outKeys: Int

  public init(
    lane: Int, queriesOf: Int? = nil, of quantity: RecordedQuantity = .probabilities, meanOfHeads: Bool, height: Int,
    width: Int,
    outHeight: Int, outWidth: Int, keyMap: [Int32]?, outKeys: Int
  ) {
    precondition(quantity.isMap, "\(quantity.rawValue) have no value for each query and key")
    self.lane = lane
    self.queriesOf = queriesOf
    self.quantity = quantity
    self.meanOfHeads = meanOfHeads
    self.height = height
    self.width = width
    self.outHeight = outHeight
    self.outWidth = outWidth
    self.keyMap = keyMap
    self.outKeys = outKeys
  }

  /// Whether it is taken tile by tile, of what the lane uses.
  var isOfTiles: Bool { quantity == .probabilities && queriesOf == nil }
}

/// The C form of observations: their results one after another in one tensor, their key maps in one array.
struct ObservationBuffers {
  private let observations: [MapObservation]
  private let shapes: [[Int]]
  private var results: Tensor
  private var keyMaps: [Int32]

  init(_ observations: [MapObservation], heads: Int) {
    self.observations = observations
    shapes = observations.map { ($0.meanOfHeads ? [] : [heads]) + [$0.outHeight, $0.outWidth, $0.outKeys] }
    results = Tensor(zeros: [shapes.reduce(0) { $0 + $1.reduce(1, *) }])
    keyMaps = observations.flatMap { $0.keyMap ?? [] }
  }

  /// Lends the requests that are taken tile by tile, and those of whole maps, for the time of a call that fills their results.
  mutating func withRequests(_ body: (UnsafeBufferPointer<ck_observation>, [WholeMapRequest]) -> Void) {
    let (observations, shapes) = (observations, shapes)
    results.withUnsafeMutableValues { out in
      keyMaps.withUnsafeBufferPointer { maps in
        var (result, map) = (out.baseAddress, maps.baseAddress)
        let requests = zip(observations, shapes).map { o, shape in
          let request = ck_observation(
            lane: Int32(o.lane), mean_heads: o.meanOfHeads ? 1 : 0, height: Int32(o.height), width: Int32(o.width),
            out_height: Int32(o.outHeight), out_width: Int32(o.outWidth), out_keys: Int32(o.outKeys),
            key_map: o.keyMap == nil ? nil : map, out: result)
          result = result.map { $0 + shape.reduce(1, *) }
          map = map.map { $0 + (o.keyMap?.count ?? 0) }
          return request
        }
        let both = zip(observations, requests)
        let whole = both.filter { !$0.0.isOfTiles }.map(WholeMapRequest.init)
        let own = whole.isEmpty ? requests : both.filter { $0.0.isOfTiles }.map(\.1)
        own.withUnsafeBufferPointer { body($0, whole) }
      }
    }
  }

  /// The results, each in its shape.
  func tensors() -> [Tensor] {
    var at = 0
    return shapes.map { shape in
      var tensor = Tensor(uninitialized: shape)
      let part = at..<(at + tensor.count)
      results.withUnsafeValues { values in
        tensor.withUnsafeMutableValues { _ = $0.update(fromContentsOf: values[part]) }
      }
      at = part.upperBound
      return tensor
    }
  }
}
