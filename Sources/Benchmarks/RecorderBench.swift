import Attention
import AttentionStore
import Foundation
import Tensors

/// A step's maps into a new database: encoding, one transaction, SQLite's log, as a run of an experiment does.
package final class RecorderBench {
  /// The maps of one step, all of one size.
  package struct Load {
    let label: String
    let maps, heads, side, keys: Int
    let type: MapType

    var map: PlannedMap {
      PlannedMap(
        record: 0, run: 0, branch: .conditional, site: 0, heads: heads, isMean: heads == 1, height: side, width: side,
        keys: keys, type: type)
    }
    var rows: Int { maps * heads }
    var bytes: Int { maps * map.bytes }
  }

  /// Small rows of single heads, cross maps of SD 1.5's largest grid, and large self maps.
  package static let loads = [
    Load(label: "cross 16x16x77 of 8 heads, fp32", maps: 32, heads: 8, side: 16, keys: 77, type: .float32),
    Load(label: "cross 64x64x77, mean, fp16", maps: 32, heads: 1, side: 64, keys: 77, type: .float16),
    Load(label: "self 32x32x1024, mean, fp16", maps: 16, heads: 1, side: 32, keys: 1024, type: .float16),
  ]

  private static let group = "bench"
  private let load: Load
  private let folder: URL
  private let store: AttentionStore
  private let run: RunID
  /// One a map: a step's maps differ by their record here, since all have one site.
  private let records: [RecordID]
  private let site: SiteID
  private let values: Tensor
  private var step = 0

  /// - Throws: `StoreError`.
  package init(_ load: Load) throws {
    self.load = load
    folder = FileManager.default.temporaryDirectory.appending(path: "attnlab-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let store = try AttentionStore.open(folder.appending(path: "bench.sqlite"), mode: .create)
    self.store = store
    try store.beginExperiment(
      StoredExperiment(
        name: "bench", question: "", spec: "", specHash: "", model: "", modelHash: "", toolVersion: "", engine: ""))
    let prompt = try store.register(prompts: [
      PromptTokens(prompt: "", tokens: [.init(id: 0, piece: "", role: .start)], words: [], truncatedWords: [])
    ])[0]
    let grid = AttentionAxis.picture(height: load.side, width: load.side)
    site = try store.register(sites: [
      AttentionSite(
        index: 0, path: "bench", layer: 1, heads: load.heads, queries: grid, keys: grid, latentHeight: load.side,
        latentWidth: load.side)
    ])[0]
    records = try (0..<load.maps).map { try store.register(record: RecordDescription(name: "\($0)", spec: "")) }
    let description = RunDescription(
      hash: "bench", role: .source, intervention: "", prompt: prompt, seed: 0,
      setting: SettingDescription(
        numInferenceSteps: 1, guidanceScale: 1, scheduler: "", height: 8 * load.side, width: 8 * load.side))
    run = try store.beginGroup(hash: Self.group, runs: [description]).runs[0].id
    values = random([load.heads, load.side, load.side, load.keys], 51)
  }

  deinit {
    try? store.close()
    try? FileManager.default.removeItem(at: folder)
  }

  package func candidate() -> BenchCandidate {
    BenchCandidate(
      name: "recorder, \(load.label)", engine: "SQLite", threads: 1, rows: (load.rows, load.bytes),
      check: { try self.check() }, body: { try self.commit() })
  }

  private func commit() throws {
    let (load, run, site, values) = (load, run, site, values)
    let rows = records.lazy.flatMap { record in
      MapRow.rows(load.map, values, run: run, record: record, site: site)
    }
    try store.commitStep(groupHash: Self.group, step: step, timestep: 0, state: Data(), maps: rows)
    step += 1
  }

  /// Stores a step and reads one of its rows again: half precision keeps 11 significant bits.
  private func check() throws -> Agreement {
    let before = try store.mapCount()
    try commit()
    let rows = try store.mapCount() - before
    let last = try store.maps(MapFilter(records: ["\(load.maps - 1)"], steps: (step - 1)..<step)).last
    let size = values.count / load.heads
    let expected = values.values.suffix(size).lazy.map(Double.init)
    let difference = rows == load.rows ? Agreement.difference(last?.values ?? [], expected) : .infinity
    return Agreement(difference: difference, allowed: load.type == .float16 ? 0x1p-11 : 0)
  }
}
