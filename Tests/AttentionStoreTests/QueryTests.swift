import Attention
import Foundation
import GRDB
import TestSupport
import Testing

@testable import AttentionStore

@Suite("Registering and asking")
struct QueryTests {
  let fixture: Fixture
  var store: AttentionStore { fixture.store }
  var path: String { fixture.folder.database.path }

  init() throws { fixture = try Fixture() }

  @Test("the experiment comes back; it may change, but not become another")
  func experiment() throws {
    #expect(try store.experiment() == Samples.experiment)
    var changed = Samples.experiment
    changed.spec = "version: 1\nname: first-look\n"
    changed.createdAt = Date()
    try store.beginExperiment(changed)
    changed.createdAt = Samples.experiment.createdAt
    #expect(try store.experiment() == changed)
    changed.name = "second-look"
    expectError(
      "\(path): holds the experiment \"first-look\", not \"second-look\". Choose another results folder"
    ) { try store.beginExperiment(changed) }
  }

  @Test("registering again gives the same ids and changes nothing")
  func idempotent() throws {
    let before = try allRows(fixture.folder.database)
    #expect(
      try store.register(prompts: [Samples.prompt("a", "blue", "car"), Samples.prompt("a", "red", "car")])
        == Array(fixture.prompts.reversed()))
    #expect(try store.register(sites: Samples.sites) == fixture.sites)
    #expect(try Samples.register(in: store) == fixture.records)
    #expect(try allRows(fixture.folder.database) == before)
    #expect(try store.register(prompts: []) == [])
  }

  @Test("prompts come back whole: the empty one, a split word, words cut off, signs of every kind")
  func prompts() throws {
    let split = PromptTokens(
      prompt: "Café 'zebra\"\u{1F98A}\nx",
      tokens: [
        .init(id: 1, piece: "<|startoftext|>", role: .start), .init(id: 2, piece: "caf", role: .word, word: 0),
        .init(id: 3, piece: "é</w>", role: .word, word: 0), .init(id: 4, piece: "'</w>", role: .word, word: 1),
        .init(id: 5, piece: "zebra</w>", role: .word, word: 2),
        .init(id: 6, piece: "\u{1F98A}</w>", role: .word, word: 3),
        .init(id: 7, piece: "<|endoftext|>", role: .end),
      ], words: ["café", "'", "zebra", "\u{1F98A}"], truncatedWords: ["x", "\"", "\\"])
    let all = [split, Samples.prompt(), Samples.prompt("a", "a", "a")]
    let ids = try store.register(prompts: all)
    #expect(try ids.map { try store.tokens($0) } == all)
    #expect(try store.tokens(PromptID(rawValue: 77)) == nil)
    #expect(try store.prompts().map(\.id) == fixture.prompts + ids)
    #expect(try store.prompts().last?.text == "a a a")
  }

  @Test("a prompt that another model splits in another way is another row, and the first one stays")
  func changedTokens() throws {
    let other = Samples.prompt("a", "red", "car", truncated: ["x"])
    let id = try store.register(prompts: [other])[0]
    #expect(try store.tokens(id) == other)
    #expect(try store.tokens(fixture.prompts[0]) == Samples.prompt("a", "red", "car"))
    #expect(try store.register(prompts: [other, Samples.prompt("a", "red", "car")]) == [id, fixture.prompts[0]])
    let bad = PromptTokens(
      prompt: "bad", tokens: [.init(id: 1, piece: "b", role: .word, word: 2)], words: ["bad"], truncatedWords: [])
    expectError(
      "\(path): nothing was stored, because of 1 problem: prompt \"bad\": the order in which tokens begin its words is "
        + "[2], expected each of its 1 words once, in their order"
    ) { try store.register(prompts: [bad]) }
  }

  @Test("sites come back whole; one path at several sizes is several sites")
  func sites() throws {
    let small = Samples.sites[0]
    let large = AttentionSite(
      index: 0, path: small.path, kind: .selfAttention, layer: 1, height: 4, width: 6, heads: 4, latentHeight: 4,
      latentWidth: 6)
    let ids = try store.register(sites: [large, small])
    #expect(ids[1] == fixture.sites[0] && ids[0] != ids[1])
    #expect(try store.sites().map(\.site) == Samples.sites + [large])
  }

  @Test("a site says what its queries and keys are: a picture's cells or a text's tokens, on either side")
  func axes() throws {
    let turned = AttentionSite(
      index: 2, path: "a.attn3", layer: 2, heads: 4, queries: .text(tokens: 7), keys: .picture(height: 2, width: 3),
      latentHeight: 2, latentWidth: 3)
    let id = try store.register(sites: [turned])[0]
    #expect(try store.sites().last == StoredSite(id: id, site: turned))
    #expect(try store.register(sites: [turned]) == [id])
    let columns = "query_axis || ' ' || query_length || ' ' || key_axis || ' ' || key_width || 'x' || key_height"
    #expect(
      try value(fixture.folder.database, "SELECT \(columns) FROM site WHERE id = \(id.rawValue)")
        == "\"text 7 picture 3x2\"")
    #expect(try value(fixture.folder.database, "SELECT key_length FROM site WHERE key_axis = 'text'") == "77")
  }

  @Test("a site of another model is another row, and the first one stays")
  func changedSite() throws {
    let old = Samples.sites[0]
    let changed = AttentionSite(
      index: 0, path: old.path, kind: .selfAttention, layer: 1, height: 2, width: 3, heads: 8, latentHeight: 2,
      latentWidth: 3)
    let id = try store.register(sites: [changed])[0]
    #expect(!fixture.sites.contains(id))
    #expect(try store.sites().map(\.site) == Samples.sites + [changed])
    #expect(try store.register(sites: [old, changed]) == [fixture.sites[0], id])
  }

  @Test("records and their keys")
  func records() throws {
    let keys = [TokenKey(label: "<start>", positions: [0]), TokenKey(label: "car", positions: [3, 4])]
    for _ in 0...1 {
      #expect(
        try store.register(record: Samples.records[0], keys: [fixture.prompts[0]: keys]) == fixture.records[0])
    }
    #expect(try store.recordKeys(of: fixture.records[0], for: fixture.prompts[0]) == keys)
    #expect(try store.recordKeys(of: fixture.records[0], for: fixture.prompts[1]) == [])
    #expect(
      try value(
        fixture.folder.database,
        """
        SELECT group_concat(token.piece, ' ') FROM record_key, json_each(record_key.positions) AS p
        JOIN token ON token.prompt_id = record_key.prompt_id AND token.position = p.value WHERE record_key.key = 1
        """) == "\"car</w> <|endoftext|>\"", "keys can be joined with tokens in SQL")

    try fixture.commit(step: 0)
    let other = RecordDescription(name: "words", spec: "other")
    let id = try store.register(record: other)
    #expect(try store.register(record: other) == id && id != fixture.records[0])
    #expect(try store.records().map(\.record) == Samples.records + [other])
    #expect(try store.records(of: fixture.group.runs[0].id).map(\.id) == [fixture.records[0]])
  }

  /// Two steps of both runs; at each a cross map's mean and heads 0 and 2, and a self map of the other branch.
  private func fill() throws {
    for step in 0...1 {
      let maps = [0, 1].flatMap { run in
        [nil, 0, 2].map { fixture.map(run: run, step: step, head: $0) }
          + [fixture.map(run: run, record: 1, site: 0, step: step, branch: .unconditional, type: .float16)]
      }
      try store.commitStep(groupHash: "g", step: step, timestep: Double(900 - step), state: Data(), maps: maps)
    }
  }

  @Test("maps are chosen by every condition, alone and together")
  func mapFilters() throws {
    try fill()
    let ids = fixture.group.runs.map(\.id)
    let expected: [(filter: MapFilter, count: Int)] = [
      (.all, 16), (MapFilter(runs: [ids[1]]), 8), (MapFilter(runs: Set(ids)), 16), (MapFilter(runs: []), 0),
      (MapFilter(records: ["words"]), 12), (MapFilter(records: ["layout"]), 4), (MapFilter(records: ["none"]), 0),
      (MapFilter(sites: [fixture.sites[0]]), 4), (MapFilter(steps: 1..<2), 8), (MapFilter(steps: 0..<9), 16),
      (MapFilter(steps: 1..<1), 0), (MapFilter(branch: .unconditional), 4), (MapFilter(heads: .mean), 8),
      (MapFilter(heads: .single), 8), (MapFilter(heads: .list([2])), 4), (MapFilter(heads: .list([])), 0),
      (MapFilter(runs: [ids[0]], records: ["words"], steps: 0..<1, branch: .conditional, heads: .list([0, 2])), 2),
    ]
    let all = try store.maps()
    for (filter, count) in expected {
      let found = try store.maps(filter)
      #expect(found.count == count, "\(filter)")
      #expect(try store.mapCount(filter) == count)
      #expect(try store.bytesStored(filter) == found.reduce(0) { $0 + $1.data.count })
      #expect(found == all.filter(found.contains), "in the same order")
      var streamed: [StoredMap] = []
      try store.forEachMap(filter) { streamed.append($0) }
      #expect(streamed == found)
    }
    let order: [[Int64]] = all.map { [$0.run.rawValue, $0.record.rawValue, Int64($0.step), Int64($0.head ?? -1)] }
    #expect(order == order.sorted { $0.lexicographicallyPrecedes($1) })
  }

  @Test("choosing and ordering maps touches their index alone, never the maps")
  func plans() throws {
    try fill()
    var plans: [String] = []
    store.queue.inDatabase { db in
      db.trace { event in
        let text = event.expandedDescription
        if text.hasPrefix("SELECT id FROM attention_map") { plans.append(text) }
      }
    }
    for filter in [MapFilter.all, MapFilter(steps: 0..<1), MapFilter(runs: [RunID(rawValue: 1)], heads: .mean)] {
      _ = try store.maps(filter)
    }
    try store.queue.inDatabase { db in
      db.trace(options: [])
      #expect(plans.count == 3)
      for plan in plans {
        let rows = try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN \(plan)").map { $0["detail"] as String? ?? "" }
        #expect(rows.contains { $0.contains("USING COVERING INDEX attention_map_identity") }, "\(rows)")
      }
    }
  }

  @Test("runs are chosen by every condition")
  func runFilters() throws {
    let other = Samples.run("s2", prompt: fixture.prompts[1], seed: 2)
    _ = try store.beginGroup(hash: "g2", runs: [other])
    try outside(fixture.folder.database, "UPDATE run SET status = 'pending' WHERE hash = 's2'")
    let expected: [(filter: RunFilter, hashes: [String])] = [
      (.all, ["s", "t", "s2"]), (RunFilter(hashes: ["s2", "t", "x"]), ["t", "s2"]), (RunFilter(hashes: []), []),
      (RunFilter(groupHash: "g"), ["s", "t"]), (RunFilter(status: .pending), ["s2"]),
      (RunFilter(role: .target), ["t"]), (RunFilter(intervention: "none"), ["s", "s2"]),
      (RunFilter(prompt: "a blue car"), ["t", "s2"]), (RunFilter(seed: 2), ["s2"]),
      (RunFilter(role: .source, prompt: "a red car"), ["s"]),
    ]
    for (filter, hashes) in expected {
      #expect(try store.runs(filter).map(\.run.hash) == hashes, "\(filter)")
    }
  }

  @Test("within a loop over maps the store can be read, and refuses to be written or closed")
  func withinLoop() throws {
    try fixture.commit(step: 0)
    let message = "\(path): was written to from within a loop over its own rows; collect first, write after the loop"
    try store.forEachMap { map throws in
      #expect(try store.runs().contains { $0.id == map.run })
      #expect(try store.mapCount() == 2)
      expectError(message) { try store.setMetrics(["mass": 1], run: map.run) }
      expectError(message) { try store.close() }
      expectError(message) { try store.carryOverLog() }
    }
    struct Enough: Error {}
    #expect(throws: Enough.self) { try store.forEachMap { _ in throw Enough() } }
    try store.setMetrics(["mass": 1], run: fixture.group.runs[0].id)
  }

  @Test("a stored map whose length does not fit is named with its row; the check finds it too")
  func damagedMap() throws {
    try fixture.commit(step: 0)
    try outside(
      fixture.folder.database,
      "PRAGMA ignore_check_constraints = ON; UPDATE attention_map SET data = x'0102' WHERE id = 2")
    let advice = "Keep a copy for inquiry, delete the file and run the experiment again, or bring back a backup"
    expectError(
      "\(path): damaged, attention_map row 2: a map of 3 x 2 queries and 5 keys in float32 has 2 bytes. \(advice)"
    ) { try store.maps() }
    #expect(
      try store.integrityCheck() == [
        "CHECK constraint failed in attention_map",
        "attention_map row 2: a map of 3 x 2 queries and 5 keys in float32 has 2 bytes",
      ])
    try outside(
      fixture.folder.database,
      "PRAGMA ignore_check_constraints = ON; UPDATE attention_map SET codec = 'zip' WHERE id = 2")
    expectError("\(path): damaged, attention_map row 2: codec is \"zip\", expected raw. \(advice)") {
      try store.forEachMap { _ in }
    }
    try outside(
      fixture.folder.database, "PRAGMA ignore_check_constraints = ON; UPDATE run SET status = 'lost' WHERE id = 1")
    expectError(
      "\(path): damaged, run row 1: status is \"lost\", expected pending, running, done or failed. \(advice)"
    ) { try store.runs() }
  }

  @Test("numbers beside a map that are not those of its values are found")
  func changedNumbers() throws {
    try fixture.commit(step: 0)
    #expect(try store.integrityCheck() == [])
    for column in ["minimum", "maximum", "mean", "mass"] {
      try outside(fixture.folder.database, "UPDATE attention_map SET \(column) = \(column) + 0.5 WHERE id = 2")
      #expect(
        try store.integrityCheck() == [
          "attention_map row 2: minimum, maximum, mean and mass are not those of its values: change them together"
        ], "\(column)")
      try outside(fixture.folder.database, "UPDATE attention_map SET \(column) = \(column) - 0.5 WHERE id = 2")
    }
  }

  @Test("references that lead nowhere and checkpoints left behind are found")
  func integrity() throws {
    try fixture.commit(step: 0)
    try outside(fixture.folder.database, "PRAGMA foreign_keys = OFF; DELETE FROM record WHERE id = 1")
    try outside(fixture.folder.database, "UPDATE run SET status = 'done'")
    #expect(
      try store.integrityCheck() == [
        "attention_map row 1: refers to a row of record that is gone",
        "attention_map row 2: refers to a row of record that is gone",
        "checkpoint g: no run of this group is unfinished",
      ])
  }

  @Test("damaged pages are reported, whatever lies in them")
  func damagedPages() throws {
    for step in 0..<40 { try fixture.commit(step: step) }
    try store.close()
    let whole = try Data(contentsOf: fixture.folder.database)
    let seed: UInt64 = 7
    var generator = SeededGenerator(seed: seed)
    var reported = 0
    for round in 0..<60 {
      var damaged = whole
      for _ in 0..<80 {
        let place = Int.random(in: 100..<whole.count, using: &generator)
        damaged.replaceSubrange(
          place..<min(place + 64, whole.count),
          with: (0..<min(64, whole.count - place)).map { _ in .random(in: 0...255, using: &generator) })
      }
      try damaged.write(to: fixture.folder.database)
      do {
        let store = try AttentionStore.open(fixture.folder.database, mode: .readOnly)
        defer { try? store.close() }
        let problems = try store.integrityCheck()
        if !problems.isEmpty { reported += 1 }
        _ = try store.runs()
        _ = try store.sites()
        _ = try store.prompts().map { try store.tokens($0.id) }
        _ = try store.maps()
      } catch is StoreError {
        reported += 1
      } catch {
        Issue.record("seed \(seed), round \(round): \(error)")
      }
    }
    #expect(reported >= 60, "seed \(seed): damage that nobody noticed")
  }
}
