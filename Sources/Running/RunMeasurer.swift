import AttentionStore
import Checkpoints
import ExperimentFiles
import Files
import Foundation
import Measures
import Planning
import Plotting
import Results
import Tensors

/// Takes the metrics that an experiment asks for and that its finished runs do not have yet, from the stored pictures.
struct RunMeasurer {
  let plan: ExperimentPlan
  let results: ResultsFolder
  let store: AttentionStore
  /// Where the pictures and maps are.
  let origin: RunOrigin
  let progress: any RunProgress
  let stop: StopSignal

  private var spec: ExperimentSpec { plan.spec }

  /// - Returns: which pictures are missing or are not those that were made. What is read off them waits until they are back.
  /// - Throws: `InstrumentError`, `CheckpointError`, `RunInterrupted`, `StoreError`, or what reading a picture throws.
  func measure() throws -> [String] {
    guard !spec.metrics.isEmpty else { return [] }
    let subjects = try MeasuredRuns(plan, results: results, store: store, origin: origin)
    let instruments = Instruments(spec.instruments, isStopped: { [stop] in stop.isRaised })
    let definitions = Dictionary(
      try spec.metrics.map { ($0.name, try definition(of: $0, instruments)) }, uniquingKeysWith: { first, _ in first })
    // Those of sets come last: they ask for what is read off each of many pictures, and find it read.
    var work: [Work] = []
    var workOfSets: [Work] = []
    for run in subjects.runs {
      let known = try store.metricSources(run.id)
      var item = Work(run: run)
      var itemOfSets = Work(run: run)
      var foreign: [String] = []
      for metric in spec.metrics {
        guard let job = job(metric, run, subjects) else {
          // The value of a set that begins with this run in another plan.
          if known.keys.contains(metric.name) { foreign.append(metric.name) }
          continue
        }
        let source = source(of: metric, definitions[metric.name] ?? [], run, subjects)
        guard known[metric.name] != .some(source) else { continue }
        if metric.measure.isOfSets {
          itemOfSets.add(metric.name, source: source, job)
        } else {
          item.add(metric.name, source: source, job)
          if metric.measure.looksAtPictures { item.readers.formUnion(metric.accuracy.instrument.map { [$0] } ?? []) }
        }
      }
      if !foreign.isEmpty { try store.removeMetrics(foreign, run: run.id) }
      if !item.jobs.isEmpty { work.append(item) }
      if !itemOfSets.jobs.isEmpty { workOfSets.append(itemOfSets) }
    }
    work += workOfSets
    var problems: [String] = []
    for (index, item) in work.enumerated() {
      if stop.isRaised { throw RunInterrupted(done: index, total: work.count, of: .measurements) }
      if index.isMultiple(of: Self.readAtOnce) {
        let next = work[index..<min(index + Self.readAtOnce, work.count)].filter { !$0.readers.isEmpty }
        try instruments.readAhead(
          next.map { subjects.measured($0.run) }, by: next.reduce(into: []) { $0.formUnion($1.readers) })
      }
      var values: [String: Double] = [:]
      do {
        // What a metric says nothing of is no number: it is not asked again.
        for (name, job) in item.jobs { values[name] = try job(instruments) ?? .nan }
      } catch is MeasuringStopped {
        throw RunInterrupted(done: index, total: work.count, of: .measurements)
      } catch let error as PictureProblem {
        problems.append("not measured: \(error)")
        continue
      } catch {
        throw try forgetting(error)
      }
      try store.setMetrics(values, sources: item.sources, run: item.run.id)
      progress.advanced(done: index + 1, total: work.count, of: .measurements, work: "measuring")
    }
    do { try instruments.finishPrograms() } catch { throw try forgetting(error) }
    return problems.uniqued
  }

  /// The error, after the values of a program that is out of step with its questions are forgotten: nobody knows which of
  /// its answers belongs to which picture.
  private func forgetting(_ error: any Error) throws -> any Error {
    if let program = (error as? InstrumentError)?.outOfStep {
      let names = spec.programs.filter { $0.program == program }.map(\.name)
      for run in try store.runs() { try store.removeMetrics(names, run: run.id) }
    }
    return error
  }

  /// Pictures whose readings are made together: fewer than are kept in memory.
  private static let readAtOnce = 16

  private typealias Job = (Instruments) throws -> Double?

  private struct Work {
    let run: StoredRun
    var jobs: [(String, Job)] = []
    var sources: [String: String] = [:]
    /// The networks that look at the run's picture.
    var readers: Set<Instrument> = []

    mutating func add(_ name: String, source: String, _ job: @escaping Job) {
      jobs.append((name, job))
      sources[name] = source
    }
  }

  /// nil if the metric is not of this run.
  private func job(_ metric: Metric, _ run: StoredRun, _ subjects: MeasuredRuns) -> Job? {
    switch metric.measure {
    case .picture(let measure), .maps(let measure):
      return { try measure(subjects.measured(run), $0) }
    case .program(let program):
      let edit = subjects.edit(run)
      if program.isOfEdits, edit == nil { return nil }
      return { instruments in
        try metric.checked(instruments.answer(program, subjects.measured(run), source: edit?.source), of: program)
      }
    case .edit(let measure):
      guard let edit = subjects.edit(run) else { return nil }
      return { try measure(edit, $0) }
    case .besideTarget(let measure):
      guard let edit = subjects.edit(run) else { return nil }
      return { try measure(edit, $0) }
    case .set(let set, let measure):
      guard let edits = subjects.set(set, beginningWith: run) else { return nil }
      return { try measure(edits, $0) }
    case .seeds(let measure):
      guard let runs = subjects.seeds(beginningWith: run) else { return nil }
      return { try measure(runs, $0) }
    case .rating(let measure):
      guard let ratings = subjects.ratings.ratings[run.run.hash] else { return nil }
      return { try measure(subjects.measured(run), ratings, $0.sceneWords()) }
    }
  }

  /// All that decides a metric's values beside the pictures.
  private func definition(of metric: Metric, _ instruments: Instruments) throws -> [String] {
    var parts = ["\(metric.name) \(metric.revision)"]
    if let instrument = metric.accuracy.instrument {
      parts.append(try ContentHash.hash(instruments.folders.contentFiles(instrument)))
    }
    if case .program(let program) = metric.measure {
      parts.append(try ContentHash.hash([URL(fileURLWithPath: program.path)]))
    }
    return parts
  }

  /// A hash of what a run's value is of.
  private func source(
    of metric: Metric, _ definition: [String], _ run: StoredRun, _ subjects: MeasuredRuns
  ) -> String {
    func target(of run: StoredRun) -> String { subjects.target(of: run)?.run.hash ?? "none" }
    // A set's value is another one with another member, and a rating's with another answer.
    let parts: [String] =
      switch metric.measure {
      case .set(let set, _):
        (subjects.members(of: set, beginningWith: run) ?? []).flatMap { member in
          set == .all ? [member.run.hash, target(of: member)] : [member.run.hash]
        }
      case .besideTarget: [target(of: run)]
      case .seeds: (subjects.seedRuns(beginningWith: run) ?? []).map(\.run.hash)
      case .rating: (subjects.ratings.ratings[run.run.hash] ?? []).map { "\($0.rater)\t\($0.answer)" }
      case .program, .picture, .maps, .edit: []
      }
    return sha256(Data((definition + parts).joined(separator: "\n").utf8))
  }
}

/// Why a run's picture says nothing of it.
enum PictureProblem: Error, Hashable, CustomStringConvertible {
  case noRow(run: String, database: String)
  case unreadable(reason: String)
  case changed(String)

  var description: String {
    switch self {
    case .noRow(let run, let database): "\(database): run \(run.prefix(16)) has no picture"
    case .unreadable(let reason): reason
    case .changed(let path): "\(path): is not the picture that was made; bring it back from a copy"
    }
  }
}

/// The finished runs of the last plan as metrics see them, and how they belong together.
final class MeasuredRuns {
  let runs: [StoredRun]
  let ratings: RatingsFile
  /// The first intervention that changes nothing.
  private let untouched: String?
  private let origin: RunOrigin
  /// By hash; those of the origin.
  private let originals: [String: StoredRun]
  /// By hash.
  private let keys: [String: RunKey]
  private var measured: [RunID: MeasuredRun] = [:]
  private let byID: [RunID: StoredRun]
  /// Runs whose pictures are in memory, the latest last.
  private var loaded: [RunID] = []

  init(_ plan: ExperimentPlan, results: ResultsFolder, store: AttentionStore, origin: RunOrigin) throws {
    runs = try store.runs(RunFilter(status: .done, isPlanned: true))
    byID = Dictionary(runs.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    keys = Dictionary(
      plan.groups.flatMap(\.runs).map { ($0.hash, $0.key) }, uniquingKeysWith: { first, _ in first })
    ratings = try RatingsFile(in: results.open())
    untouched = plan.spec.interventions.first { $0.operations.isEmpty }?.name
    self.origin = origin
    originals = Dictionary(
      (origin.store === store ? runs : try origin.store.runs()).map { ($0.run.hash, $0) },
      uniquingKeysWith: { first, _ in first })
  }

  func measured(_ run: StoredRun) -> MeasuredRun {
    if let known = measured[run.id] { return known }
    let origin = origin
    let original = originals[run.run.hash] ?? run
    let words = { try GatheredWords.all(of: original, in: origin.store) }
    // A program is told where the file is, and opens it by itself: a link there would lead it elsewhere.
    let new = MeasuredRun(
      prompt: run.prompt,
      file: origin.results.url.appending(path: try Self.picture(of: original, origin).artifact.path), words: words
    ) { [weak self] in
      let file = try Self.picture(of: original, origin).file
      self?.makeRoom(for: run)
      return try PNG.read(file)
    }
    measured[run.id] = new
    return new
  }

  /// The picture of a run, which is the one that was made.
  /// - Throws: `PictureProblem`; `StoreError`.
  private static func picture(of run: StoredRun, _ origin: RunOrigin) throws -> (artifact: Artifact, file: OpenFile) {
    guard let artifact = try origin.store.artifacts(run.id).first(where: { $0.kind == RunFile.picture.kind }) else {
      throw PictureProblem.noRow(run: run.run.hash, database: origin.results.database.path)
    }
    let path = origin.results.url.appending(path: artifact.path).path
    let file: OpenFile
    do { file = try origin.results.open().file(artifact.path) } catch {
      throw PictureProblem.unreadable(reason: "\(error)")
    }
    guard try sha256(file.data(limit: RunFiles.mostBytes)) == artifact.sha256 else {
      throw PictureProblem.changed(path)
    }
    return (artifact, file)
  }

  /// Keeps the last pictures, as a source serves all targets of its group, and those of a large set are too many.
  private func makeRoom(for run: StoredRun) {
    if loaded.count == Self.mostPictures { measured[loaded.removeFirst()]?.release() }
    loaded.append(run.id)
  }

  private static let mostPictures = 64

  func edit(_ run: StoredRun) -> MeasuredEdit? {
    run.sourceID.flatMap { byID[$0] }.map { source in
      MeasuredEdit(measured(run), source: measured(source), target: target(of: run).map(measured))
    }
  }

  /// The run of the same prompt, seed and settings whose attention was left alone; nil where none is done.
  func target(of run: StoredRun) -> StoredRun? {
    guard let untouched, let key = keys[run.run.hash] else { return nil }
    return byKey[key.with(intervention: untouched)]
  }

  private lazy var byKey = Dictionary(
    runs.compactMap { run in keys[run.run.hash].map { ($0, run) } }, uniquingKeysWith: { first, _ in first })

  // MARK: - Sets

  /// The edits of a set whose first is the run; nil if it is not the first, or no edit.
  func set(_ set: RunSet, beginningWith run: StoredRun) -> [MeasuredEdit]? {
    members(of: set, beginningWith: run)?.compactMap(edit)
  }

  func members(of set: RunSet, beginningWith run: StoredRun) -> [StoredRun]? {
    guard run.sourceID != nil, let key = setKey(run, set), let members = sets[set]?[key], members.first?.id == run.id
    else {
      return nil
    }
    return members
  }

  func seeds(beginningWith run: StoredRun) -> [MeasuredRun]? { seedRuns(beginningWith: run)?.map(measured) }

  func seedRuns(beginningWith run: StoredRun) -> [StoredRun]? {
    guard let key = setKey(run, .seedsOfPair), let members = prompts[key], members.first?.id == run.id else {
      return nil
    }
    // A source is made anew in each of its groups: a seed counts once.
    var seeds: Set<Seed> = []
    return members.filter { seeds.insert($0.run.seed).inserted }
  }

  /// What the members of a set share.
  private struct SetKey: Hashable {
    let intervention, prompt, settings: String
    let source: String?
  }

  /// nil for a run that the plan does not have.
  private func setKey(_ run: StoredRun, _ set: RunSet) -> SetKey? {
    keys[run.run.hash].map { key in
      SetKey(
        intervention: key.intervention, prompt: set == .seedsOfPair ? key.prompt : "", settings: key.settings,
        source: set == .seedsOfPair ? key.source : nil)
    }
  }

  private lazy var sets = Dictionary(
    uniqueKeysWithValues: [RunSet.all, .seedsOfPair].map { set in
      (set, grouped(runs.filter { $0.sourceID != nil }, set))
    })

  private lazy var prompts = grouped(runs, .seedsOfPair)

  private func grouped(_ runs: [StoredRun], _ set: RunSet) -> [SetKey: [StoredRun]] {
    runs.reduce(into: [:]) { groups, run in
      if let key = setKey(run, set) { groups[key, default: []].append(run) }
    }
  }
}
