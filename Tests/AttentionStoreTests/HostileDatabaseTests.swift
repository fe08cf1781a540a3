import AttentionTracing
import Foundation
import GRDB
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
      keys: (0..<3).map { RecordKey(label: "key \($0)", positions: [$0]) }, of: fixture.records[0],
      for: fixture.prompts[0])
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
    ("UPDATE run SET height = 0 WHERE id = 1", "run row 1: height is 0, which is not from 1 to 8192"),
    ("UPDATE run SET width = -8 WHERE id = 2", "run row 2: width is -8, which is not from 1 to 8192"),
    (
      "UPDATE run SET steps = 9223372036854775807 WHERE id = 1",
      "run row 1: steps is 9223372036854775807, which is not from 1 to 10000"
    ),
    ("UPDATE site SET latent_height = 0 WHERE id = 1", "site row 1: latent_height is 0, which is not from 1 to 8192"),
    ("UPDATE site SET latent_width = 0 WHERE id = 2", "site row 2: latent_width is 0, which is not from 1 to 8192"),
    ("UPDATE site SET height = 8193 WHERE id = 1", "site row 1: height is 8193, which is not from 1 to 8192"),
    ("UPDATE site SET width = 0 WHERE id = 1", "site row 1: width is 0, which is not from 1 to 8192"),
    ("UPDATE site SET heads = -1 WHERE id = 1", "site row 1: heads is -1, which is not from 1 to 8192"),
    ("UPDATE site SET layer = 0 WHERE id = 1", "site row 1: layer is 0, which is not from 1 to 8192"),
    (
      "UPDATE site SET forward_index = -1 WHERE id = 1",
      "site row 1: forward_index is -1, which is not from 0 to 8192"
    ),
    ("UPDATE site SET path = 'a/../b' WHERE id = 1", "site row 1: path is \"a/../b\", which is not known"),
    (
      "UPDATE token SET word_index = 7 WHERE prompt_id = 1 AND position = 1",
      "token 1 of prompt row 1: positions and words are not numbered from 0 without a gap"
    ),
    (
      "UPDATE token SET word_index = NULL, word = NULL WHERE prompt_id = 1 AND position = 1",
      "token 2 of prompt row 1: positions and words are not numbered from 0 without a gap"
    ),
    (
      "DELETE FROM token WHERE prompt_id = 2 AND position = 0",
      "token 0 of prompt row 2: positions and words are not numbered from 0 without a gap"
    ),
    ("DELETE FROM record_key WHERE key = 1", "record_key: key is 2, which is not from 1 to 1"),
    (
      "UPDATE record_key SET positions = '[0' WHERE key = 0",
      "record_key: positions is \"[0\", which is not known"
    ),
    (
      "UPDATE prompt SET truncated_words = '[1]' WHERE id = 1",
      "prompt: truncated_words is \"[1]\", which is not known"
    ),
  ])
  func values(change: String, message: String) throws {
    try readAll(store)
    try outside(fixture.folder.database, "PRAGMA ignore_check_constraints = ON; \(change)")
    expectError("\(path): damaged, \(message). \(advice)") { try readAll(store) }
  }

  /// A schema is a program that SQLite runs: this one must be ours.
  @Test("a schema in other words is refused", arguments: [AttentionStore.Mode.readWrite, .readOnly])
  func schema(mode: AttentionStore.Mode) throws {
    try store.close()
    for (change, name) in [
      ("DROP VIEW run_overview; CREATE VIEW run_overview AS SELECT 1 AS id", "run_overview"),
      ("DROP TABLE metric; CREATE TABLE metric (run_id, name, value)", "metric"),
      ("DROP INDEX run_by_group", "run_by_group"), ("DROP TABLE probe_result", "probe_result"),
    ] {
      let whole = try Data(contentsOf: fixture.folder.database)
      try outside(fixture.folder.database, change)
      expectError(
        "\(path): damaged, schema: \(name) is not as version \(StoreSchema.version) of the schema has it. \(advice)"
      ) { try AttentionStore.open(fixture.folder.database, mode: mode) }
      for end in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + end) }
      try whole.write(to: fixture.folder.database)
    }
    // What other tools add is theirs.
    try outside(fixture.folder.database, "CREATE TABLE note (text); CREATE INDEX own ON run (seed)")
    try readAll(AttentionStore.open(fixture.folder.database, mode: mode))
  }

  @Test("what could not be read again is not written")
  func writing() throws {
    var run = Samples.run("x", prompt: fixture.prompts[0])
    (run.height, run.width, run.steps) = (0, 8193, 10_001)
    expectError(
      "\(path): nothing was stored, because of 3 problems: run x has the height 0, not 1 to 8192; "
        + "run x has the width 8193, not 1 to 8192; run x has the number of steps 10001, not 1 to 10000"
    ) { try store.register(group: "h", runs: [run]) }
    for (path, heads) in [("a/b", 1), ("a.b", 0)] {
      let site = AttentionSite(
        index: 0, path: path, kind: .cross, layer: 1, height: 1, width: 1, heads: heads, latentHeight: 1, latentWidth: 1
      )
      expectError(
        "\(self.path): nothing was stored, because of 1 problem: the site \"\(path)\" has a size that is not 1 to 8192, "
          + "or is no module path"
      ) { try store.register(sites: [site]) }
    }
    for words in [["a", "b"], []] {
      let tokens = [1, 0].prefix(words.count).map { PromptTokens.Token(id: 1, piece: "a", role: .word, word: $0) }
      let prompt = PromptTokens(prompt: "a b", tokens: tokens, words: words + ["c"], truncatedWords: [])
      expectError(
        "\(path): nothing was stored, because of 1 problem: prompt \"a b\": its words are not each begun by a token, in "
          + "their order"
      ) { try store.register(prompts: [prompt]) }
    }
  }
}
