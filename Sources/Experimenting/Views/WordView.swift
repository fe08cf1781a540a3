import Analysis
import AttentionStore
import AttentionTracing
import Foundation
import Plotting
import Tensors

/// Where the picture looks at each word: DAAM's heat maps over what was recorded of one run.
///
/// `WordHeatMaps` has the definition. Of a record of means over heads each counts as often as its site has heads.
public struct WordView {
  public let run: StoredRun
  /// Of the prompt, in its order, or as asked for.
  public let words: [String]
  /// For each word, the sum on the latents' grid.
  public let maps: [HeatMap]
  /// Recorded sites, in the order of the forward pass, and steps.
  public let sites: [AttentionSite]
  public let steps: [Int]
  /// The word of the grid at each site and step, the mean over heads.
  let grid: [Place: HeatMap]

  struct Place: Hashable {
    let site: Int
    let step: Int
  }

  /// - Parameters:
  ///   - gridWord: The word whose single maps are wanted too; no other's are kept.
  ///   - isClamped: as in `WordHeatMaps`.
  /// - Throws: `ExperimentError` that says what was not recorded and what would record it; `SelectionError`; `StoreError`.
  public init(
    _ request: MapViewRequest, gridWord: String? = nil, isClamped: Bool = true, store: AttentionStore
  ) throws {
    let maps = try ViewMaps(request, kind: .cross, store: store)
    guard let record = Self.record(of: maps) else {
      throw ExperimentError([
        "record \(listed(maps.records.map { "\"\($0.name)\"" })) keeps no word of \"\(maps.run.prompt)\" whole; an entry "
          + "of the experiment file's `record` list as this one keeps all:", "  " + AttentionKind.cross.recordExample,
      ])
    }
    try self.init(maps, record, gridWord: gridWord, isClamped: isClamped)
  }

  /// - Returns: nil if the record has no map of a whole word of this run.
  static func ifRecorded(_ run: StoredRun, record: String, gridWord: String?, in store: AttentionStore) throws -> Self?
  {
    guard try ViewMaps.exist(of: run.id, record: record, kind: .cross, in: store) else { return nil }
    let maps = try ViewMaps(MapViewRequest(run: run.run.hash, record: record), kind: .cross, store: store)
    return try Self.record(of: maps).map { try WordView(maps, $0, gridWord: gridWord, isClamped: true) }
  }

  private init(_ maps: ViewMaps, _ record: MapSelection.Record, gridWord: String?, isClamped: Bool) throws {
    let recorded = record.words ?? record.allWords
    let sites = try maps.sites(of: record)
    guard let size = sites.first.map({ GridSize(height: $0.latentHeight, width: $0.latentWidth) }) else {
      throw ExperimentError("record \"\(record.name)\" has no sites")
    }
    var heatMaps = WordHeatMaps(words: recorded.map(\.keys), size: size, isClamped: isClamped)
    let chosen = recorded.first { $0.label == gridWord }?.keys
    var places: [Place: HeatMap] = [:]
    try maps.gather(
      record, start: { HeadMean(site: $0, $1, keys: chosen ?? []) },
      add: { mean, map in
        try heatMaps.add(
          map.values, on: map.grid, keyCount: map.keys, site: mean.site.index, head: map.head, heads: mean.site.heads)
        try mean.add(map)
      }, finish: { places[Place(site: $0.index, step: $1)] = chosen == nil ? nil : try $2.heatMap() })
    run = maps.run
    words = recorded.map(\.label)
    self.maps = try heatMaps.maps.map {
      try HeatMap(width: size.width, height: size.height, values: $0.map(Float.init))
    }
    self.sites = sites
    steps = record.steps
    grid = places
  }

  /// The first record that keeps a word.
  private static func record(of maps: ViewMaps) -> MapSelection.Record? {
    maps.records.first { !($0.words ?? $0.allWords).isEmpty }
  }

  /// The map of a word; nil if it has none.
  func map(of word: String?) -> HeatMap? {
    words.firstIndex { $0 == word }.map { maps[$0] }
  }

  /// The picture, then each word's map over it, on its own scale.
  public func figure(title: String, picture: Picture) throws -> Picture {
    try Figures.wordStrip(
      title: title, picture: picture, words: zip(words, maps).map { LabeledMap($0, $1) }, scale: .perMap)
  }

  /// A line a cell: `run,word,y,x,value`.
  public var csv: Data {
    var table = CSVTable(["run", "word", "y", "x", "value"])
    for (word, map) in zip(words, maps) {
      for (cell, value) in map.values.enumerated() {
        table.append([
          String(run.run.hash.prefix(16)), word, "\(cell / map.width)", "\(cell % map.width)",
          CSVTable.number(Double(value)),
        ])
      }
    }
    return table.data
  }

  /// `what was recorded: layers 1-16, steps 0-29 and all heads`: what the sum is over.
  public var over: String {
    "what was recorded: \(sites.count == 1 ? "layer" : "layers") \(ranges(sites.map(\.layer))), "
      + "\(steps.count == 1 ? "step" : "steps") \(ranges(steps)) and all heads"
  }
}
