import AttentionStore
import Foundation
import Pipelines
import Plotting
import Tensors

/// Makes the runs of a plan that are not yet in the database, and the report.
///
/// A step's maps and what the next step needs are one transaction, so a run that was killed goes on after the last step
/// that it finished and ends with the same bits; a second run of the same file computes nothing.
public struct ExperimentRunner {
  private let plan: ExperimentPlan
  private let results: ResultsFolder
  private let progress: any RunProgress
  private let stop: StopSignal
  private var files: RunFiles { RunFiles(plan: plan, results: results) }

  /// - Parameter stop: looked at between steps; once it is raised the run ends.
  public init(
    plan: ExperimentPlan, results: ResultsFolder, progress: any RunProgress, stop: StopSignal = StopSignal()
  ) {
    self.plan = plan
    self.results = results
    self.progress = progress
    self.stop = stop
  }

  /// Runs the experiment.
  /// - Throws: `ExperimentError` if the plan exceeds its budget or the folder cannot be written, before anything is
  ///   made; `RunInterrupted` if it was asked to stop; `StoreError`; what computing throws, after writing it down with
  ///   the group's runs.
  public func run() throws -> RunSummary {
    if let problem = plan.budgetProblem { throw ExperimentError(problem) }
    try prepareFolder()
    let started = Date()
    let store = try AttentionStore.open(results.database, mode: .create)
    defer { progress.finished() }
    let recorder = try begin(store)
    var tally = Tally(total: plan.stepCount)
    for group in plan.groups {
      try Task.checkCancellation()
      try make(group, store, recorder, &tally)
    }
    try checkStop(tally)
    try RunMeasurer(spec: plan.spec, results: results, store: store, progress: progress, stop: stop).measure()
    try store.removeUnused()
    progress.finished()
    let report = try ExperimentReport.write(results: results, store: store)
    try store.close()
    let summary = RunSummary(
      runsMade: tally.runsMade, runsKept: tally.runsKept, stepsMade: tally.stepsMade,
      seconds: Date().timeIntervalSince(started), report: results.report.path)
    // A run that computed nothing leaves the times of the one that did.
    if summary.stepsMade > 0 || !FileManager.default.fileExists(atPath: results.manifest.path) {
      try Manifest(plan: plan, summary: summary, started: started).write(to: results.manifest)
    }
    for file in report { progress.note("wrote \(file.path)") }
    return summary
  }

  private struct Tally {
    let total: Int
    var runsMade = 0
    var runsKept = 0
    var stepsMade = 0
    var done = 0
  }

  private func checkStop(_ tally: Tally) throws {
    if stop.isRaised { throw RunInterrupted(stepsDone: tally.done, stepsTotal: tally.total) }
  }

  // MARK: - Before computing

  /// Makes the folder and sees that files can be made in it.
  private func prepareFolder() throws {
    do {
      try FileManager.default.createDirectory(at: results.url, withIntermediateDirectories: true)
      let probe = results.url.appending(path: ".attnlab-\(ProcessInfo.processInfo.processIdentifier)")
      try Data().write(to: probe)
      try FileManager.default.removeItem(at: probe)
    } catch {
      throw ExperimentError(
        "\(results.url.path): results cannot be written there (\(error.localizedDescription)); choose another folder "
          + "with --results")
    }
  }

  private func begin(_ store: AttentionStore) throws -> StepRecorder {
    try store.beginExperiment(
      StoredExperiment(
        name: plan.spec.name, question: plan.spec.question, spec: plan.spec.resolvedYAML(),
        specHash: sha256(Data(plan.spec.canonicalForm.utf8)), model: plan.spec.model, modelHash: plan.modelHash,
        toolVersion: attnlabVersion, engine: plan.engine))
    try dropStale(store)
    return try StepRecorder(plan, store)
  }

  /// Removes runs that the plan no longer has, and groups whose files are gone, so that they are made again.
  private func dropStale(_ store: AttentionStore) throws {
    var keep = Set(plan.groups.flatMap { $0.runs.map(\.hash) })
    let stored = try store.runs()
    for group in plan.groups {
      let hashes = Set(group.runs.map(\.hash))
      let done = stored.filter { hashes.contains($0.run.hash) && $0.status == .done }
      if try done.contains(where: { try !hasFiles($0, store) }) {
        progress.note("files of group \(group.hash.prefix(8)) are missing or changed; it is made again")
        keep.subtract(hashes)
      } else if let checkpoint = try store.checkpoint(groupHash: group.hash),
        !files.hasPredicted(group, before: checkpoint.step + 1)
      {
        progress.note("predicted pictures of group \(group.hash.prefix(8)) are missing; it is made again")
        keep.subtract(hashes)
      }
    }
    let gone = stored.filter { !keep.contains($0.run.hash) }
    try store.removeRuns(notIn: keep)
    for run in gone {
      try? FileManager.default.removeItem(at: results.url.appending(path: ResultsFolder.runPath(run.run.hash)))
    }
  }

  private func hasFiles(_ run: StoredRun, _ store: AttentionStore) throws -> Bool {
    let artifacts = try store.artifacts(run.id)
    return !artifacts.isEmpty
      && artifacts.allSatisfy { artifact in
        let file = results.url.appending(path: artifact.path)
        return (try? Data(contentsOf: file)).map { sha256($0) == artifact.sha256 } ?? false
      }
  }

  // MARK: - Groups

  private func make(
    _ group: PlannedGroup, _ store: AttentionStore, _ recorder: StepRecorder, _ tally: inout Tally
  ) throws {
    let stored = try store.beginGroup(hash: group.hash, runs: recorder.descriptions(group))
    if stored.isDone {
      tally.runsKept += group.runs.count
      tally.done += group.runs.count * group.stepCount
      return
    }
    do {
      try denoise(group, stored, store, recorder, &tally)
    } catch {
      // The reason stays with the runs; the group's checkpoint stays too. A store that fails cannot take the note, and
      // a run that was asked to stop has not failed.
      if !(error is StoreError || error is RunInterrupted) { try? store.failGroup(hash: group.hash, error: "\(error)") }
      throw error
    }
    tally.runsMade += group.runs.count
  }

  private func denoise(
    _ group: PlannedGroup, _ stored: StoredGroup, _ store: AttentionStore, _ recorder: StepRecorder,
    _ tally: inout Tally
  ) throws {
    let attention = try plan.attention(of: group)
    var denoising = try group.denoising(plan.model)
    if let checkpoint = stored.checkpoint {
      try denoising.restore(checkpoint.state)
      tally.done += group.runs.count * denoising.step
    }
    let ids = stored.runs.map(\.id)
    while !denoising.isDone {
      try checkStop(tally)
      let step = denoising.step
      let probe = attention.probe(step: step)
      try denoising.advance(probe: probe, keepsPrediction: group.predictedSteps.contains(step))
      // Before the step is written down: a step that is done has its files.
      try files.writePredicted(group, denoising)
      try store.commitStep(
        groupHash: group.hash, step: step, timestep: Double(denoising.timesteps[step]), state: denoising.state(),
        maps: recorder.rows(probe.maps, runs: ids))
      tally.stepsMade += 1
      tally.done += group.runs.count
      progress.advanced(done: tally.done, total: tally.total, work: group.label)
    }
    let pairs = zip(group.runs, ids).enumerated()
    let written = try pairs.map { index, run in
      RunResult(run: run.1, artifacts: try files.write(run.0, group, try denoising.latents(of: index)))
    }
    try store.finishGroup(hash: group.hash, results: written)
  }
}

/// What a run of an experiment did.
public struct RunSummary: Codable, Hashable, Sendable {
  public let runsMade: Int
  /// Runs that were in the database already.
  public let runsKept: Int
  /// Denoising steps of groups.
  public let stepsMade: Int
  public let seconds: Double
  /// The path of `report.md`.
  public let report: String

  public init(runsMade: Int, runsKept: Int, stepsMade: Int, seconds: Double, report: String) {
    self.runsMade = runsMade
    self.runsKept = runsKept
    self.stepsMade = stepsMade
    self.seconds = seconds
    self.report = report
  }
}

extension PlannedGroup {
  /// The group in a few words, for progress.
  var label: String {
    "\(promptSummary), seed \(settings.seed)\(settingsLabel.isEmpty ? "" : ", \(settingsLabel)")"
  }
}
