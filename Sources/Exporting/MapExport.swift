import Attention
import AttentionStore
import Foundation
import Results
import Tensors

/// Writes stored maps of one run as files that other programs read.
public enum MapExport {
  /// Writes the maps that a request asks for.
  ///
  /// Names tell what a file holds: `step-00_cross-12_up_blocks.2.attentions.1_car.png`, in front of it the record where
  /// several are exported, at its end the head where it is not the mean, and the guidance half where it is the
  /// unconditional one, also in the names of the tables and archives below.
  ///
  /// - `png`: a heat map of each word, over the run's picture where that exists; of self-attention, where one point looks.
  ///   Its color bar says its range.
  /// - `npy`: float32 `[height, width, keys]`; beside them `keys_<record>.csv` says what the keys of cross maps are.
  /// - `csv`: `maps_<record>.csv` with the columns `site,layer,kind,step,timestep,branch,head,y,x,key,label,value`; `site`
  ///   is the module path, `head` is empty for the mean, and the label of a self map's key is its row and column.
  /// - `npz`: `maps_<record>.npz`, NumPy's archive of such arrays under names as above; `labels` says what the keys of
  ///   cross maps are.
  /// - `safetensors`: `maps_<record>.safetensors` with the same arrays; its metadata has run, prompt, seed, intervention
  ///   and record as text, `labels` as a JSON array, and `maps`, a JSON object with site, layer, kind, step, timestep,
  ///   branch and head of each tensor.
  /// - `json`: `maps_<record>.json`, an array with an object for each map, a line each; `axes` names the axes of `values`.
  ///
  /// A record of another quantity than probabilities goes into every format but `png`; `quantity` says which, and
  /// ``RecordedQuantity`` what its axes are: a vector's values have no labels, and stand where keys do.
  ///
  /// Each file is written whole or not at all; one of the same name is replaced. Memory holds a few maps at a time, for
  /// `safetensors` those of one record.
  /// - Parameter folder: Made if it does not exist.
  /// - Returns: The files written.
  /// - Throws: `ExperimentError` or `SelectionError` for a run, record, site, step, word or head that there is not, before
  ///   anything is written: each lists what there is. `StoreError`, `PlottingError` or `FileError`.
  public static func write(
    store: AttentionStore, results: ResultsFolder, request: MapExportRequest, to folder: URL
  ) throws -> [URL] {
    let selection = try MapSelection(request, store)
    var writer = ExportWriter(
      selection: selection, request: request, folder: try ResultsFolder.openForOutput(folder), url: folder)
    if request.format == .png { writer.picture = try? selection.run.picture(store, results) }
    for record in selection.records {
      try writer.begin(record)
      for step in record.steps {
        try forEachMap(step: step, record, selection, request, store) { try writer.add($0, record) }
      }
      try writer.end()
    }
    return writer.files
  }

  /// The maps of one step, those of single heads drawn together where their mean is asked for.
  private static func forEachMap(
    step: Int, _ record: MapSelection.Record, _ selection: MapSelection, _ request: MapExportRequest,
    _ store: AttentionStore, _ body: (ExportedMap) throws -> Void
  ) throws {
    var heads: HeadSelector?
    switch request.heads {
    // An output is of all heads together, whichever are asked for.
    case _ where record.quantity == .output: heads = nil
    case .mean: heads = nil
    case .all: heads = .single
    case .indices(let indices): heads = .list(Set(indices))
    }
    let takesMean = request.heads == .mean && record.quantity.hasMeanOfHeads
    let filter = MapFilter(
      runs: [selection.run.id], records: [record.name], sites: record.sites, steps: step..<(step + 1),
      branch: request.branch, heads: heads)
    var open: (map: ExportedMap, mean: HeadMean<Float>)?
    func flush() throws {
      guard var whole = open else { return }
      open = nil
      whole.map.values = whole.mean.values
      try body(whole.map)
    }
    try store.forEachMap(filter) { stored in
      guard let site = selection.siteOfID[stored.site] else { return }
      let values = stored.values
      var map = ExportedMap(
        site: site, step: stored.step, timestep: stored.timestep, branch: stored.branch, head: stored.head,
        height: stored.height, width: stored.width, keys: stored.keys, values: values)
      guard takesMean, stored.head != nil else { return try body(map) }
      // Heads of a site follow one another.
      if open?.map.site != site {
        try flush()
        map.head = nil
        open = (map, HeadMean(count: values.count))
      }
      if let count = open?.map.values.count, count != values.count {
        throw ShapeError(site.shortName, expected: "heads of \(count) values", found: "\(values.count)")
      }
      open?.mean.add(values)
    }
    try flush()
  }
}

/// A map on its way into a file.
struct ExportedMap {
  let site: AttentionSite
  let step: Int
  let timestep: Double
  let branch: GuidanceBranch
  /// nil for the mean.
  var head: Int?
  let height: Int
  let width: Int
  let keys: Int
  /// `[height, width, keys]`
  var values: [Float]

  /// The sum over some keys: `[height, width]`.
  func sum(over keys: [Int]) throws(ResultsError) -> [Float] {
    try sumOverKeys(keys, of: values, keyCount: self.keys).map(Float.init)
  }

  /// What some keys of a record come to as one: `[height, width]`. Probabilities are summed, scores are those that have the
  /// summed probabilities, and vectors are their mean over token positions.
  func together(_ keys: [Int], in record: MapSelection.Record) throws -> [Float] {
    guard keys.count > 1 else { return try sum(over: keys) }
    let parts = try keys.map { try sum(over: [$0]) }
    switch record.quantity {
    case .scores, .logRatio:
      return parts[0].indices.map { cell in
        let largest = parts.reduce(-Float.infinity) { max($0, $1[cell]) }
        return largest > -.infinity ? largest + log(parts.reduce(0) { $0 + exp($1[cell] - largest) }) : largest
      }
    case .keys, .values:
      let counts = keys.map { Float(record.positions[$0].count) }
      let all = counts.reduce(0, +)
      return parts[0].indices.map { cell in zip(parts, counts).reduce(0) { $0 + $1.0[cell] * $1.1 } / all }
    case .probabilities, .queries, .output: return try sum(over: keys)
    }
  }
}
