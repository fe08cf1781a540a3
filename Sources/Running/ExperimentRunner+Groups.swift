import Attention
import AttentionStore
import Foundation
import Pipelines
import Planning
import Tensors

extension ExperimentRunner {
  /// Makes what a group lacks: files of its finished runs, and the runs that are neither done nor failed.
  func make(
    _ group: PlannedGroup, _ store: AttentionStore, _ recorder: StepRecorder, _ tally: inout Tally
  ) throws {
    let descriptions = recorder.descriptions(group)
    var stored = try store.beginGroup(hash: group.hash, runs: descriptions)
    try makeLostFiles(of: group, stored, store, &tally)
    tally.runsKept += stored.runs.count { $0.status == .done }
    if stored.isSettled {
      tally.done += group.computedStepCount(0..<group.stepCount)
      return
    }
    let attention = try plan.attention(of: group)
    try checkMemory(of: group, attention)
    var denoising = try group.denoising(model)
    if let checkpoint = stored.checkpoint {
      do { try restore(&denoising, attention, checkpoint, group, stored) } catch {
        progress.note("\(results.database.path): group \(group.hash.prefix(8)): \(error); it is made anew")
        stored = try store.beginGroup(hash: group.hash, runs: descriptions, anew: true)
        denoising = try group.denoising(model)
      }
    }
    tally.done += group.computedStepCount(0..<denoising.step)
    try denoise(group, attention, &denoising, stored, store, recorder, &tally)
  }

  /// Takes up what an earlier run has left of a group.
  /// - Throws: `UnusableCheckpoint`; the denoising is then of no use.
  private func restore(
    _ denoising: inout Denoising, _ attention: AttentionPlan, _ checkpoint: GroupCheckpoint, _ group: PlannedGroup,
    _ stored: StoredGroup
  ) throws(UnusableCheckpoint) {
    let step = checkpoint.step
    do {
      try denoising.restore(SealedState.open(checkpoint.state), probe: attention.probe(step:))
    } catch {
      throw .unreadable(step: step, reason: "\(error)")
    }
    guard step >= 0, denoising.step - 1 == step else { throw .stale(step: step, found: denoising.step - 1) }
    let open = stored.runs.indices.filter { stored.runs[$0].status == .running }
    if let broken = open.first(where: denoising.brokenRuns.contains) {
      throw .broken(step: step, run: group.runs[broken].hash)
    }
    guard files.hasFilesOfSteps(group, of: open, before: denoising.step) else { throw .lacksFiles(step: step) }
  }

  /// Takes the steps that are left, and stores what the group's unfinished runs leave.
  private func denoise(
    _ group: PlannedGroup, _ attention: AttentionPlan, _ denoising: inout Denoising, _ stored: StoredGroup,
    _ store: AttentionStore, _ recorder: StepRecorder, _ tally: inout Tally
  ) throws {
    var open = Dictionary(
      uniqueKeysWithValues: stored.runs.enumerated().filter { $1.status == .running }.map { ($0, $1.id) })
    while !denoising.isDone && !open.isEmpty {
      try checkStop(tally)
      let step = denoising.step
      let probe = attention.probe(step: step)
      if group.inputLatentSteps.contains(step) {
        for index in open.keys.sorted() { try files.write(files.inputLatents(index, group, denoising)) }
      }
      let broken = try denoising.advance(probe: probe, keepsPrediction: group.predictedSteps.contains(step))
      var failures = self.failures(of: broken, group, attention, step: step)
      // Before the step is written down: a step that is done has its files.
      for index in open.keys.sorted() where failures[index] == nil {
        do {
          try files.writePredicted(index, group, denoising)
        } catch let error as BrokenPicture {
          failures[index] = "step \(step), what the model expects: \(error)"
        }
      }
      let failing = failures.filter { open[$0.key] != nil }
      let going = open.filter { failing[$0.key] == nil }
      try store.commitStep(
        groupHash: group.hash, step: step, timestep: Double(denoising.timesteps[step]),
        state: SealedState.seal(denoising.state()), maps: recorder.rows(probe.maps, of: group, runs: going),
        failures: Dictionary(uniqueKeysWithValues: failing.compactMap { index, why in open[index].map { ($0, why) } }))
      open = going
      tally.stepsMade += 1
      tally.done += group.computedRuns(step: step)
      progress.advanced(done: tally.done, total: tally.total, of: .steps, work: group.label)
    }
    // What is left of a group that failed as a whole is not computed.
    tally.done += group.computedStepCount(denoising.step..<group.stepCount)
    guard !open.isEmpty else { return }
    try finish(group, denoising, open, store, &tally)
  }

  private func finish(
    _ group: PlannedGroup, _ denoising: Denoising, _ open: [Int: RunID], _ store: AttentionStore, _ tally: inout Tally
  ) throws {
    var done: [RunResult] = []
    var failures: [RunID: String] = [:]
    for (index, id) in open.sorted(by: { $0.key < $1.key }) {
      do {
        done.append(RunResult(run: id, artifacts: try files.write(index, group, denoising)))
      } catch let error as BrokenPicture {
        failures[id] = "after the last step: \(error)"
      }
    }
    try store.finishGroup(hash: group.hash, results: done, failures: failures)
    tally.runsMade += done.count
  }

  /// Why runs of a group fail, by index: those that broke in a step, and those that take attention from one of them in
  /// this step or a later one.
  private func failures(
    of broken: [BrokenRun], _ group: PlannedGroup, _ attention: AttentionPlan, step: Int
  ) -> [Int: String] {
    var failures = Dictionary(uniqueKeysWithValues: broken.map { ($0.run, "\($0)") })
    for source in broken {
      for taker in attention.takers(from: source.run, step: step) where failures[taker] == nil {
        failures[taker] = "takes attention from \(group.name(ofRun: source.run)), which broke in \(source)"
      }
    }
    return failures
  }
}

extension PlannedGroup {
  /// What a run of the batch is: one of the group, or a reference beside it.
  fileprivate func name(ofRun index: Int) -> String {
    guard !runs.indices.contains(index) else {
      return "the \(runs[index].intervention) \"\(runs[index].prompt.prompt)\", seed \(settings.seed)"
    }
    let reference = references[index - runs.count]
    return "the run of \"\(reference.prompt.prompt)\", seed \(reference.seed), beside the group"
  }
}
