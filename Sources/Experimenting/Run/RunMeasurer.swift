import AttentionStore
import Foundation
import Measures
import Plotting

/// Takes the metrics that an experiment asks for and that its finished runs do not have yet, from the stored pictures.
struct RunMeasurer {
  let spec: ExperimentSpec
  let results: ResultsFolder
  let store: AttentionStore
  let progress: any RunProgress
  let stop: StopSignal

  /// - Throws: `InstrumentError`, `CheckpointError`, `RunInterrupted`, `StoreError`, or what reading a picture throws.
  func measure() throws {
    guard !spec.metrics.isEmpty else { return }
    let subjects = try MeasuredRuns(results: results, store: store)
    let instruments = Instruments(spec.instruments)
    for metric in spec.metrics {
      try store.beginMetric(metric.name, source: source(of: metric, subjects, instruments))
    }
    var work: [Work] = []
    for run in subjects.runs {
      let known = try store.metrics(run.id)
      let missing = spec.metrics.filter { known[$0.name] == nil }
      let jobs = missing.compactMap { metric in job(metric, run, subjects).map { (metric.name, $0) } }
      if !jobs.isEmpty { work.append(Work(run: run, jobs: jobs)) }
    }
    for (index, item) in work.enumerated() {
      if stop.isRaised { throw RunInterrupted(stepsDone: index, stepsTotal: work.count) }
      var values: [String: Double] = [:]
      // What a metric says nothing of is no number: it is not asked again.
      for (name, job) in item.jobs { values[name] = try job(instruments) ?? .nan }
      try store.setMetrics(values, run: item.run.id)
      progress.advanced(done: index + 1, total: work.count, work: "measuring")
    }
  }

  private typealias Job = (Instruments) throws -> Double?

  private struct Work {
    let run: StoredRun
    let jobs: [(String, Job)]
  }

  /// nil if the metric is not of this run.
  private func job(_ metric: Metric, _ run: StoredRun, _ subjects: MeasuredRuns) -> Job? {
    switch metric.measure {
    case .picture(let measure):
      return { try measure(subjects.measured(run), $0) }
    case .program(let program):
      let edit = subjects.edit(run)
      if program.isOfEdits, edit == nil { return nil }
      return { try $0.answer(program, subjects.measured(run), source: edit?.source) }
    case .edit(let measure):
      guard let edit = subjects.edit(run) else { return nil }
      return { try measure(edit, $0) }
    case .set(let set, let measure):
      guard let edits = subjects.set(set, beginningWith: run) else { return nil }
      return { try measure(edits, $0) }
    case .seeds(let measure):
      guard let runs = subjects.seeds(beginningWith: run) else { return nil }
      return { try measure(runs, $0) }
    }
  }

  /// Of all that decides a metric's values beside the pictures.
  private func source(of metric: Metric, _ subjects: MeasuredRuns, _ instruments: Instruments) throws -> String {
    var parts = ["\(metric.name) \(metric.revision)"]
    if case .instrument(let instrument, _) = metric.accuracy {
      parts.append(try ModelSource.hash(instruments.folders.contentFiles(instrument)))
    }
    // A set's value is another one with another member.
    switch metric.measure {
    case .set, .seeds: parts += subjects.runs.map(\.run.hash)
    case .program(let program): parts.append(try ModelSource.hash([URL(fileURLWithPath: program.path)]))
    case .picture, .edit: break
    }
    return sha256(Data(parts.joined(separator: "\n").utf8))
  }
}

/// The finished runs of an experiment as metrics see them, and how they belong together.
final class MeasuredRuns {
  let runs: [StoredRun]
  private let results: ResultsFolder
  private let store: AttentionStore
  private var measured: [RunID: MeasuredRun] = [:]
  private let byID: [RunID: StoredRun]
  /// Runs whose pictures are in memory, the latest last.
  private var loaded: [RunID] = []

  init(results: ResultsFolder, store: AttentionStore) throws {
    runs = try store.runs(RunFilter(status: .done))
    byID = Dictionary(runs.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    self.results = results
    self.store = store
  }

  func measured(_ run: StoredRun) -> MeasuredRun {
    if let known = measured[run.id] { return known }
    let (store, results) = (store, results)
    let path = try? store.artifacts(run.id).first { $0.kind == "picture" }?.path
    let file = path.map { results.url.appending(path: $0) }
    let new = MeasuredRun(prompt: run.prompt, file: file) { [weak self] in
      guard let file else {
        throw ExperimentError("run \(run.id.rawValue) of \(results.database.path) has no picture")
      }
      self?.makeRoom(for: run)
      return try PNG.read(file).picture
    }
    measured[run.id] = new
    return new
  }

  /// Keeps the last pictures, as a source serves all targets of its group, and those of a large set are too many.
  private func makeRoom(for run: StoredRun) {
    if loaded.count == Self.mostPictures { measured[loaded.removeFirst()]?.release() }
    loaded.append(run.id)
  }

  private static let mostPictures = 64

  func edit(_ run: StoredRun) -> MeasuredEdit? {
    run.sourceID.flatMap { byID[$0] }.map { MeasuredEdit(measured(run), source: measured($0)) }
  }

  // MARK: - Sets

  /// The edits of a set whose first is the run; nil if it is not the first, or no edit.
  func set(_ set: RunSet, beginningWith run: StoredRun) -> [MeasuredEdit]? {
    guard run.sourceID != nil, let members = sets[set]?[SetKey(run, set)], members.first?.id == run.id else {
      return nil
    }
    return members.compactMap(edit)
  }

  func seeds(beginningWith run: StoredRun) -> [MeasuredRun]? {
    guard let members = prompts[SetKey(run, .seedsOfPair)], members.first?.id == run.id else { return nil }
    // A source is made anew in each of its groups: a seed counts once.
    var seeds: Set<UInt64> = []
    return members.filter { seeds.insert($0.run.seed).inserted }.map(measured)
  }

  /// What the members of a set share.
  private struct SetKey: Hashable {
    let intervention, prompt, scheduler: String
    let steps: Int
    let guidance: Double
    let source: String?
    let seed: UInt64?

    init(_ run: StoredRun, _ set: RunSet) {
      intervention = run.run.intervention
      prompt = run.prompt
      scheduler = run.run.scheduler
      steps = run.run.steps
      guidance = run.run.guidanceScale
      source = set == .seedsOfPair ? run.sourcePrompt : nil
      seed = set == .sourceColors ? run.run.seed : nil
    }
  }

  private lazy var sets = Dictionary(
    uniqueKeysWithValues: [RunSet.sourceColors, .seedsOfPair].map { set in
      (set, Dictionary(grouping: runs.filter { $0.sourceID != nil }) { SetKey($0, set) })
    })

  private lazy var prompts = Dictionary(grouping: runs) { SetKey($0, .seedsOfPair) }
}
