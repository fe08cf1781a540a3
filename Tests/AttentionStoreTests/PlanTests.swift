import Attention
import Foundation
import Testing

@testable import AttentionStore

/// Several plans in one database.
@Suite("Plans")
struct PlanTests {
  let fixture: Fixture
  var store: AttentionStore { fixture.store }

  init() throws { fixture = try Fixture() }

  private func begin(_ hash: String, _ runs: [String], sites: [AttentionSite] = Samples.sites, spec: String = "v")
    throws
  {
    var experiment = Samples.experiment
    experiment.spec = spec
    try store.beginExperiment(experiment, plan: PlanDescription(hash: hash, runs: runs, sites: sites))
  }

  @Test("runs are of the plan that was begun last, in its order; the others are counted")
  func last() throws {
    #expect(try store.runs(.planned).map(\.run.hash) == ["s", "t"], "no plan is written down yet")
    try begin("one", ["t", "s"])
    #expect(try store.runs(.planned).map(\.run.hash) == ["t", "s"])
    #expect(try store.countOfOtherRuns() == 0)
    let other = Samples.run("s2", prompt: fixture.prompts[0], seed: 2)
    try begin("two", ["s2", "s3"])
    #expect(try store.runs(.planned) == [])
    _ = try store.beginGroup(hash: "g2", runs: [other])
    #expect(try store.runs(.planned).map(\.run.hash) == ["s2"])
    #expect(try store.statusOfRuns(isPlanned: true) == ["s2": .running])
    #expect(try store.countOfOtherRuns() == 2)
    #expect(try store.runs().map(\.run.hash) == ["s", "t", "s2"])
    #expect(try value(fixture.folder.database, "SELECT group_concat(hash) FROM planned_run") == "\"s2\"")
    #expect(try store.runs(RunFilter(seed: 1, isPlanned: true)) == [])
  }

  @Test("the views are of the last plan")
  func views() throws {
    try begin("one", ["s", "t"])
    try fixture.commit(step: 0)
    try store.finishGroup(hash: "g", results: fixture.results)
    func counts() throws -> [String?] {
      try ["planned_run", "site_summary", "comparison"].map {
        try value(fixture.folder.database, "SELECT count(*) FROM \($0)")
      }
    }
    #expect(try counts() == ["2", "1", "1"])
    try begin("two", ["s2"])
    #expect(try counts() == ["0", "0", "0"])
  }

  @Test("a plan that is begun again becomes the last one; the last one keeps its row")
  func again() throws {
    try begin("one", ["s", "t"])
    try begin("two", ["s"])
    let before = try allRows(fixture.folder.database)
    try begin("two", ["s"])
    #expect(try allRows(fixture.folder.database) == before)
    try begin("one", ["s", "t"])
    #expect(try store.runs(.planned).map(\.run.hash) == ["s", "t"])
    #expect(try value(fixture.folder.database, "SELECT count(*) FROM plan") == "2")
    // What is asked of the same runs may change.
    try begin("one", ["s", "t"], spec: "other claims")
    #expect(
      try value(fixture.folder.database, "SELECT spec FROM plan ORDER BY id DESC LIMIT 1") == "\"other claims\"")
    #expect(try store.experiment()?.spec == "other claims")
  }

  @Test("sites are those of the last plan, in the order of the forward pass")
  func sites() throws {
    try begin("one", ["s", "t"], sites: Samples.sites.reversed())
    #expect(try store.plannedSites().map(\.site) == Samples.sites)
    let old = Samples.sites[0]
    let changed = AttentionSite(
      index: 0, path: old.path, kind: .selfAttention, layer: 1, height: 2, width: 3, heads: 8, latentHeight: 2,
      latentWidth: 3)
    try begin("two", ["s2"], sites: [changed])
    #expect(try store.plannedSites().map(\.site) == [changed])
    #expect(try store.sites().count == 3)
  }

  @Test("other plans are forgotten when asked, and their runs stay")
  func removal() throws {
    try begin("one", ["s", "t"])
    try begin("two", ["s"])
    try store.removeOtherPlans()
    #expect(try value(fixture.folder.database, "SELECT group_concat(hash) FROM plan") == "\"two\"")
    #expect(try value(fixture.folder.database, "SELECT group_concat(run_hash) FROM plan_run") == "\"s\"")
    #expect(try store.runs().count == 2)
    #expect(try store.integrityCheck() == [])
  }

  @Test("two rows that say the same of steps and calls: the number of calls is that of the last registering")
  func calls() throws {
    var pair = fixture.pair
    pair[0].calls = 4
    pair[1].calls = 4
    #expect(try store.beginGroup(hash: "g", runs: pair).runs.map(\.run.calls) == [4, 4])
    #expect(try store.runs().map(\.run.steps) == [3, 3])
  }
}
