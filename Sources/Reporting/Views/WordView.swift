import Analysis
import Attention
import AttentionStore
import ExperimentFiles
import Formatting
import Foundation
import Plotting
import Results
import Tensors

/// Where the picture looks at each word: DAAM's heat maps over what was recorded of one run.
///
/// `WordHeatMaps` has the definition. It is exact of a record with `heads: all` and `tokens: all`; of means over heads and
/// sums over a word's tokens the clamp takes off less.
public struct WordView {
  let run: StoredRun
  /// Of the prompt, in its order, or as asked for. A word that stands in it more than once is one, as in the package.
  public let words: [String]
  /// For each word, on the latents' grid.
  public let maps: [HeatMap]
  /// Recorded sites, in the order of the forward pass, and steps.
  let sites: [AttentionSite]
  let steps: [Int]
  /// The sites among them that the maps are of.
  let mapSites: [AttentionSite]
  let definition: WordHeatMaps.Definition
  /// The word of the grid at each site and step, the mean over heads.
  let grid: [SiteStep: HeatMap]

  struct SiteStep: Hashable {
    let site: Int
    let step: Int
  }

  /// - Parameters:
  ///   - gridWord: The word whose single maps are wanted too; no other's are kept.
  ///   - takesMiddleBlock: whether the middle block is in the maps where the request names no sites.
  /// - Throws: `ExperimentError` that says what was not recorded and what would record it; `SelectionError`; `StoreError`.
  public init(
    _ request: MapViewRequest, gridWord: String? = nil, definition: WordHeatMaps.Definition = .init(),
    takesMiddleBlock: Bool = false, store: AttentionStore
  ) throws {
    let maps = try ViewMaps(request, kind: .cross, store: store)
    guard let record = Self.record(of: maps) else {
      throw ExperimentError([
        "record \(listed(maps.records.map { "\"\($0.name)\"" })) keeps no word of \"\(maps.run.prompt)\" whole; an entry "
          + "of the experiment file's `record` list as this one keeps all:", "  " + AttentionKind.cross.recordExample,
      ])
    }
    try self.init(
      maps, record, gridWord: gridWord, definition: definition,
      takesMiddleBlock: takesMiddleBlock || request.sites != nil)
  }

  /// - Returns: nil if the record has no map of a whole word of this run.
  static func ifRecorded(_ run: StoredRun, record: String, gridWord: String?, in store: AttentionStore) throws -> Self?
  {
    guard try ViewMaps.exist(of: run.id, record: record, kind: .cross, in: store) else { return nil }
    let maps = try ViewMaps(MapViewRequest(run: run.run.hash, record: record), kind: .cross, store: store)
    return try Self.record(of: maps).map {
      try WordView(maps, $0, gridWord: gridWord, definition: .init(), takesMiddleBlock: false)
    }
  }

  private init(
    _ maps: ViewMaps, _ record: MapSelection.Record, gridWord: String?, definition: WordHeatMaps.Definition,
    takesMiddleBlock: Bool
  ) throws {
    let recorded = Self.words(of: record, tokens: maps.tokens)
    var gathered = try GatheredWords(
      recorded, positions: record.positions, sites: maps.sites(of: record), definition: definition,
      takesMiddleBlock: takesMiddleBlock)
    let chosen = (record.words ?? record.allWords).first { $0.label == gridWord }?.keys
    var places: [SiteStep: HeatMap] = [:]
    try maps.gather(
      record, start: { KeysMean(site: $0, $1, keys: chosen ?? []) },
      add: { mean, map in
        try gathered.add(map, of: mean.site)
        try mean.add(map)
      }, finish: { places[SiteStep(site: $0.index, step: $1)] = chosen == nil ? nil : try $2.heatMap() })
    run = maps.run
    words = recorded.map(\.label)
    self.maps = try gathered.maps.map {
      try HeatMap(width: gathered.size.width, height: gathered.size.height, values: $0.map(Float.init))
    }
    sites = gathered.sites
    mapSites = gathered.mapSites
    self.definition = definition
    steps = record.steps
    grid = places
  }

  /// The first record that keeps a word.
  private static func record(of maps: ViewMaps) -> MapSelection.Record? {
    maps.records.first { !($0.words ?? $0.allWords).isEmpty }
  }

  /// The words that are asked for, or all: as the package takes them, unless an occurrence is named, as `car#2`.
  private static func words(
    of record: MapSelection.Record, tokens: PromptTokens?
  ) -> [(label: String, keys: [Int])] {
    /// Where the record keeps no tokens by themselves, those of the word's occurrences.
    func joined(_ name: String) -> [Int] {
      tokens.flatMap { RecordedWord.keys(covering: $0.daamPositions(of: name), in: record.positions) }
        ?? record.allWords.filter { Self.text(of: $0.label) == name }.flatMap(\.keys)
    }
    guard let asked = record.words else {
      return record.allWords.map { Self.text(of: $0.label) }.uniqued.map { ($0, joined($0)) }
    }
    return asked.map { word in
      let all = word.label.contains("#") ? [] : joined(word.label.lowercased())
      return (word.label, all.isEmpty ? word.keys : all)
    }
  }

  /// The word that a label is an occurrence of.
  private static func text(of label: String) -> String {
    guard case .word(let text, _)? = try? TokenName(label) else { return label }
    return text
  }

  /// The map of a word, given by its label or that of one of its occurrences; nil if it has none.
  func map(of word: String?) -> HeatMap? {
    guard let word else { return nil }
    return (words.firstIndex(of: word) ?? words.firstIndex(of: Self.text(of: word))).map { maps[$0] }
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

  /// `mean over layers 1-6, 8-16 and heads, sum over steps 0-29, as recorded`: what the maps are made of.
  public var over: String {
    let layers = "\(mapSites.count == 1 ? "layer" : "layers") \(ranges(mapSites.map(\.layer)))"
    let steps = "\(steps.count == 1 ? "step" : "steps") \(ranges(steps))"
    return definition.sumsLayers
      ? "sum over \(layers), heads and \(steps), as recorded"
      : "mean over \(layers) and heads, sum over \(steps), as recorded"
  }
}
