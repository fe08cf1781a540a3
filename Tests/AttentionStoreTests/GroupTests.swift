import Attention
import Foundation
import Testing

@testable import AttentionStore

@Suite("Groups")
struct GroupTests {
  let fixture: Fixture
  var store: AttentionStore { fixture.store }
  var path: String { fixture.folder.database.path }

  init() throws { fixture = try Fixture() }

  @Test("beginning gives the runs in the order asked, with what they were registered with")
  func begin() throws {
    #expect(fixture.group.runs.map(\.run) == fixture.pair)
    #expect(fixture.group.runs.map(\.status) == [.running, .running])
    #expect(fixture.group.checkpoint == nil && !fixture.group.isSettled)
    let target = try #require(fixture.group.runs.last)
    #expect(target.prompt == "a blue car" && target.sourcePrompt == "a red car" && target.negativePrompt == nil)
    #expect(target.sourceID == fixture.group.runs[0].id)
    let reversed = try store.beginGroup(hash: "g", runs: fixture.pair.reversed())
    #expect(reversed.runs.map(\.id) == fixture.group.runs.map(\.id).reversed())
  }

  @Test("targets may be given before their sources")
  func targetsFirst() throws {
    var pair = fixture.pair
    pair[0].hash = "s2"
    pair[1].hash = "t2"
    pair[1].sourceHash = "s2"
    for index in pair.indices { pair[index].setting.negativePrompt = fixture.prompts[0] }
    #expect(try store.beginGroup(hash: "g2", runs: pair.reversed()).runs.map(\.run) == pair.reversed())
    #expect(try store.runs(RunFilter(hashes: ["t2"])).map(\.negativePrompt) == ["a red car"])
    let begun = try store.beginGroup(hash: "g2", runs: pair)
    #expect(begun.runs.map(\.run) == pair)
  }

  @Test("going on: the checkpoint and the maps are as they were left")
  func resume() throws {
    try fixture.commit(step: 0)
    let before = try allRows(fixture.folder.database)
    let again = try store.beginGroup(hash: "g", runs: fixture.pair)
    #expect(again.checkpoint == GroupCheckpoint(step: 0, state: Data("state 0".utf8)))
    #expect(try allRows(fixture.folder.database) == before)
    try fixture.commit(step: 1)
    #expect(try store.mapCount() == 4)
  }

  @Test("a finished group stays as it is")
  func done() throws {
    try fixture.commit(step: 0)
    try store.finishGroup(hash: "g", results: fixture.results)
    let before = try allRows(fixture.folder.database)
    let again = try store.beginGroup(hash: "g", runs: fixture.pair, anew: true)
    #expect(again.isSettled && again.checkpoint == nil)
    #expect(try allRows(fixture.folder.database) == before)
  }

  @Test("begun anew, a group forgets its steps")
  func anew() throws {
    try fixture.commit(step: 0)
    let again = try store.beginGroup(hash: "g", runs: fixture.pair, anew: true)
    #expect(again.checkpoint == nil && again.runs.map(\.status) == [.running, .running])
    #expect(try store.mapCount() == 0)
    try fixture.commit(step: 0)
  }

  @Test("a run of another group is refused, whatever became of it there, and nothing changes")
  func otherGroup() throws {
    try fixture.commit(step: 0)
    try store.finishGroup(hash: "g", results: fixture.results)
    let before = try allRows(fixture.folder.database)
    expectError(
      "\(path): run s is stored in group g, not in g2. A run of another group has another hash"
    ) { try store.beginGroup(hash: "g2", runs: [fixture.pair[0]]) }
    #expect(try allRows(fixture.folder.database) == before)
  }

  @Test("a run that was lost by other hands is made beside those that are done, which stay")
  func lostRun() throws {
    try fixture.commit(step: 0)
    try store.finishGroup(hash: "g", results: fixture.results)
    try outside(fixture.folder.database, "PRAGMA foreign_keys = ON; DELETE FROM run WHERE hash = 't'")
    let again = try store.beginGroup(hash: "g", runs: fixture.pair)
    #expect(again.runs.map(\.status) == [.done, .running] && again.checkpoint == nil)
    #expect(try store.mapCount() == 1)
    #expect(try store.metrics(again.runs[0].id) == ["psnr": 30])
    try store.commitStep(
      groupHash: "g", step: 0, timestep: 900, state: Data(), maps: [fixture.map(run: 1).of(again.runs[1].id)])
    try store.finishGroup(hash: "g", results: [RunResult(run: again.runs[1].id)])
    #expect(try store.statusOfRuns() == ["s": .done, "t": .done])
    #expect(try store.mapCount() == 2)
  }

  @Test("a checkpoint of a group that lost a row by other hands is not built upon")
  func lostRunUnderWay() throws {
    try fixture.commit(step: 0)
    try outside(fixture.folder.database, "PRAGMA foreign_keys = ON; DELETE FROM run WHERE hash = 't'")
    #expect(try store.beginGroup(hash: "g", runs: fixture.pair).checkpoint == nil)
    #expect(try store.mapCount() == 0)
  }

  @Test("maps without a checkpoint are not built upon")
  func lostCheckpoint() throws {
    try fixture.commit(step: 0)
    try outside(fixture.folder.database, "DELETE FROM checkpoint")
    #expect(try store.beginGroup(hash: "g", runs: fixture.pair).checkpoint == nil)
    #expect(try store.mapCount() == 0)
    try fixture.commit(step: 0)
  }

  @Test("what contradicts the stored group is refused, and changes nothing")
  func contradictions() throws {
    let before = try allRows(fixture.folder.database)
    expectError(
      "\(path): group g is stored with the run t, which is not among those given. "
        + "A group of other runs has another hash"
    ) { try store.beginGroup(hash: "g", runs: [fixture.pair[0]]) }
    var changed = fixture.pair
    changed[0].seed = 9
    expectError("\(path): run s is stored with other settings. Runs of other settings have other hashes") {
      try store.beginGroup(hash: "g", runs: changed)
    }
    let lost = Samples.run("t3", prompt: fixture.prompts[0], source: "nobody")
    expectError(
      "\(path): nothing was stored, because of 1 problem: run t3: the source is \"nobody\", expected a run that is "
        + "stored, or given too"
    ) { try store.beginGroup(hash: "g3", runs: [lost]) }
    var bad = Samples.run("s4", prompt: fixture.prompts[0], source: "s")
    bad.role = .source
    bad.setting.guidanceScale = .nan
    expectError(
      "\(path): nothing was stored, because of 5 problems: group g4: the number of runs s4 is 2, expected 1; "
        + [1, 2].map { _ in
          "run s4: the source is \"s\", expected none, since it is a source itself; run s4: guidance_scale is nan, "
            + "expected a number"
        }.joined(separator: "; ")
    ) { try store.beginGroup(hash: "g4", runs: [bad, bad]) }
    expectError(
      "\(path): nothing was stored, because of 1 problem: group g5: the number of its runs is 0, expected 1 or more"
    ) { try store.beginGroup(hash: "g5", runs: []) }
    #expect(try allRows(fixture.folder.database) == before)
  }

  @Test("removed runs go with all their rows; what is unfinished of their group starts anew, what is done stays")
  func removal() throws {
    try fixture.commit(step: 0)
    let other = Samples.run("s2", prompt: fixture.prompts[0], seed: 2)
    let begun = try store.beginGroup(hash: "g2", runs: [other])
    try store.commitStep(groupHash: "g2", step: 0, timestep: 1, state: Data([1]), maps: [])
    try store.finishGroup(hash: "g2", results: [RunResult(run: begun.runs[0].id, metrics: ["psnr": 1])])
    let ids = fixture.group.runs.map(\.id)

    #expect(try store.removeRuns([]) == [])
    #expect(try store.removeRuns([ids[1], RunID(rawValue: 77)]).map(\.run.hash) == ["t"])
    #expect(try store.statusOfRuns() == ["s": .pending, "s2": .done])
    #expect(try store.mapCount() == 0)
    #expect(try store.checkpoint(groupHash: "g") == nil)
    #expect(try store.metrics(begun.runs[0].id) == ["psnr": 1])
    #expect(try store.removeRuns(Set(store.runs().map(\.id))).map(\.run.hash) == ["s", "s2"])
    #expect(
      try value(fixture.folder.database, "SELECT (SELECT count(*) FROM metric) + (SELECT count(*) FROM run)") == "0")
    #expect(try store.integrityCheck() == [])
  }

  @Test("room that removed runs leave is given back; where there is none the file is not written")
  func compacting() throws {
    let maps = [0, 1].map { run in
      MapRow(
        run: fixture.group.runs[run].id, record: fixture.records[0], site: fixture.sites[0], branch: .conditional,
        height: 256, width: 256, keys: 8, type: .float32, data: Data(count: 2 << 20))
    }
    try store.commitStep(groupHash: "g", step: 0, timestep: 1, state: Data(), maps: maps)
    try store.finishGroup(hash: "g", results: fixture.results)
    let full = store.bytesOnDisk
    try store.removeRuns([fixture.group.runs[1].id])
    try store.removeUnused()
    try store.compact()
    let compacted = store.bytesOnDisk
    #expect(full - compacted > 1 << 20, "\(full) bytes before, \(compacted) after")

    let past = Date(timeIntervalSince1970: 1_000_000_000)
    try FileManager.default.setAttributes([.modificationDate: past], ofItemAtPath: path)
    let before = try FileManager.default.attributesOfItem(atPath: path)
    try store.removeUnused()
    try store.compact()
    let after = try FileManager.default.attributesOfItem(atPath: path)
    #expect(after[.modificationDate] as? Date == past && store.bytesOnDisk == compacted)
    #expect(after[.systemFileNumber] as? Int == before[.systemFileNumber] as? Int)
  }

  @Test("a source that goes takes its targets with it, and they are named")
  func removalOfSource() throws {
    #expect(try store.removeRuns([fixture.group.runs[0].id]).map(\.run.hash) == ["s", "t"])
  }

  @Test("prompts and records that nothing uses go when asked")
  func unused() throws {
    try store.register(
      record: Samples.records[1], keys: [fixture.prompts[0]: [TokenKey(label: "car", positions: [3])]])
    try store.register(prompts: [Samples.prompt("nobody")])
    var other = Samples.run("u", prompt: fixture.prompts[1], negative: fixture.prompts[0])
    other.setting.guidanceScale = 9
    try store.removeRuns(Set(store.beginGroup(hash: "g2", runs: [other]).runs.map(\.id)))
    #expect(try value(fixture.folder.database, "SELECT count(*) FROM setting") == "2")
    try fixture.commit(step: 0)
    try store.removeUnused()
    #expect(try store.prompts().map(\.text) == ["a red car", "a blue car"])
    #expect(try value(fixture.folder.database, "SELECT group_concat(guidance_scale) FROM setting") == "\"5.0\"")
    #expect(try store.records().map(\.record.name) == ["words"])
    #expect(try store.recordKeys(of: fixture.records[1], for: fixture.prompts[0]) == [])
  }

  @Test("runs that were begun here and are read now are done, and are made where they are asked for again")
  func readAndMadeInTurn() throws {
    try fixture.commit(step: 0)
    try store.register(read: fixture.pair)
    let read = try store.runs()
    #expect(read.map(\.status) == [.done, .done] && read.map(\.groupHash) == fixture.pair.map(\.hash))
    #expect(try store.mapCount() == 0 && store.checkpoint(groupHash: "g") == nil)
    try store.register(read: fixture.pair)
    let begun = try store.beginGroup(hash: "g", runs: fixture.pair)
    #expect(begun.runs.map(\.status) == [.running, .running] && begun.checkpoint == nil)
    #expect(try store.runs().map(\.groupHash) == ["g", "g"])
  }
}
