import AttentionStore
import CFaultVFS
import ExperimentSupport
import Foundation
import Results
import Running
import StoreTestSupport
import TestSupport
import Testing

/// A run whose n-th write to the database fails, for every n: it says so, leaves nothing wrong or half, and the next run
/// ends with the same rows as an unbroken one.
///
/// A write fails alone, or the disk is full from there on; the two take turns. `ATTNLAB_FAULTS=all` does both to each.
@Suite(.serialized) struct FaultTests {
  /// As small as it may be with maps of both kinds, a swap and a metric.
  private static let overrides = [
    "generate.num_inference_steps=2", "generate.height=32", "generate.width=32", "metrics=[psnr]",
    "record=[{name: words, sites: 'cross:mid', heads: mean}, {name: layout, sites: 'self:3', heads: all, steps: [1]}]",
    "interventions={swap: [{op: replace, sites: 'cross:*'}]}",
  ]

  private func database(_ folder: URL) -> URL { folder.appending(path: "small/small.sqlite") }

  private static let plan = Result { try SmallExperiment.plan(overrides) }

  private func run(_ folder: URL) throws {
    let results = ResultsFolder(folder.appending(path: "small"))
    _ = try ExperimentRunner(
      plan: Self.plan.get(), model: SmallExperiment.model(), results: results, progress: SilentProgress()
    ).run()
  }

  /// - Returns: the changes of files that it made, and what it threw.
  private func run(_ folder: URL, failing n: Int, lasting: Bool, _ kind: fault_kind) -> (
    changes: Int, failed: Int, error: (any Error)?
  ) {
    fault_arm(folder.lastPathComponent, n, lasting ? 1 : 0, kind)
    let outcome = Result { try run(folder) }
    let changes = fault_disarm()
    guard case .failure(let error) = outcome else { return (changes, fault_count(), nil) }
    return (changes, fault_count(), error)
  }

  /// Nothing of what is stored contradicts the whole: rows that are there are those of the whole, and a run that calls
  /// itself done has all its maps and files.
  private func expectNothingHalf(_ folder: URL, _ whole: StoredContents, _ what: String) throws {
    guard FileManager.default.fileExists(atPath: database(folder).path) else { return }
    let now: StoredContents
    do { now = try StoredContents(database(folder)) } catch StoreError.otherApplication(_, 0) {
      // The schema itself was not written: an empty file.
      return
    }
    #expect(now.problems == [], "\(what)")
    #expect(Set(now.maps).isSubset(of: whole.maps), "\(what): a map that an unbroken run has not")
    // A step is there with all its maps.
    for step in Set(now.maps.map(\.step)) {
      #expect(now.maps.filter { $0.step == step } == whole.maps.filter { $0.step == step }, "\(what): step \(step)")
    }
    for (run, artifacts) in zip(now.runs, now.artifacts) where run.status == .done {
      #expect(now.maps.filter { $0.run == run.id } == whole.maps.filter { $0.run == run.id }, "\(what)")
      #expect(artifacts.count == 2, "\(what)")
      for artifact in artifacts {
        #expect(FileManager.default.fileExists(atPath: folder.appending(path: "small/\(artifact.path)").path))
      }
    }
  }

  @Test func everyFailingWrite() throws {
    try #require(fault_install() == 0)
    let (whole, total) = try Fixtures.withTemporaryFolder { (folder) throws -> (StoredContents, Int) in
      let unbroken = run(folder, failing: 0, lasting: false, FAULT_IO)
      try #require(unbroken.error == nil && unbroken.failed == 0)
      return (try StoredContents(database(folder)), unbroken.changes)
    }
    #expect(whole.runs.map(\.status) == [.done, .done] && !whole.maps.isEmpty && whole.problems == [])
    try #require(total > 50, "the layer is not in use: \(total) changes")

    print("failing writes: \(total) to try")
    let isEach = ProcessInfo.processInfo.environment["ATTNLAB_FAULTS"] == "all"
    let faults = (1...total).flatMap { n in
      [(n, FAULT_IO, false), (n, FAULT_FULL, true)].enumerated().filter { isEach || $0.offset == n % 2 }.map(\.element)
    }
    var survived = 0
    for (n, kind, lasting) in faults {
      try Fixtures.withTemporaryFolder { (folder) throws -> Void in
        let broken = run(folder, failing: n, lasting: lasting, kind)
        let what = "change \(n) of \(total)\(lasting ? " and all after it" : "")"
        #expect(broken.failed > 0, "\(what) was not reached")
        switch broken.error {
        case nil:
          // Carrying the log over may fail without harm: the rows are in the log.
          survived += 1
          let contents = try StoredContents(database(folder))
          #expect(contents == whole, "\(what): called done")
        case StoreError.inputOutput?, StoreError.diskFull?: break
        case let error?: Issue.record("\(what): \(error)")
        }
        try expectNothingHalf(folder, whole, what)
        try run(folder)
        let contents = try StoredContents(database(folder))
        #expect(contents == whole, "\(what): after the next run")
      }
    }
    print("failing writes: \(faults.count) tried, \(survived) of them without harm")
    #expect(survived < faults.count / 2)
  }

  @Test func stopsBetweenSteps() throws {
    final class StopAfter: RunProgress {
      let stop: StopSignal
      let steps: Int
      init(_ stop: StopSignal, _ steps: Int) { (self.stop, self.steps) = (stop, steps) }
      func note(_ line: String) {}
      func advanced(done: Int, total: Int, of unit: WorkUnit, work: String) { if done >= steps { stop.raise() } }
      func finished() {}
    }
    try Fixtures.withTemporaryFolder { (folder) throws -> Void in
      let results = ResultsFolder(folder.appending(path: "small"))
      let plan = try SmallExperiment.plan(Self.overrides)
      func run(stopAfter steps: Int) throws {
        let stop = StopSignal()
        if steps == 0 { stop.raise() }
        _ = try ExperimentRunner(
          plan: plan, model: SmallExperiment.model(), results: results, progress: StopAfter(stop, steps), stop: stop
        ).run()
      }
      // Two runs of two steps; each pass makes one step of both. The last one stops before the report.
      for (steps, done) in [(0, 0), (1, 2), (3, 4)] {
        #expect(throws: RunInterrupted(done: done, total: 4, of: .steps)) { try run(stopAfter: steps) }
        #expect(!FileManager.default.fileExists(atPath: results.report.path))
      }
      let stopped = try StoredContents(results.database)
      #expect(stopped.runs.map(\.status) == [.done, .done] && stopped.problems == [])
      try run(stopAfter: .max)
      let resumed = try StoredContents(results.database)
      try Fixtures.withTemporaryFolder { (other) throws -> Void in
        try SmallExperiment.run(other, Self.overrides)
        let unbroken = try StoredContents(database(other))
        #expect(resumed == unbroken)
      }
    }
  }
}
