import Attention
import Foundation
import GRDB
import TestSupport
import Testing

@testable import AttentionStore

/// Databases that somebody else wrote or changed: what cannot be true is said, and never ends the process.
@Suite("Hostile databases")
struct HostileDatabaseTests {
  let fixture: Fixture
  var store: AttentionStore { fixture.store }
  var path: String { fixture.folder.database.path }
  private let advice =
    "Keep a copy for inquiry, delete the file and run the experiment again, or bring back a backup"

  init() throws {
    fixture = try Fixture()
    try fixture.store.register(
      record: Samples.records[0],
      keys: [fixture.prompts[0]: (0..<3).map { TokenKey(label: "key \($0)", positions: [$0]) }])
  }

  /// Reads everything but the maps.
  private func readAll(_ store: AttentionStore) throws {
    _ = try store.runs()
    _ = try store.sites()
    for prompt in try store.prompts() {
      _ = try store.tokens(prompt.id)
      for record in try store.records() { _ = try store.recordKeys(of: record.id, for: prompt.id) }
    }
  }

  /// A change, and what is said of it. A height of 0 ended `compare` and `figures` with a division by zero, a number of
  /// steps near 2^63 `export`, a word without its number the figures of words; a path with `..` led exports elsewhere.
  @Test(arguments: [
    ("UPDATE setting SET height = 0", "run row 1: height is 0, expected 1 to 8192"),
    ("UPDATE setting SET width = -8", "run row 1: width is -8, expected 1 to 8192"),
    (
      "UPDATE setting SET num_inference_steps = 9223372036854775807",
      "run row 1: num_inference_steps is 9223372036854775807, expected 1 to 10000"
    ),
    ("UPDATE site SET latent_height = 0 WHERE id = 1", "site row 1: latent_height is 0, expected 1 to 8192"),
    ("UPDATE site SET latent_width = 0 WHERE id = 2", "site row 2: latent_width is 0, expected 1 to 8192"),
    ("UPDATE site SET query_height = 8193 WHERE id = 1", "site row 1: query_height is 8193, expected 1 to 8192"),
    ("UPDATE site SET query_width = 0 WHERE id = 1", "site row 1: query_width is 0, expected 1 to 8192"),
    ("UPDATE site SET heads = -1 WHERE id = 1", "site row 1: heads is -1, expected 1 to 8192"),
    ("UPDATE site SET layer = 0 WHERE id = 1", "site row 1: layer is 0, expected 1 to 8192"),
    (
      "UPDATE site SET forward_index = -1 WHERE id = 1",
      "site row 1: forward_index is -1, expected 0 to 8192"
    ),
    (
      "UPDATE site SET path = 'a/../b' WHERE id = 1",
      "site row 1: path is \"a/../b\", expected letters, digits, dots and underscores"
    ),
    ("UPDATE site SET key_width = 0 WHERE id = 1", "site row 1: key_width is 0, expected 1 to 8192"),
    ("UPDATE site SET key_length = 9000 WHERE id = 2", "site row 2: key_length is 9000, expected 1 to 8192"),
    ("UPDATE site SET key_axis = 'sound' WHERE id = 2", "site row 2: key_axis is \"sound\", expected picture or text"),
    ("UPDATE run SET calls = 10001 WHERE id = 2", "run row 2: calls is 10001, expected 1 to 10000"),
    (
      "UPDATE record SET of = 'thoughts' WHERE id = 1",
      "record row 1: of is \"thoughts\", expected probabilities, queries, keys, values, scores, output or log_ratio"
    ),
    (
      "UPDATE token SET word_index = 7 WHERE prompt_id = 1 AND position = 1",
      "token 1 of prompt row 1: its numbering is not in order, expected positions and words numbered from 0 without a gap"
    ),
    (
      "UPDATE token SET word_index = NULL, word = NULL WHERE prompt_id = 1 AND position = 1",
      "token 2 of prompt row 1: its numbering is not in order, expected positions and words numbered from 0 without a gap"
    ),
    (
      "DELETE FROM token WHERE prompt_id = 2 AND position = 0",
      "token 0 of prompt row 2: its numbering is not in order, expected positions and words numbered from 0 without a gap"
    ),
    ("DELETE FROM record_key WHERE key = 1", "record_key: key is 2, expected 1"),
    (
      "UPDATE record_key SET positions = '[0' WHERE key = 0",
      "record_key: positions is \"[0\", expected a JSON array of token positions"
    ),
    (
      "UPDATE prompt SET truncated_words = '[1]' WHERE id = 1",
      "prompt: truncated_words is \"[1]\", expected a JSON array of words"
    ),
  ])
  func values(change: String, message: String) throws {
    try readAll(store)
    try outside(fixture.folder.database, "PRAGMA ignore_check_constraints = ON; \(change)")
    expectError("\(path): damaged, \(message). \(advice)") { try readAll(store) }
  }

  /// A run without its number of calls would have no steps: whoever writes one has to say it.
  @Test func callsHaveNoDefault() throws {
    let columns = "hash, group_hash, setting_id, seed, role, intervention, prompt_id"
    do {
      try outside(
        fixture.folder.database, "INSERT INTO run (\(columns)) VALUES ('x', 'x', 1, 1, 'source', 'none', 1)")
      Issue.record("a run without calls was stored")
    } catch {
      #expect("\(error)".contains("NOT NULL constraint failed: run.calls"), "\(error)")
    }
  }

  /// A schema is a program that SQLite runs: this one must be ours.
  @Test("a schema in other words is refused", arguments: [AttentionStore.Mode.readWrite, .readOnly])
  func schema(mode: AttentionStore.Mode) throws {
    try store.close()
    for (change, name) in [
      ("DROP VIEW run_overview; CREATE VIEW run_overview AS SELECT 1 AS id", "view run_overview is another one"),
      ("DROP TABLE metric; CREATE TABLE metric (run_id, name, value)", "table metric is another one"),
      ("DROP INDEX run_by_group", "index run_by_group is not there"),
      ("DROP TABLE artifact", "table artifact is not there"), ("DROP VIEW comparison", "view comparison is not there"),
      // The former view is allowed by its own name and in its own words alone.
      (
        "DROP VIEW comparison; " + StoreSchema.formerComparison.replacing("'none'", with: "'nobody'"),
        "view comparison is another one"
      ),
      (
        "DROP VIEW site_summary; "
          + StoreSchema.formerComparison.replacing("VIEW comparison", with: "VIEW site_summary"),
        "view site_summary is another one"
      ),
    ] {
      let whole = try Data(contentsOf: fixture.folder.database)
      try outside(fixture.folder.database, change)
      expectError(
        "\(path): damaged, schema: the \(name), expected that of schema 1. \(advice)"
      ) { try AttentionStore.open(fixture.folder.database, mode: mode) }
      for end in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + end) }
      try whole.write(to: fixture.folder.database)
    }
    // What other tools add is theirs.
    try outside(
      fixture.folder.database,
      """
      CREATE TABLE note (text); CREATE INDEX by_text ON note (text); CREATE VIEW notes AS SELECT text FROM note;
      CREATE TABLE timing (run TEXT, plan TEXT, metric REAL);
      CREATE VIEW slowest(run, site) AS SELECT run, max(metric) AS "record" FROM timing WHERE plan = 'run' GROUP BY run;
      CREATE VIRTUAL TABLE found USING fts5(text); ANALYZE
      """)
    try readAll(AttentionStore.open(fixture.folder.database, mode: mode))
  }

  /// A trigger runs when rows are written; an index carries out its expression, a view what it says, when rows are read.
  @Test(
    "triggers, and views and indexes of others, are refused", arguments: [AttentionStore.Mode.readWrite, .readOnly],
    [
      ("trigger", "x", "metric", "CREATE TRIGGER x AFTER INSERT ON metric BEGIN UPDATE metric SET value = 0.999; END"),
      (
        "trigger", "x", "note",
        "CREATE TABLE note (text); CREATE TRIGGER x AFTER INSERT ON note BEGIN DELETE FROM run; END"
      ),
      ("trigger", "x", "comparison", "CREATE TRIGGER x INSTEAD OF INSERT ON comparison BEGIN DELETE FROM run; END"),
      (
        "trigger", "metric", "note",
        "CREATE TABLE note (text); CREATE TRIGGER metric AFTER DELETE ON note BEGIN SELECT 1; END"
      ),
      ("index", "own", "run", "CREATE INDEX own ON run (seed)"),
      ("index", "own", "metric", "CREATE INDEX own ON METRIC (abs(value)) WHERE value > 0"),
      ("view", "v", "v", "CREATE VIEW v AS SELECT * FROM \"Run\""),
      ("view", "v", "v", "CREATE VIEW v AS SELECT 1 AS a, (SELECT count(*) FROM main.[run_overview]) AS b"),
    ])
  func foreign(mode: AttentionStore.Mode, change: (type: String, name: String, table: String, sql: String)) throws {
    try store.close()
    try outside(fixture.folder.database, change.sql)
    let before = try Data(contentsOf: fixture.folder.database)
    expectError(
      "\(path): has the \(change.type) \"\(change.name)\" on \"\(change.table)\", which is not attnlab's: it would run "
        + "somebody else's code, or change what is read. If it is yours, drop it with the sqlite3 shell; otherwise do not use "
        + "this file. Nothing in it was changed"
    ) { try AttentionStore.open(fixture.folder.database, mode: mode) }
    #expect(try Data(contentsOf: fixture.folder.database) == before)
  }

  /// Hashes and files' paths lead into the run's own folder or are refused.
  @Test(arguments: [
    ("UPDATE run SET hash = '../../precious' WHERE id = 1", "run row 1: hash is \"../../precious\""),
    ("UPDATE run SET hash = '../..' WHERE id = 2", "run row 2: hash is \"../..\""),
    ("UPDATE run SET hash = '/xxxxxxxxxxxxxxx' WHERE id = 1", "run row 1: hash is \"/xxxxxxxxxxxxxxx\""),
    ("UPDATE run SET hash = '' WHERE id = 1", "run row 1: hash is \"\""),
    ("UPDATE run SET hash = 'a' || char(10) || 'b' WHERE id = 1", "run row 1: hash is \"a\\u000ab\""),
    ("UPDATE run SET hash = 'ABC' WHERE id = 1", "run row 1: hash is \"ABC\""),
    (
      "UPDATE run SET hash = printf('%065d', 0) WHERE id = 1",
      "run row 1: hash is \"\(String(repeating: "0", count: 57))...\""
    ),
    ("UPDATE run SET group_hash = '.' WHERE id = 1", "run row 1: group_hash is \".\""),
  ])
  func hashes(change: String, message: String) throws {
    try outside(fixture.folder.database, change)
    let whole = "\(path): damaged, \(message), expected 1 to 64 signs of a-z and 0-9. \(advice)"
    expectError(whole) { try readAll(store) }
    if !message.contains("group") { expectError(whole) { try store.statusOfRuns() } }
  }

  @Test(arguments: [
    ("path = '../../precious/notes.txt'", "path is \"../../precious/notes.txt\", expected runs/s/picture.png"),
    ("path = '/etc/passwd'", "path is \"/etc/passwd\", expected runs/s/picture.png"),
    ("path = 'runs/t/picture.png'", "path is \"runs/t/picture.png\", expected runs/s/picture.png"),
    ("path = 'runs/s/../s/picture.png'", "path is \"runs/s/../s/picture.png\", expected runs/s/picture.png"),
    ("kind = 'predicted-007'", "path is \"runs/s/picture.png\", expected runs/s/predicted-007.png"),
    ("kind = '../x'", "kind is \"../x\", expected picture, latents or predicted- and a step"),
    ("kind = 'predicted-7'", "kind is \"predicted-7\", expected picture, latents or predicted- and a step"),
    ("kind = 'predicted--01'", "kind is \"predicted--01\", expected picture, latents or predicted- and a step"),
  ])
  func files(change: String, message: String) throws {
    let ids = fixture.group.runs.map(\.id)
    try store.finishGroup(
      hash: "g",
      results: ids.enumerated().map { index, id in
        RunResult(run: id, artifacts: index == 0 ? [Artifact(.picture, of: "s", sha256: "aa")] : [])
      })
    #expect(try store.artifacts(ids[0]).map(\.path) == ["runs/s/picture.png"])
    try outside(fixture.folder.database, "UPDATE artifact SET \(change)")
    expectError("\(path): damaged, artifact of run row 1: \(message). \(advice)") { try store.artifacts(ids[0]) }
  }

  @Test("what could not be read again is not written")
  func writing() throws {
    var run = Samples.run("x", prompt: fixture.prompts[0])
    (run.setting.height, run.setting.width, run.setting.numInferenceSteps) = (0, 8193, 10_001)
    expectError(
      "\(path): nothing was stored, because of 3 problems: run x: height is 0, expected 1 to 8192; "
        + "run x: width is 8193, expected 1 to 8192; run x: num_inference_steps is 10001, expected 1 to 10000"
    ) { try store.beginGroup(hash: "h", runs: [run]) }
    expectError(
      "\(path): nothing was stored, because of 1 problem: a run: hash is \"../x\", expected 1 to 64 signs of a-z and 0-9"
    ) { try store.beginGroup(hash: "h", runs: [Samples.run("../x", prompt: fixture.prompts[0])]) }
    let outside = RunResult(
      run: fixture.group.runs[0].id, artifacts: [Artifact(kind: "picture", path: "../x", sha256: "")])
    expectError(
      "\(path): nothing was stored, because of 1 problem: a file of run 1: path is \"../x\", expected runs/s/picture.png"
    ) { try store.finishGroup(hash: "g", results: [outside, RunResult(run: fixture.group.runs[1].id)]) }
    for (path, heads) in [("a/b", 1), ("a.b", 0)] {
      let site = AttentionSite(
        index: 0, path: path, kind: .cross, layer: 1, height: 1, width: 1, heads: heads, latentHeight: 1, latentWidth: 1
      )
      let problem =
        heads == 1
        ? "path is \"a/b\", expected letters, digits, dots and underscores" : "heads is 0, expected 1 to 8192"
      expectError("\(self.path): nothing was stored, because of 1 problem: site \"\(path)\": \(problem)") {
        try store.register(sites: [site])
      }
    }
    for words in [["a", "b"], []] {
      let tokens = [1, 0].prefix(words.count).map { PromptTokens.Token(id: 1, piece: "a", role: .word, word: $0) }
      let prompt = PromptTokens(prompt: "a b", tokens: tokens, words: words + ["c"], truncatedWords: [])
      expectError(
        "\(path): nothing was stored, because of 1 problem: prompt \"a b\": the order in which tokens begin its words is "
          + "\(words.isEmpty ? "[]" : "[1, 0]"), expected each of its \(words.count + 1) words once, in their order"
      ) { try store.register(prompts: [prompt]) }
    }
  }
}
