import Attention
import Foundation
import GRDB
import Testing

@testable import AttentionStore

@Suite("Steps")
struct StepTests {
  let fixture: Fixture
  var store: AttentionStore { fixture.store }
  var path: String { fixture.folder.database.path }

  init() throws { fixture = try Fixture() }

  private func commit(_ maps: [MapRow], step: Int = 0, group: String = "g") throws {
    try store.commitStep(groupHash: group, step: step, timestep: 981, state: Data([1, 2, 3]), maps: maps)
  }

  @Test("maps come back as they were given, bit for bit", arguments: MapType.allCases)
  func roundTrip(type: MapType) throws {
    let rows = [
      fixture.map(run: 0, site: 0, type: type), fixture.map(run: 0, type: type),
      fixture.map(run: 0, head: 0, type: type), fixture.map(run: 0, head: 3, type: type),
      fixture.map(run: 0, branch: .unconditional, type: type), fixture.map(run: 1, type: type),
    ]
    // Given out of order: they are read in the order of their place, not of their storing.
    try commit(rows.reversed())
    let found = try store.maps()
    #expect(found.count == rows.count)
    for (found, row) in zip(found, rows) {
      #expect(found.run == row.run && found.record == row.record && found.site == row.site)
      #expect(found.step == 0 && found.timestep == 981)
      #expect(found.branch == row.branch && found.head == row.head)
      #expect(found.height == 2 && found.width == 3 && found.keys == 5)
      #expect(found.type == row.type && found.data == row.data)
      #expect(found.values == type.decode(row.data))
    }
    #expect(try store.integrityCheck() == [])
  }

  @Test("memory of the caller's is read where it lies")
  func borrowedMemory() throws {
    var values = (0..<30).map { Float($0) }
    var row = fixture.map()
    try values.withUnsafeMutableBytes { bytes in
      let start = try #require(bytes.baseAddress)
      row.data = Data(bytesNoCopy: start, count: bytes.count, deallocator: .none)
      try commit([row])
      bytes.storeBytes(of: 99, as: Float.self)
    }
    #expect(try store.maps().first?.values == (0..<30).map { Float($0) })
  }

  @Test("the state of a step replaces the former")
  func checkpoint() throws {
    #expect(try store.checkpoint(groupHash: "g") == nil)
    try fixture.commit(step: 0)
    try fixture.commit(step: 1)
    #expect(try store.checkpoint(groupHash: "g") == GroupCheckpoint(step: 1, state: Data("state 1".utf8)))
    #expect(try store.checkpoint(groupHash: "other") == nil)
    #expect(try value(fixture.folder.database, "SELECT count(*) FROM checkpoint") == "1")
  }

  @Test("a step without maps, and one without state")
  func empty() throws {
    try store.commitStep(groupHash: "g", step: 0, timestep: 1, state: Data(), maps: [])
    #expect(try store.checkpoint(groupHash: "g") == GroupCheckpoint(step: 0, state: Data()))
  }

  @Test("a map that is there cannot be stored again, with a head or as the mean", arguments: [nil, 0, 3] as [Int?])
  func duplicates(head: Int?) throws {
    let before = try allRows(fixture.folder.database)
    do {
      try commit([fixture.map(head: head), fixture.map(run: 1), fixture.map(head: head)])
      Issue.record("two maps of one place were stored")
    } catch let error as StoreError {
      let columns = ["run_id", "record_id", "step", "site_id", "branch"] + (head == nil ? [] : ["head"])
      let message = "UNIQUE constraint failed: " + columns.map { "attention_map.\($0)" }.joined(separator: ", ")
      #expect(error == .sqlite(path: path, code: 2067, message: message))
      #expect("\(error)" == "\(path): SQLite says: \(message) (code 2067)")
    }
    #expect(try allRows(fixture.folder.database) == before)
    // The mean and a head of the same place are two maps.
    try commit([fixture.map(head: nil), fixture.map(head: 0), fixture.map(head: 3)])
    #expect(try store.mapCount() == 3)
  }

  @Test("a step that is stored is not stored again", arguments: [0, 1])
  func repeatedStep(step: Int) throws {
    try fixture.commit(step: 0)
    try fixture.commit(step: 1)
    let before = try allRows(fixture.folder.database)
    #expect(throws: StoreError.staleCheckpoint(path: path, group: "g", step: step, stored: 1)) {
      try fixture.commit(step: step)
    }
    expectError(
      "\(path): step \(step) of group g cannot follow step 1, which is stored. Begin the group again, which tells the "
        + "step to go on from"
    ) { try fixture.commit(step: step) }
    #expect(try allRows(fixture.folder.database) == before)
  }

  @Test("maps that do not fit are all named, and nothing is stored")
  func misfits() throws {
    var short = fixture.map()
    short.data.removeLast()
    var empty = fixture.map(head: 1)
    empty.width = 0
    var half = fixture.map(head: 2)
    half.type = .float16
    var huge = fixture.map(head: 3)
    huge.height = .max
    let before = try allRows(fixture.folder.database)
    expectError(
      "\(path): nothing was stored, because of 4 problems: a map of 3 x 2 queries and 5 keys in float32 has 119 bytes; "
        + "a map of 0 x 2 queries and 5 keys is empty; a map of 3 x 2 queries and 5 keys in float16 has 120 bytes; "
        + "a map of 3 x \(Int.max) queries and 5 keys in float32 has 120 bytes"
    ) { try commit([fixture.map(), short, empty, half, huge]) }
    #expect(try allRows(fixture.folder.database) == before)
  }

  @Test("the database itself refuses a map whose length does not fit, whoever writes it")
  func checkedByTheSchema() throws {
    #expect(throws: (any Error).self) {
      try outside(
        fixture.folder.database,
        """
        INSERT INTO attention_map
          (run_id, record_id, site_id, step, timestep, branch, height, width, keys, dtype, codec, data)
        VALUES (1, 1, 1, 0, 0, 'conditional', 2, 3, 5, 'float32', 'raw', x'00')
        """)
    }
  }

  @Test("groups that were not begun, and runs of others")
  func strangers() throws {
    expectError("\(path): group none has no run under way. Begin it first") { try commit([], group: "none") }
    var stranger = fixture.map()
    stranger.run = RunID(rawValue: 77)
    expectError("\(path): a map belongs to run 77, which is not under way in group g") { try commit([stranger]) }
    var lost = fixture.map()
    lost.record = RecordID(rawValue: 77)
    #expect(throws: StoreError.sqlite(path: path, code: 787, message: "FOREIGN KEY constraint failed")) {
      try commit([lost])
    }
    #expect(try store.mapCount() == 0)
    #expect(try store.checkpoint(groupHash: "g") == nil)
  }

  @Test("an abort inside SQLite in the middle of a step leaves the step before, whole")
  func abort() throws {
    try fixture.commit(step: 0)
    let before = try allRows(fixture.folder.database)
    for what in ["ABORT", "FAIL", "ROLLBACK"] {
      try store.queue.inDatabase { db in
        try db.execute(
          sql: """
            CREATE TEMP TRIGGER stop BEFORE INSERT ON attention_map WHEN new.run_id = 2
            BEGIN SELECT raise(\(what), 'stopped'); END
            """)
      }
      #expect(throws: StoreError.self) { try fixture.commit(step: 1) }
      #expect(try allRows(fixture.folder.database) == before, "\(what)")
      try store.queue.inDatabase { try $0.execute(sql: "DROP TRIGGER stop") }
    }
    try fixture.commit(step: 1)
    #expect(try store.mapCount() == 4)
  }

  @Test("finishing stores what runs leave, and the file alone is whole")
  func finish() throws {
    try fixture.commit(step: 0)
    let ids = fixture.group.runs.map(\.id)
    let picture = Artifact(kind: "picture", path: "runs/s/picture.png", sha256: "aa")
    let latents = Artifact(kind: "latents", path: "runs/s/latents.safetensors", sha256: "bb")
    let metrics = ["psnr": .infinity, "ssim": 0.1, "undefined": Double.nan]
    try store.finishGroup(
      hash: "g",
      results: [RunResult(run: ids[1]), RunResult(run: ids[0], artifacts: [picture, latents], metrics: metrics)])
    #expect(try store.statusOfRuns() == ["s": .done, "t": .done])
    #expect(try store.checkpoint(groupHash: "g") == nil)
    #expect(try store.artifacts(ids[0]) == [latents, picture])
    #expect(try store.artifacts(ids[1]) == [])
    let stored = try store.metrics(ids[0])
    #expect(stored.keys.sorted() == ["psnr", "ssim", "undefined"])
    #expect(stored["psnr"] == .infinity && stored["ssim"] == 0.1 && stored["undefined"]?.isNaN == true)

    let copy = fixture.folder.url.appendingPathComponent("copy.sqlite")
    try FileManager.default.copyItem(at: fixture.folder.database, to: copy)
    #expect(try allRows(copy) == allRows(fixture.folder.database))
    let log = try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int
    #expect(log == 0)
  }

  @Test("a group is finished once, with the results of all its runs and of no others")
  func finishWrongly() throws {
    try fixture.commit(step: 0)
    let before = try allRows(fixture.folder.database)
    let one = [RunResult(run: fixture.group.runs[0].id, metrics: ["psnr": 1])]
    expectError("\(path): group g has the runs 1, 2, and the results are of the runs 1") {
      try store.finishGroup(hash: "g", results: one)
    }
    expectError("\(path): group g has the runs 1, 2, and the results are of the runs 1, 1") {
      try store.finishGroup(hash: "g", results: one + one)
    }
    #expect(try allRows(fixture.folder.database) == before)
    try store.finishGroup(hash: "g", results: fixture.results)
    expectError("\(path): group g has no run under way. Begin it first") {
      try store.finishGroup(hash: "g", results: fixture.results)
    }
  }

  @Test("a metric is replaced, and needs its run")
  func metrics() throws {
    let id = fixture.group.runs[0].id
    try store.setMetrics(["ssim": 0.5], run: id)
    try store.setMetrics(["ssim": 0.75], run: id)
    #expect(try store.metrics(id) == ["ssim": 0.75])
    #expect(throws: StoreError.self) { try store.setMetrics(["ssim": 0.5], run: RunID(rawValue: 77)) }
  }

  @Test("a value is known with what it was measured with, and goes alone")
  func metricSources() throws {
    let fixture = try Fixture()
    let (store, id) = (fixture.store, fixture.group.runs[0].id)
    try store.setMetrics(["ssim": 0.5, "psnr": .infinity], sources: ["ssim": "one"], run: id)
    #expect(try store.metricSources(id) == ["ssim": "one", "psnr": nil])
    try store.setMetrics(["ssim": 0.75], sources: ["ssim": "another"], run: id)
    #expect(try store.metrics(id) == ["ssim": 0.75, "psnr": .infinity])
    #expect(try store.metricSources(id)["ssim"] == "another")
    try store.removeMetrics(["ssim", "unknown"], run: id)
    #expect(try store.metrics(id) == ["psnr": .infinity])
  }

  @Test("a run that fails keeps the maps of its steps, the others go on and are done, and nothing tries it again")
  func failures() throws {
    let fixture = try Fixture()
    let (store, ids) = (fixture.store, fixture.group.runs.map(\.id))
    try fixture.commit(step: 0)
    try store.commitStep(
      groupHash: "g", step: 1, timestep: 1, state: Data("state 1".utf8), maps: [fixture.map(run: 0, step: 1)],
      failures: [ids[1]: "step 1: not a number"])
    #expect(try store.statusOfRuns() == ["s": .running, "t": .failed])
    #expect(try store.maps(MapFilter(runs: [ids[1]])).map(\.step) == [0])
    expectError("\(store.path): a map belongs to run 2, which is not under way in group g") {
      try fixture.commit(step: 2)
    }
    let again = try store.beginGroup(hash: "g", runs: fixture.pair)
    #expect(again.checkpoint?.step == 1 && again.runs.map(\.status) == [.running, .failed])
    #expect(again.runs[1].error == "step 1: not a number" && !again.isSettled)
    expectError("\(store.path): group g has the runs 1, and the results are of the runs 1, 2") {
      try store.finishGroup(hash: "g", results: fixture.results)
    }
    try store.finishGroup(hash: "g", results: [fixture.results[0]])
    #expect(try store.statusOfRuns() == ["s": .done, "t": .failed])
    let before = try allRows(fixture.folder.database)
    let settled = try store.beginGroup(hash: "g", runs: fixture.pair, anew: true)
    #expect(settled.isSettled && settled.checkpoint == nil)
    #expect(try allRows(fixture.folder.database) == before)
    #expect(try store.integrityCheck() == [])
  }

  @Test("a group of which every run fails has no checkpoint")
  func allFail() throws {
    let fixture = try Fixture()
    let (store, ids) = (fixture.store, fixture.group.runs.map(\.id))
    try store.commitStep(
      groupHash: "g", step: 0, timestep: 1, state: Data(), maps: [],
      failures: [ids[0]: "step 0: not a number", ids[1]: "takes attention from it"])
    #expect(try store.checkpoint(groupHash: "g") == nil)
    #expect(try store.beginGroup(hash: "g", runs: fixture.pair).isSettled)
    #expect(try store.integrityCheck() == [])
  }
}
