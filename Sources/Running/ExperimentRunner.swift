import Attention
import AttentionStore
import ExperimentFiles
import Files
import Foundation
import Pipelines
import Planning
import Results
import Tensors

/// Makes the runs of a plan that are not yet in the database.
///
/// A step's maps and what the next step needs are one transaction, so a run that was killed goes on after the last step
/// that it finished and ends with the same bits; a second run of the same file computes nothing. Runs are known by their
/// hashes: those of other plans stay where they are, and no run that is done or has failed is ever made again.
public struct ExperimentRunner {
  let plan: ExperimentPlan
  let model: StableDiffusion
  let results: ResultsFolder
  let progress: any RunProgress
  let stop: StopSignal
  let command: String?
  private let file: ExperimentFileHistory?
  private let allowsPrograms: Bool
  private let available: () -> Int?
  var files: RunFiles { RunFiles(model: model, results: results) }

  /// - Parameters:
  ///   - model: the one that the plan was made for.
  ///   - stop: looked at between steps; once it is raised the run ends.
  ///   - command: the shell line that was given, beginning with `attnlab`, for the report.
  ///   - file: what git knows of the experiment file, for the report and the manifest.
  ///   - allowsPrograms: whether programs that the file names as metrics may run. Ask whoever has to answer for it.
  ///   - available: bytes of memory that a group can have; nil where that is not known.
  public init(
    plan: ExperimentPlan, model: StableDiffusion, results: ResultsFolder, progress: any RunProgress,
    stop: StopSignal = StopSignal(),
    command: String? = nil, file: ExperimentFileHistory? = nil, allowsPrograms: Bool = false,
    available: @escaping () -> Int? = { AvailableMemory.bytes }
  ) {
    self.plan = plan
    self.model = model
    self.results = results
    self.progress = progress
    self.stop = stop
    self.command = command
    self.file = file
    self.allowsPrograms = allowsPrograms
    self.available = available
  }

  /// Runs the experiment. A run that fails takes no other with it: see `RunSummary.failed`.
  /// - Throws: `RunError` if the plan exceeds its budget, a program may not run or the folder cannot be written, before
  ///   anything is made; `ExperimentError` for a group that needs more memory than there is; `RunInterrupted` if it was asked to stop; `StoreError`; what computing and writing files throw.
  public func run() throws -> RunSummary {
    if let fault = plan.budgetFault { throw RunError.overBudget(fault) }
    guard allowsPrograms || plan.spec.programs.isEmpty else {
      throw RunError.programsNotAllowed(plan.spec.programRemarks)
    }
    try results.prepare()
    let started = Date()
    let store = try AttentionStore.open(results.database, mode: .create)
    defer { progress.finished() }
    // The lock on the database is held: no other run is at work here.
    try UnfinishedFiles.clear(results, in: results.openForWriting())
    let recorder = try begin(store)
    let before = try store.runs(RunFilter(isPlanned: true))
    try checkRoom(settled: Set(before.filter { $0.status == .done || $0.status == .failed }.map(\.run.hash)))
    var tally = Tally(total: plan.computedStepCount)
    for group in plan.groups {
      try Task.checkCancellation()
      try make(group, store, recorder, &tally)
    }
    try checkStop(tally)
    tally.fileProblems += try RunMeasurer(
      plan: plan, results: results, store: store, origin: RunOrigin(of: results, store), progress: progress, stop: stop
    ).measure()
    try store.removeUnused()
    progress.finished()
    let failedBefore = Set(before.filter { $0.status == .failed }.map(\.id))
    let failed = try store.runs(RunFilter(status: .failed, isPlanned: true))
    let others = try store.countOfOtherRuns()
    try store.close()
    let summary = RunSummary(
      runsMade: tally.runsMade, runsKept: tally.runsKept, stepsMade: tally.stepsMade, filesMade: tally.filesMade,
      otherRuns: others, failed: failed.map { FailedRun($0, isNew: !failedBefore.contains($0.id)) },
      fileProblems: tally.fileProblems, seconds: Date().timeIntervalSince(started), report: results.report.path)
    // A run that computed nothing leaves the times of the one that did.
    if summary.stepsMade > 0 || !FileManager.default.fileExists(atPath: results.manifest.path) {
      try Manifest(plan: plan, summary: summary, started: started, command: command, file: file)
        .write(results.manifest.lastPathComponent, in: results.openForWriting())
    }
    return summary
  }

  /// What was made so far.
  struct Tally {
    let total: Int
    var runsMade = 0
    var runsKept = 0
    var stepsMade = 0
    var filesMade = 0
    var fileProblems: [String] = []
    var done = 0
  }

  func checkStop(_ tally: Tally) throws {
    if stop.isRaised { throw RunInterrupted(done: tally.done, total: tally.total, of: .steps) }
  }

  // MARK: - Before computing

  /// Refuses a plan of which a group that is still to be made needs too much memory, and says so where the disk may become
  /// full: both are better known now than hours later.
  /// - Parameter settled: hashes of the runs that are not made again.
  private func checkRoom(settled: Set<String>) throws {
    let open = plan.groups.reduce(0) { $0 + $1.runs.count { !settled.contains($0.hash) } }
    if let remark = plan.diskRemark(runs: open, free: OutputPlace.freeBytes(results.url)) {
      progress.note("note: \(remark)")
    }
    for group in plan.groupOfEachMakeUp(where: { $0.runs.contains { !settled.contains($0.hash) } }) {
      try checkMemory(of: group, plan.attention(of: group))
    }
  }

  /// Refuses a group that needs more memory than there is. What tensors of other sizes gave back is there too.
  func checkMemory(of group: PlannedGroup, _ attention: AttentionPlan) throws {
    do { try plan.checkMemory(of: group, attention, available: available()) } catch {
      TensorMemory.releaseKept()
      try plan.checkMemory(of: group, attention, available: available())
    }
  }

  private func begin(_ store: AttentionStore) throws -> StepRecorder {
    try store.beginExperiment(plan.experiment(command: command, file: file), plan: plan.described())
    return try StepRecorder(plan, store)
  }
}

extension ResultsFolder {
  /// Makes the folder and sees that files can be made in it.
  /// - Throws: `RunError`.
  func prepare() throws {
    do {
      // Begun and never finished, it leaves nothing.
      _ = try openForWriting().newFile("probe")
    } catch {
      throw RunError.notWritable(folder: url.path, reason: "\(error)")
    }
  }
}

extension ExperimentPlan {
  /// The experiment as the database keeps it.
  /// - Parameters:
  ///   - command: the shell line that was given.
  ///   - file: what git knows of the experiment file.
  func experiment(command: String?, file: ExperimentFileHistory?) -> StoredExperiment {
    StoredExperiment(
      name: spec.name, question: spec.question,
      spec: KeptFile(spec, command: command, thresholds: spec.claims.flatMap { _ in file?.thresholds }).text,
      specHash: sha256(Data(spec.canonicalForm.utf8)), model: spec.model, modelHash: modelHash,
      toolVersion: attnlabVersion, engine: engine)
  }

  /// The plan as the database keeps it.
  package func described() throws -> PlanDescription {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return PlanDescription(
      hash: hash, runs: groups.flatMap { $0.runs.map(\.hash) }, sites: sites,
      json: String(decoding: try encoder.encode(self), as: UTF8.self))
  }
}

extension PlannedGroup {
  /// The group in a few words, for progress.
  var label: String {
    "\(promptSummary), seed \(settings.seed)\(settingsLabel.isEmpty ? "" : ", \(settingsLabel)")"
  }
}
