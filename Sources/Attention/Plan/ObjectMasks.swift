import Tensors

/// Where an object stands, at one self-attention of a target that looks at its source.
///
/// Both come of the cross-attention maps of the object's words in the same step and the conditional half: the mean over
/// heads and over the attentions so far whose grid is a quarter of the latents' side (16x16 of 64x64), less its lowest value,
/// divided by its range, at the site's grid by the nearest cell.
/// - Source: Cao et al. 2023 (MasaCtrl), the released `MutualSelfAttentionControlMaskAuto`: the source's map is cut at the
///   threshold, the target's is not. Where a map has no range, which the released code divides by, there is no object.
public struct ObjectMasks: Hashable, Sendable {
  /// One a query, a cell of the target: how much of the object is there, 0...1.
  public let queries: [Float]
  /// One a key, a cell of the source: 1 where the object is, else 0.
  public let keys: [UInt8]

  public init(queries: [Float], keys: [UInt8]) {
    self.queries = queries
    self.keys = keys
  }
}

/// The tokens whose maps tell where a run's object is, in its source's prompt and in its own.
public struct PlannedObject: Codable, Hashable, Sendable {
  public let source: [Int]
  public let target: [Int]

  public init(source: [Int], target: [Int]) {
    self.source = source
    self.target = target
  }
}

/// An object whose masks are taken in each of some steps.
struct ObjectQuery: Hashable, Sendable {
  /// Of the conditional half.
  let sourceLane: Int
  let targetLane: Int
  let tokens: PlannedObject
  let threshold: Float

  /// Whether the maps of a site tell where objects are.
  static func looks(at site: AttentionSite) -> Bool {
    let side = max(site.latentHeight, site.latentWidth)
    return site.keys.isText && max(site.height, site.width) == (side + 3) / 4
  }

  /// The observations of the source's map and of the target's.
  func observations(at site: AttentionSite) -> [MapObservation] {
    [(sourceLane, tokens.source), (targetLane, tokens.target)].map { lane, tokens in
      var map = [Int32](repeating: -1, count: site.keys.count)
      for token in tokens { map[token] = 0 }
      return MapObservation(
        lane: lane, meanOfHeads: true, height: site.height, width: site.width, outHeight: site.height,
        outWidth: site.width, keyMap: map, outKeys: 1)
    }
  }
}

/// The maps of an object that a step has left so far.
struct ObjectMaps {
  private(set) var grid = GridSize(height: 0, width: 0)
  private var source: [Float] = []
  private var target: [Float] = []

  mutating func add(source: Tensor, target: Tensor) {
    grid = GridSize(height: source.shape[0], width: source.shape[1])
    self.source = Self.sum(self.source, source.values)
    self.target = Self.sum(self.target, target.values)
  }

  /// At a site's grid; nil before the first map.
  func masks(height: Int, width: Int, threshold: Float) -> ObjectMasks? {
    guard !source.isEmpty else { return nil }
    let cells = (0..<(height * width)).map { cell in
      (cell / width) * grid.height / height * grid.width + (cell % width) * grid.width / width
    }
    let (from, to) = (Self.normalized(source), Self.normalized(target))
    return ObjectMasks(queries: cells.map { to[$0] }, keys: cells.map { from[$0] >= threshold ? 1 : 0 })
  }

  private static func sum(_ a: [Float], _ b: [Float]) -> [Float] { a.isEmpty ? b : zip(a, b).map { $0 + $1 } }

  /// 0 at the lowest value, 1 at the highest; 0 everywhere where all are the same.
  private static func normalized(_ map: [Float]) -> [Float] {
    let (low, high) = (map.min() ?? 0, map.max() ?? 0)
    return map.map { high > low ? ($0 - low) / (high - low) : 0 }
  }
}
