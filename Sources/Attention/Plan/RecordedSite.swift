import Tensors

/// What is observed at a site of one lane, and the map that it becomes.
struct PlannedObservation: Sendable {
  enum Kind: Sendable {
    case map(MapObservation)
    case vectors(VectorObservation)
  }

  let kind: Kind
  let map: PlannedMap

  var isMap: Bool { if case .map = kind { true } else { false } }

  /// The same by the places that lanes have in a call.
  func placed(in batch: LaneBatch) -> PlannedObservation {
    switch kind {
    case .map(var observation):
      observation.lane = batch.places[observation.lane]
      return PlannedObservation(kind: .map(observation), map: map)
    case .vectors(var observation):
      observation.lane = batch.places[observation.lane]
      return PlannedObservation(kind: .vectors(observation), map: map)
    }
  }

  /// The same of a map between another lane's queries and this one's keys.
  /// - Parameter lanes: by place, the one whose queries are read.
  func reading(queriesOf lanes: [Int: Int]) -> PlannedObservation {
    guard case .map(var observation) = kind, let other = lanes[observation.lane] else { return self }
    observation.queriesOf = other
    return PlannedObservation(kind: .map(observation), map: map)
  }
}

/// A record at one of its sites, with what all lanes have in common.
struct RecordedSite {
  private let record: PlannedRecord
  private let site: AttentionSite
  /// Values of a vector: of a head, or of the whole output.
  private let vectorLength: Int
  /// Heads that are stored one by one; 1 for their mean, and for an output.
  private let heads: Int
  /// The axis of the recorded vectors; of a map that of its queries.
  private let rows: AttentionAxis
  /// The stored cell of each row of a picture; nil where each is its own.
  private let cellOfRow: [Int32]?
  /// The same of a picture's keys.
  private let cellOfKey: [Int32]?

  /// - Parameter place: of the site among those of the record.
  init(_ record: PlannedRecord, at place: Int, _ site: AttentionSite) {
    self.record = record
    self.site = site
    let isOutput = record.quantity == .output
    heads = isOutput || (record.quantity.isMap && record.meanOfHeads) ? 1 : site.heads
    vectorLength = record.quantity.isMap ? 0 : record.channels[place] / max(1, heads)
    rows = [.keys, .values].contains(record.quantity) ? site.keys : site.queries
    // What is the same for all lanes is made once.
    cellOfRow = record.quantity.isMap ? nil : Self.cells(of: rows, pool: record.pool)
    cellOfKey = record.quantity.isMap ? Self.cells(of: site.keys, pool: record.pool) : nil
  }

  /// - Parameter index: of the lane in the batch.
  func observation(of lane: Lane, at index: Int) -> PlannedObservation {
    record.quantity.isMap ? map(lane, index) : vectors(lane, index)
  }

  private func map(_ lane: Lane, _ index: Int) -> PlannedObservation {
    let (height, width) = pooled(height: site.height, width: site.width)
    let (keyMap, keys): ([Int32]?, Int) =
      switch site.keys {
      case .text(let tokens): tokenMap(lane, of: tokens)
      case .picture: (cellOfKey, height * width)
      }
    return PlannedObservation(
      kind: .map(
        MapObservation(
          lane: index, of: record.quantity, meanOfHeads: record.meanOfHeads, height: site.height, width: site.width,
          outHeight: height, outWidth: width, keyMap: keyMap, outKeys: keys)),
      map: stored(lane, isMean: record.meanOfHeads, height: height, width: width, keys: keys))
  }

  private func vectors(_ lane: Lane, _ index: Int) -> PlannedObservation {
    guard let place = record.quantity.place else { preconditionFailure("\(record.quantity) is a map") }
    let isOutput = record.quantity == .output
    func observation(_ height: Int, _ width: Int, _ map: [Int32]?) -> PlannedObservation.Kind {
      .vectors(
        VectorObservation(
          lane: index, place: place, outHeight: height, outWidth: width,
          cellOfRow: map ?? (0..<Int32(clamping: rows.count)).map { $0 }, areTokens: rows.isText))
    }
    switch rows {
    case .text(let tokens):
      let (map, count) = tokenMap(lane, of: tokens)
      return PlannedObservation(
        kind: observation(1, count, map),
        map: stored(lane, isMean: isOutput, height: 1, width: vectorLength, keys: count))
    case .picture(let height, let width):
      let (height, width) = pooled(height: height, width: width)
      return PlannedObservation(
        kind: observation(height, width, cellOfRow),
        map: stored(lane, isMean: isOutput, height: height, width: width, keys: vectorLength))
    }
  }

  private func stored(_ lane: Lane, isMean: Bool, height: Int, width: Int, keys: Int) -> PlannedMap {
    PlannedMap(
      record: record.record, run: lane.run, branch: lane.branch, site: site.index, heads: heads, isMean: isMean,
      height: height, width: width, keys: keys, type: record.type)
  }

  /// For each token position its place among the chosen keys, or -1; nil where every position is its own key.
  private func tokenMap(_ lane: Lane, of tokens: Int) -> (map: [Int32]?, keys: Int) {
    let chosen = record.tokens[lane.run]
    if chosen.count == tokens, chosen.enumerated().allSatisfy({ $1.positions == [$0] }) { return (nil, tokens) }
    var map = [Int32](repeating: -1, count: tokens)
    for (index, key) in chosen.enumerated() {
      for position in key.positions { map[position] = Int32(index) }
    }
    return (map, chosen.count)
  }

  private func pooled(height: Int, width: Int) -> (height: Int, width: Int) {
    (min(height, record.pool ?? height), min(width, record.pool ?? width))
  }

  /// The stored cell of each cell of a picture that is averaged down; nil where none is.
  private static func cells(of axis: AttentionAxis, pool: Int?) -> [Int32]? {
    guard let grid = axis.grid, let pool, pool < max(grid.height, grid.width) else { return nil }
    let height = min(grid.height, pool)
    let width = min(grid.width, pool)
    return (0..<grid.cells).map { cell in
      let (y, x) = (cell / grid.width, cell % grid.width)
      return Int32(y * height / grid.height * width + x * width / grid.width)
    }
  }
}
