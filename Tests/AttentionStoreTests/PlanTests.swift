import Attention
import Foundation
import TestSupport
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

  @Test("runs of the last plan that are not stored yet are counted")
  func notBegun() throws {
    #expect(try store.countOfRunsNotBegun() == 0, "without a plan")
    try begin("one", ["s", "t", "u", "v"])
    #expect(try store.countOfRunsNotBegun() == 2)
    try begin("two", ["s", "t"])
    #expect(try store.countOfRunsNotBegun() == 0)
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

  @Test("a plan is written down whole, and comes back as it was; another text of the same plan takes its place")
  func whole() throws {
    #expect(try store.lastPlan() == nil)
    for json in ["{\"groups\":[]}", "{\"groups\":[1]}"] {
      try store.beginExperiment(
        Samples.experiment, plan: PlanDescription(hash: "one", runs: ["s", "t"], sites: [], json: json))
      #expect(try store.lastPlan() == StoredPlan(hash: "one", json: json))
    }
    expectError(
      "\(store.path): nothing was stored, because of 1 problem: plan two: its text is \"groups: []\", expected JSON"
    ) {
      try store.beginExperiment(
        Samples.experiment, plan: PlanDescription(hash: "two", runs: ["s"], sites: [], json: "groups: []"))
    }
    #expect(try store.lastPlan()?.hash == "one", "what is no JSON is not stored")
  }

  @Test("settings of runs are one row, whatever plan calls them; the label is that of the plan that used it last")
  func labels() throws {
    #expect(try value(fixture.folder.database, "SELECT count(*) FROM setting") == "1")
    var runs = fixture.pair
    for index in runs.indices { runs[index].setting.label = "guidance_scale=5" }
    #expect(try store.beginGroup(hash: "g", runs: runs).runs.map(\.run) == runs)
    #expect(try value(fixture.folder.database, "SELECT group_concat(label) FROM setting") == "\"guidance_scale=5\"")
    var other = Samples.run("u", prompt: fixture.prompts[0], negative: fixture.prompts[1])
    other.setting.schedulerSettings = "{\"use_karras_sigmas\":true}"
    #expect(try store.beginGroup(hash: "g2", runs: [other]).runs.map(\.run) == [other])
    #expect(
      try value(
        fixture.folder.database,
        "SELECT scheduler_settings ->> 'use_karras_sigmas' FROM run_overview WHERE negative_prompt = 'a blue car'")
        == "1")
    other.hash = "v"
    other.setting.schedulerSettings = "use_karras_sigmas true"
    expectError(
      "\(store.path): nothing was stored, because of 1 problem: run v: scheduler_settings is \"use_karras_sigmas true\", "
        + "expected a JSON object"
    ) { try store.beginGroup(hash: "g3", runs: [other]) }
  }

  /// What was a conflict once: a second plan could not call other tokens, or another entry, by a name that was taken.
  @Test("records of one name and other entries, quantities or keys live beside one another")
  func recordsOfOneName() throws {
    let words = RecordDescription(name: "words", spec: "tokens words")
    let car = [TokenKey(label: "car", positions: [3])]
    let first = try store.register(record: words, keys: [fixture.prompts[0]: car])
    #expect(try store.register(record: words, keys: [fixture.prompts[0]: car]) == first)
    #expect(try store.register(record: words, keys: [fixture.prompts[1]: car]) == first, "another prompt")
    let pooled = try store.register(record: RecordDescription(name: "words", spec: "tokens words, pool 8"))
    let scores = try store.register(record: RecordDescription(name: "words", spec: "tokens words", of: .scores))
    #expect(Set([first, pooled, scores]).count == 3)

    // Before there are maps of them, other keys take the place of the former ones.
    let both = [TokenKey(label: "red", positions: [2])] + car
    #expect(try store.register(record: words, keys: [fixture.prompts[0]: both]) == first)
    var map = fixture.map()
    map.record = first
    try store.commitStep(groupHash: "g", step: 0, timestep: 1, state: Data(), maps: [map])
    let second = try store.register(record: words, keys: [fixture.prompts[0]: car])
    #expect(second != first)
    #expect(try store.recordKeys(of: first, for: fixture.prompts[0]) == both)
    #expect(try store.recordKeys(of: second, for: fixture.prompts[0]) == car)
    #expect(try store.register(record: words, keys: [fixture.prompts[0]: both]) == first)
    #expect(try store.records(of: fixture.group.runs[0].id).map(\.id) == [first])
    #expect(try store.maps(MapFilter(runs: [fixture.group.runs[0].id], records: ["words"])).map(\.record) == [first])
    #expect(try store.integrityCheck() == [])
  }
}
