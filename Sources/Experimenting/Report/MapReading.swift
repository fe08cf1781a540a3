import AttentionStore
import AttentionTracing
import Plotting

/// The maps of one run that a figure needs, in one pass over the database.
struct CrossMaps {
  /// The words of the prompt that were recorded.
  let words: [RecordedWord]
  /// For each word, the mean over all steps, sites and heads.
  let means: [HeatMap]
  /// The chosen word at each site and step, the mean over heads.
  let grid: [Place: HeatMap]
  let steps: [Int]
  let sites: [AttentionSite]

  struct Place: Hashable {
    let site: Int
    let step: Int
  }

  /// - Parameter word: Index into the prompt's words, whose grid is wanted.
  /// - Returns: nil if the record holds no map of a word of this run.
  /// - Throws: `StoreError`, or `ShapeError` for maps that do not fit their keys.
  init?(of run: ReportRun, record: RecordSpec, id: RecordID, tokens: PromptTokens, word: Int?, in data: ReportData)
    throws
  {
    let keys = try data.store.recordKeys(of: id, for: run.stored.run.prompt).map(\.positions)
    words = RecordedWord.all(of: tokens, in: keys)
    guard !words.isEmpty else { return nil }
    let positions = word.map { tokens.positions(ofWord: $0) } ?? []
    let chosen = words.first { $0.positions == positions }?.keys
    var averages = MapAverages(keys: words.map(\.keys))
    var places: [Place: MapAverages] = [:]
    var sites = Set<AttentionSite>()
    var steps = Set<Int>()
    let filter = MapFilter(
      runs: [run.stored.id], records: [record.name], sites: data.sites(of: .cross), branch: .conditional)
    try data.store.forEachMap(filter) { map in
      guard let site = data.siteOfID[map.site] else { return }
      let values = map.values
      let weight = map.head == nil ? 1 : 1 / Double(max(1, site.heads))
      try averages.add(values, height: map.height, width: map.width, keyCount: map.keys, weight: weight)
      sites.insert(site)
      steps.insert(map.step)
      if let chosen {
        let place = Place(site: site.index, step: map.step)
        var cell = places.removeValue(forKey: place) ?? MapAverages(keys: [chosen])
        try cell.add(values, height: map.height, width: map.width, keyCount: map.keys, weight: weight)
        places[place] = cell
      }
    }
    guard averages.count > 0 else { return nil }
    means = try averages.means()
    grid = try places.compactMapValues { try $0.means().first }
    self.steps = steps.sorted()
    self.sites = sites.sorted { $0.index < $1.index }
  }

  /// The mean map of a word of the prompt.
  func mean(of positions: [Int]) -> HeatMap? {
    words.firstIndex { $0.positions == positions }.map { means[$0] }
  }
}

extension ReportData {
  func sites(of kind: AttentionKind) -> Set<SiteID> {
    Set(siteOfID.filter { $0.value.kind == kind }.keys)
  }

  /// The first record that has maps of a kind in the conditional half.
  func firstRecord(of kind: AttentionKind) throws -> (spec: RecordSpec, id: RecordID)? {
    let ids = try store.records()
    let runs = Set(present.filter(\.isDone).map(\.stored.id))
    for record in spec.record {
      guard let id = ids.first(where: { $0.record.name == record.name })?.id else { continue }
      let filter = MapFilter(runs: runs, records: [record.name], sites: sites(of: kind), branch: .conditional)
      if try store.mapCount(filter) > 0 { return (record, id) }
    }
    return nil
  }

  /// Where one cell's query looks: at each of the sites of a record, the mean over heads.
  /// - Parameter point: In the picture; each site's cell that it falls in is taken.
  func selfMaps(of run: ReportRun, record: String, step: Int, point: QueryPoint) throws -> [(AttentionSite, HeatMap)] {
    var found: [AttentionSite: (sum: [Float], heads: Int, height: Int, width: Int)] = [:]
    let filter = MapFilter(
      runs: [run.stored.id], records: [record], sites: sites(of: .selfAttention), steps: step..<(step + 1),
      branch: .conditional)
    try store.forEachMap(filter) { map in
      guard let site = siteOfID[map.site], map.keys == map.height * map.width else { return }
      let cell = point.cell(width: map.width, height: map.height)
      let start = (cell.y * map.width + cell.x) * map.keys
      let row = map.values[start..<(start + map.keys)]
      var entry = found[site] ?? ([Float](repeating: 0, count: map.keys), 0, map.height, map.width)
      for (key, value) in row.enumerated() { entry.sum[key] += value }
      entry.heads += 1
      found[site] = entry
    }
    return try found.sorted { $0.key.index < $1.key.index }.map { site, entry in
      (
        site,
        try HeatMap(width: entry.width, height: entry.height, values: entry.sum.map { $0 / Float(entry.heads) })
      )
    }
  }

  /// The steps of which a run has maps in a record.
  func steps(of run: ReportRun, record: String, kind: AttentionKind) throws -> [Int] {
    try recordedSteps(store, run: run.stored, record: record, sites: sites(of: kind))
  }
}

/// The steps of which a run has maps in a record.
///
/// The index of maps answers it without reading one. A scheduler calls the model at most twice a step and once more.
func recordedSteps(
  _ store: AttentionStore, run: StoredRun, record: String, sites: Set<SiteID>, branch: GuidanceBranch = .conditional
) throws -> [Int] {
  try (0...(2 * run.run.steps + 1)).filter { step in
    try store.mapCount(
      MapFilter(runs: [run.id], records: [record], sites: sites, steps: step..<(step + 1), branch: branch)) > 0
  }
}
