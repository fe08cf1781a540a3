import Analysis
import Attention
import AttentionStore
import ExperimentFiles
import Formatting
import Measures
import Tensors

/// The heat maps of words as they grow, map by map, from what a record keeps of a run.
package struct GatheredWords {
  package typealias Word = (label: String, keys: [Int])

  package let words: [Word]
  /// Recorded sites, in the order of the forward pass.
  package let sites: [AttentionSite]
  /// The sites among them that the heat maps are of.
  package let mapSites: [AttentionSite]
  private let indices: Set<Int>
  private var heatMaps: WordHeatMaps

  /// - Parameters:
  ///   - positions: for each key of the record, the token positions that are summed in it.
  ///   - sites: that have maps, in the order of the forward pass.
  ///   - takesMiddleBlock: whether the middle block is in the heat maps.
  /// - Throws: `ExperimentError` if there are no sites, or if the maps would have more values than memory should hold.
  package init(
    _ words: [Word], positions: [[Int]], sites: [AttentionSite], definition: WordHeatMaps.Definition = .init(),
    takesMiddleBlock: Bool = false
  ) throws {
    self.words = words
    self.sites = sites
    mapSites = sites.ofWordMaps(takesMiddleBlock: takesMiddleBlock)
    indices = Set(mapSites.map(\.index))
    guard let size = sites.first.map({ GridSize(height: $0.latentHeight, width: $0.latentWidth) }) else {
      throw ExperimentError("the record of these words has no sites")
    }
    // The words and the size are a database's, which may be a stranger's.
    let values = saturatingProduct(size.height, size.width, words.count)
    guard values <= Self.mostValues else {
      throw ExperimentError(
        "heat maps of \(words.count) words at \(size.height)x\(size.width) would take more than "
          + "\(ByteSize(Int64(8 * Self.mostValues))); is the database damaged?")
    }
    heatMaps = WordHeatMaps(
      words: words.map { word in
        WordHeatMaps.Word(keys: word.keys, tokens: word.keys.reduce(0) { $0 + positions[$1].count })
      }, size: size, definition: definition)
  }

  /// - Throws: `ShapeError` if a word's key is not in the map.
  package mutating func add(_ map: StoredMap, of site: AttentionSite) throws {
    guard indices.contains(site.index) else { return }
    try heatMaps.add(
      map.values, on: map.grid, keyCount: map.keys, site: site.index, head: map.head, heads: site.heads)
  }

  /// Of all heat maps together: those of 75 words over a picture of 8192x8192 pixels have 79 million values.
  private static let mostValues = 1 << 27

  /// Of the latents.
  package var size: GridSize { heatMaps.size }

  /// For each word its heat map, `[height, width]` of `size`.
  package var maps: [[Double]] { heatMaps.maps }

  /// The words of a run's prompt, each occurrence by itself, with their heat maps over all that the first record of probabilities with
  /// whole words keeps of the conditional half.
  /// - Returns: none where no record keeps a word of the run whole.
  /// - Throws: `StoreError`, or what a map that does not fit its record throws.
  package static func all(of run: StoredRun, in store: AttentionStore) throws -> [MeasuredWord] {
    guard let tokens = try store.tokens(run.run.prompt) else { return [] }
    let all = try store.sites().filter { $0.site.kind == .cross }.sorted { $0.site.index < $1.site.index }
    for record in try store.records(of: run.id)
    where record.record.quantity == .probabilities && record.record.isOfModel {
      let keys = try store.recordKeys(of: record.id, for: run.run.prompt)
      let words = RecordedWord.all(of: tokens, in: keys).map { ($0.label, $0.keys) }
      func filter(_ sites: [StoredSite]) -> MapFilter {
        MapFilter(
          runs: [run.id], records: [record.record.name], sites: Set(sites.map(\.id)), branch: .conditional)
      }
      let sites = try all.filter { try store.mapCount(filter([$0])) > 0 }
      guard !words.isEmpty, !sites.isEmpty else { continue }
      let siteOfID = Dictionary(sites.map { ($0.id, $0.site) }, uniquingKeysWith: { first, _ in first })
      var gathered = try GatheredWords(words, positions: keys.map(\.positions), sites: sites.map(\.site))
      try store.forEachMap(filter(sites)) { map in
        if let site = siteOfID[map.site] { try gathered.add(map, of: site) }
      }
      return zip(gathered.words, gathered.maps).map { MeasuredWord(label: $0.label, map: $1, size: gathered.size) }
    }
    return []
  }
}
