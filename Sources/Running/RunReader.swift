import AttentionStore
import Foundation
import Planning
import Results

/// Takes up the runs of a plan that reads what another experiment left. Nothing is computed but metrics.
///
/// The other's database and files are only read. The own database gets the plan and a row for each run, with which metrics are
/// kept, and no map.
public struct RunReader {
  private let plan: ExperimentPlan
  private let results: ResultsFolder
  private let progress: any RunProgress
  private let stop: StopSignal
  private let command: String?
  private let file: ExperimentFileHistory?
  private let allowsPrograms: Bool

  /// - Parameters: as those of `ExperimentRunner`.
  public init(
    plan: ExperimentPlan, results: ResultsFolder, progress: any RunProgress, stop: StopSignal = StopSignal(),
    command: String? = nil, file: ExperimentFileHistory? = nil, allowsPrograms: Bool = false
  ) {
    self.plan = plan
    self.results = results
    self.progress = progress
    self.stop = stop
    self.command = command
    self.file = file
    self.allowsPrograms = allowsPrograms
  }

  /// - Throws: `ResultsError` if a run that is read is not done, before anything is written; else as
  ///   `ExperimentRunner.run`.
  public func run() throws -> RunSummary {
    guard allowsPrograms || plan.spec.programs.isEmpty else {
      throw RunError.programsNotAllowed(plan.spec.programRemarks)
    }
    let origin = try RunOrigin(named: plan.spec.mapsFrom ?? "", in: results.url.deletingLastPathComponent())
    try origin.requireRuns(of: plan)
    try results.prepare()
    let started = Date()
    let store = try AttentionStore.open(results.database, mode: .create)
    defer { progress.finished() }
    // The lock on the database is held: no other run is at work here.
    try UnfinishedFiles.clear(results, in: results.openForWriting())
    try store.beginExperiment(plan.experiment(command: command, file: file), plan: plan.described())
    let recorder = try StepRecorder(plan, store)
    try store.register(read: plan.groups.flatMap(recorder.descriptions))
    let problems = try RunMeasurer(
      plan: plan, results: results, store: store, origin: origin, progress: progress, stop: stop
    ).measure()
    try store.removeUnused()
    let others = try store.countOfOtherRuns()
    try store.close()
    let summary = RunSummary(
      runsMade: 0, runsKept: plan.runCount, stepsMade: 0, filesMade: 0, otherRuns: others, failed: [],
      fileProblems: problems, seconds: Date().timeIntervalSince(started), report: results.report.path)
    try Manifest(plan: plan, summary: summary, started: started, command: command, file: file)
      .write(results.manifest.lastPathComponent, in: results.openForWriting())
    return summary
  }
}
