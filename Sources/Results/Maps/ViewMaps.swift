import Attention
import AttentionStore
import Formatting
import Plotting
import Tensors

/// The stored maps of one run that a view reads, one at a time.
package struct ViewMaps {
  let store: AttentionStore
  package let run: StoredRun
  package let tokens: PromptTokens?
  /// Those that have maps, in the order they were registered.
  package let records: [MapSelection.Record]
  private let siteOfID: [SiteID: AttentionSite]

  /// - Parameter kind: The view's; nil for both.
  /// - Throws: `ResultsError` that says what was not recorded, and what entry of `record` records it; `SelectionError`;
  ///   `StoreError`.
  package init(_ request: MapViewRequest, kind: AttentionKind?, store: AttentionStore) throws {
    try Self.requireMaps(request, kind, store)
    let all = try kind.map { try SiteSelector("\($0.rawValue):*") } ?? SiteSelector("*:*")
    let selection = try Self.selection(request, all: all, store)
    let sites = selection.siteOfID.filter { kind == nil || $0.value.kind == kind }
    guard selection.records.contains(where: { !$0.sites.isDisjoint(with: sites.keys) }) else {
      throw ResultsError.kind(
        sites: request.sites?.description ?? all.description, kind: kind?.title ?? "attention", all: all.description)
    }
    self.store = store
    run = selection.run
    tokens = selection.tokens
    records = selection.records
    siteOfID = sites
  }

  /// The maps asked for: of all records that have them, or, where some lack a step or a word, of the first that has all.
  private static func selection(
    _ request: MapViewRequest, all: SiteSelector, _ store: AttentionStore
  ) throws -> MapSelection {
    func selected(_ record: String?) throws -> MapSelection {
      try MapSelection(
        MapExportRequest(
          run: request.run, sites: request.sites ?? all, words: request.words, steps: request.steps, record: record),
        store)
    }
    do {
      return try selected(request.record)
    } catch let error as ResultsError where request.record == nil {
      for record in try store.records() {
        if let found = try? selected(record.record.name) { return found }
      }
      throw error
    }
  }

  /// Whether a run has probabilities of a kind in the conditional half.
  package static func exist(of run: RunID, record: String? = nil, kind: AttentionKind, in store: AttentionStore) throws
    -> Bool
  {
    let sites = Set(try store.sites().filter { $0.site.kind == kind }.map(\.id))
    return try store.mapCount(
      MapFilter(
        runs: [run], records: record.map { [$0] }, quantities: [.probabilities], sites: sites, branch: .conditional))
      > 0
  }

  private static func requireMaps(
    _ request: MapViewRequest, _ kind: AttentionKind?, _ store: AttentionStore
  ) throws {
    guard let run = try store.runs(RunFilter(hashes: [request.run])).first else { return }
    let kinds = kind.map { [$0] } ?? AttentionKind.allCases
    if let record = request.record {
      // Where there is no such record, or it holds something else, the selection says so.
      let named = try store.records().filter { $0.record.name == record }
      guard named.contains(where: { $0.record.quantity == .probabilities }) else { return }
    }
    guard try !kinds.contains(where: { try exist(of: run.id, record: request.record, kind: $0, in: store) }) else {
      return
    }
    throw ResultsError.nothingRecorded(
      run: request.run, status: run.status.rawValue, record: request.record, kinds: kinds.map(\.title),
      examples: kinds.map(\.recordExample))
  }

  /// Calls `body` with each map of a record, step by step, the heads of a site one after the other.
  /// - Parameters:
  ///   - steps: nil: all that were asked for.
  ///   - site: nil: all.
  func forEach(
    _ record: MapSelection.Record, steps: [Int]? = nil, site: AttentionSite? = nil,
    _ body: (AttentionSite, StoredMap) throws -> Void
  ) throws {
    let sites = record.sites.filter { id in siteOfID[id].map { site == nil || $0 == site } ?? false }
    for step in steps ?? record.steps {
      let filter = MapFilter(
        runs: [run.id], records: [record.name], sites: sites, steps: step..<(step + 1), branch: .conditional)
      try store.forEachMap(filter) { map in
        if let site = siteOfID[map.site] { try body(site, map) }
      }
    }
  }

  /// Gathers the heads of each site and step into one value.
  /// - Throws: `ShapeError` for heads of different sizes; what the bodies throw.
  package func gather<Value>(
    _ record: MapSelection.Record, steps: [Int]? = nil, site: AttentionSite? = nil,
    start: (AttentionSite, StoredMap) throws -> Value, add: (inout Value, StoredMap) throws -> Void,
    finish: (AttentionSite, Int, Value) throws -> Void
  ) throws {
    var open: (site: AttentionSite, step: Int, shape: [Int])?
    var value: Value?
    func flush() throws {
      if let place = open, let whole = value { try finish(place.site, place.step, whole) }
      value = nil
    }
    try forEach(record, steps: steps, site: site) { site, map in
      let shape = [map.height, map.width, map.keys]
      if open?.site != site || open?.step != map.step {
        try flush()
        open = (site, map.step, shape)
        value = try start(site, map)
      }
      if let first = open?.shape, first != shape {
        throw ShapeError(site.shortName, expected: "heads of \(first)", found: shape)
      }
      // Taken out, so that it has one owner while it grows.
      guard var gathered = value else { return }
      value = nil
      try add(&gathered, map)
      value = gathered
    }
    try flush()
  }

  /// The sites of which a record has maps, in the order of the forward pass; the index of maps answers it.
  package func sites(of record: MapSelection.Record) throws -> [AttentionSite] {
    try siteOfID.filter { record.sites.contains($0.key) }.sorted { $0.value.index < $1.value.index }.filter {
      try store.mapCount(
        MapFilter(runs: [run.id], records: [record.name], sites: [$0.key], branch: .conditional)) > 0
    }.map(\.value)
  }
}
