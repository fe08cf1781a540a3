import Analysis
import Attention
import AttentionStore
import Checkpoints
import ExperimentFiles
import Files
import Foundation
import Planning
import Probing
import Results

/// The maps of one experiment, read for probes a site and call at a time.
struct ProbeSource: Sendable {
  let name: String
  let plan: ExperimentPlan
  private let store: AttentionStore
  private let results: ResultsFolder
  private let sites: [AttentionSite: SiteID]
  /// The finished ones by hash.
  private let runs: [String: (id: RunID, prompt: PromptID)]

  /// - Throws: `StoreError`.
  init(name: String, plan: ExperimentPlan, store: AttentionStore, results: ResultsFolder) throws {
    self.name = name
    self.plan = plan
    self.store = store
    self.results = results
    sites = Dictionary(try store.sites().map { ($0.site, $0.id) }, uniquingKeysWith: { first, _ in first })
    runs = Dictionary(
      try store.runs(RunFilter(status: .done)).map { ($0.run.hash, (id: $0.id, prompt: $0.run.prompt)) },
      uniquingKeysWith: { first, _ in first })
  }

  /// No more values are held of one place.
  private static let mostValues = 1 << 29
  /// A file of latents is smaller.
  private static let mostBytes = 1 << 28

  /// The maps of all pictures of a set.
  /// - Throws: `MapProbeError` for a map that is missing or of another shape; `StoreError`; ``ProbingError``.
  func maps(
    _ record: RecordSpec, _ place: ProbePlace, _ set: ProbeSet, meanOfHeads: Bool
  ) throws -> MapFeatures {
    let what = "\(record.name) of \(name), \(place.name)"
    guard let site = sites[place.site] else { throw MapProbeError.noMaps(what) }
    var samples: [RunID: Int] = [:]
    for (sample, run) in set.runs.enumerated() {
      guard let stored = runs[run.hash] else { throw MapProbeError.noRun(experiment: name, run: "\(run.key)") }
      samples[stored.id] = sample
    }
    let prompts = set.runs.map { runs[$0.hash]?.prompt }
    let isWhole = record.heads == .mean || record.of == .output
    var gathered = GatheredMaps(
      what: what, samples: set.samples.count, stored: isWhole ? 1 : place.site.heads, meanOfHeads: meanOfHeads)
    var keys: [[Int64]: [Int]] = [:]
    let filter = MapFilter(
      runs: Set(samples.keys), records: [record.name], sites: [site], steps: place.call..<(place.call + 1),
      branch: .conditional)
    try store.forEachMap(filter) { map in
      guard let sample = samples[map.run] else { return }
      var chosen: [Int]?
      if place.site.kind == .cross, let positions = set.positions?[sample], let prompt = prompts[sample] {
        // Prompts differ in where their words stand.
        let key = [map.record.rawValue, prompt.rawValue]
        if keys[key] == nil {
          let recorded = try store.recordKeys(of: map.record, for: prompt).map(\.positions)
          keys[key] = RecordedWord.keys(covering: positions, in: recorded)
        }
        guard let found = keys[key] else {
          throw MapProbeError.noWord(what, prompt: set.samples[sample].prompt)
        }
        chosen = found
      }
      try gathered.add(map, sample: sample, keys: chosen, mostValues: Self.mostValues)
    }
    return try gathered.features(set)
  }

  /// What the model was given of each run at a call, `[runs, channels * height * width]`.
  /// - Throws: `MapProbeError` for latents that are missing, of another shape or not those that were kept; `StoreError`,
  ///   `FileError`, `CheckpointError`.
  func latents(_ runs: [PlannedRun], call: Int) throws -> FeatureBlock {
    let what = "latents of \(name), call \(call)"
    let folder = try results.open()
    var values: [Float] = []
    var width: Int?
    for run in runs {
      guard let stored = self.runs[run.hash] else { throw MapProbeError.noRun(experiment: name, run: "\(run.key)") }
      let kind = RunFile.inputLatents(step: call).kind
      guard let artifact = try store.artifacts(stored.id).first(where: { $0.kind == kind }) else {
        throw MapProbeError.missing(what, run: "\(run.key)", expected: 1, found: 0)
      }
      let read = try Self.latents(artifact, in: folder)
      guard read.count == width ?? read.count else {
        throw MapProbeError.shape(what, expected: width ?? 0, found: read.count)
      }
      width = read.count
      values += read
    }
    return try FeatureBlock(name: what, samples: runs.count, width: width ?? 0, values: values)
  }

  /// The latents of a file, which is the one that was kept.
  private static func latents(_ artifact: Artifact, in folder: OpenFolder) throws -> [Float] {
    let file = try folder.file(artifact.path)
    guard try sha256(file.data(limit: mostBytes)) == artifact.sha256 else {
      throw MapProbeError.unreadable(artifact.path, reason: "it is not the file that was kept")
    }
    // By its descriptor: under its path another file may stand by now, or a link.
    return try withExtendedLifetime(file) {
      try SafetensorsFile(url: URL(filePath: "/proc/self/fd/\(file.descriptor)"), named: artifact.path)
        .tensor(named: "latents").values
    }
  }
}

/// Maps on their way into features.
private struct GatheredMaps {
  let what: String
  let samples: Int
  /// That are stored of each picture.
  let stored: Int
  /// Of the features: one where they are averaged.
  let heads: Int
  private var cells = 0
  private var values: [Float] = []
  private var seen: [Int]

  init(what: String, samples: Int, stored: Int, meanOfHeads: Bool) {
    self.what = what
    self.samples = samples
    self.stored = stored
    heads = meanOfHeads ? 1 : stored
    seen = [Int](repeating: 0, count: samples)
  }

  mutating func add(_ map: StoredMap, sample: Int, keys: [Int]?, mostValues: Int) throws {
    let all = map.values
    let read = try keys.map { try sumOverKeys($0, of: all, keyCount: map.keys).map { Float($0) } } ?? all
    let head = map.head ?? 0
    if values.isEmpty {
      let (wide, overflow) = (samples * heads).multipliedReportingOverflow(by: read.count)
      guard !overflow, wide <= mostValues, !read.isEmpty else { throw MapProbeError.tooLarge(what) }
      cells = read.count
      values = [Float](repeating: 0, count: wide)
    }
    guard read.count == cells else { throw MapProbeError.shape(what, expected: cells, found: read.count) }
    guard (0..<stored).contains(head) else { throw MapProbeError.shape(what, expected: stored, found: head + 1) }
    let start = (sample * heads + (heads == 1 ? 0 : head)) * cells
    let share: Float = heads == stored ? 1 : 1 / Float(stored)
    values.add(read, times: share, from: start)
    seen[sample] += 1
  }

  func features(_ set: ProbeSet) throws -> MapFeatures {
    if let sample = seen.firstIndex(where: { $0 != stored }) {
      throw MapProbeError.missing(what, run: "\(set.runs[sample].key)", expected: stored, found: seen[sample])
    }
    return try MapFeatures(name: what, samples: samples, heads: heads, cells: cells, values: values)
  }
}
