import Foundation
import Testing

@testable import AttentionStore

@Suite("Opening")
struct OpeningTests {
  let folder: TestFolder
  let database: URL
  var path: String { database.path }

  init() throws {
    folder = try TestFolder()
    database = folder.database
  }

  private func makeStore() throws {
    try AttentionStore.open(database, mode: .create).close()
  }

  @Test("a new file gets the schema, its marks, the log and wide pages")
  func fromEmpty() throws {
    try makeStore()
    #expect(try value(database, "PRAGMA application_id") == "1635021934")
    #expect(try value(database, "PRAGMA user_version") == "\(StoreSchema.version)")
    #expect(try value(database, "PRAGMA journal_mode") == "\"wal\"")
    #expect(try value(database, "PRAGMA page_size") == "16384")
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
    #expect(left == ["first-look.sqlite"], "nothing is left beside the file")
  }

  @Test("the tables have the columns that other tools count on")
  func columns() throws {
    try makeStore()
    let expected = [
      "artifact: run_id kind path sha256",
      "attention_map: id run_id record_id site_id step timestep branch head height width keys dtype codec data",
      "checkpoint: group_hash step state",
      "experiment: id name question spec spec_hash model model_hash tool_version engine created_at",
      "metric: run_id name value source",
      "plan: id hash spec spec_hash model model_hash tool_version engine",
      "plan_run: plan_id position run_hash", "plan_site: plan_id site_id",
      "probe_result: id run_id record_id site_id step name value low high n",
      "prompt: id text truncated_words",
      "record: id name spec",
      "record_key: record_id prompt_id kind key label positions",
      "run: id hash group_hash role intervention prompt_id negative_prompt_id source_run_id seed height width steps "
        + "guidance_scale scheduler status error calls",
      "site: id path kind layer forward_index height width heads latent_height latent_width",
      "token: prompt_id position token_id piece role word word_index",
    ]
    let found = try value(
      database,
      """
      SELECT group_concat(line, '|') FROM (
        SELECT m.name || ': ' || group_concat(c.name, ' ') AS line
        FROM sqlite_master AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table' GROUP BY m.name ORDER BY m.name)
      """)
    #expect(found == "\"\(expected.joined(separator: "|"))\"")
  }

  @Test("what a process killed at the very start leaves is set up: no byte, or a header alone")
  func halfMade() throws {
    try Data().write(to: database)
    try makeStore()
    #expect(try value(database, "PRAGMA user_version") == "\(StoreSchema.version)")

    try FileManager.default.removeItem(at: database)
    try outside(database, "PRAGMA journal_mode = WAL; VACUUM;")
    try AttentionStore.open(database, mode: .readWrite).close()
    #expect(try value(database, "PRAGMA user_version") == "\(StoreSchema.version)")
  }

  @Test("opening again changes no byte")
  func reopening() throws {
    try makeStore()
    let before = try Data(contentsOf: database)
    try makeStore()
    try AttentionStore.open(database, mode: .readWrite).close()
    try AttentionStore.open(database, mode: .readOnly).close()
    #expect(try Data(contentsOf: database) == before)
  }

  @Test("missing files and folders, and folders where a file should be", arguments: [false, true])
  func missing(reading: Bool) throws {
    let mode: AttentionStore.Mode = reading ? .readOnly : .readWrite
    expectError("\(path): there is no such file. Run the experiment first, or check the name") {
      try AttentionStore.open(database, mode: mode)
    }
    let none = folder.url.appendingPathComponent("none")
    for mode in [mode, .create] {
      expectError("\(none.path): there is no such folder to hold a database. Create it first") {
        try AttentionStore.open(none.appendingPathComponent("x.sqlite"), mode: mode)
      }
      for place in [folder.url, URL(fileURLWithPath: "/dev/null")] {
        expectError("\(place.path): expected a database, found a folder or a device. Name the .sqlite file itself") {
          try AttentionStore.open(place, mode: mode)
        }
      }
    }
    // A file where the folder should be.
    try Data("x".utf8).write(to: none)
    expectError("\(none.path): there is no such folder to hold a database. Create it first") {
      try AttentionStore.open(none.appendingPathComponent("x.sqlite"), mode: .create)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["none"])
  }

  @Test("a file that is not a database stays as it is", arguments: [AttentionStore.Mode.create, .readWrite, .readOnly])
  func notADatabase(mode: AttentionStore.Mode) throws {
    for contents in [Data("name: first-look\n".utf8), Data(repeating: 0x5a, count: 40_000)] {
      try contents.write(to: database)
      expectError("\(path): is not a SQLite database. Check the name; nothing in it was changed") {
        try AttentionStore.open(database, mode: mode)
      }
      #expect(try Data(contentsOf: database) == contents)
    }
  }

  @Test(
    "a database of another program stays as it is",
    arguments: [AttentionStore.Mode.create, .readWrite, .readOnly], [(0, "none"), (252_006_673, "0xf055111")])
  func otherApplication(mode: AttentionStore.Mode, id: (number: Int, text: String)) throws {
    try outside(database, "PRAGMA application_id = \(id.number); CREATE TABLE note (text)")
    let before = try Data(contentsOf: database)
    expectError(
      "\(path): is a SQLite database but holds no experiment of attnlab: its application id is \(id.text), "
        + "expected 0x6174746e. Check the name; nothing in it was changed"
    ) { try AttentionStore.open(database, mode: mode) }
    #expect(try Data(contentsOf: database) == before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["first-look.sqlite"])
  }

  @Test("a newer schema is refused by version", arguments: [AttentionStore.Mode.create, .readWrite, .readOnly])
  func newerSchema(mode: AttentionStore.Mode) throws {
    try makeStore()
    try outside(database, "PRAGMA user_version = 7")
    let before = try Data(contentsOf: database)
    expectError(
      "\(path): has schema version 7, and this attnlab knows versions up to \(StoreSchema.version). Use a newer attnlab; "
        + "nothing in it was changed"
    ) { try AttentionStore.open(database, mode: mode) }
    #expect(try Data(contentsOf: database) == before)
  }

  @Test("a schema number that no version ever wrote is damage")
  func impossibleVersion() throws {
    try makeStore()
    try outside(database, "PRAGMA user_version = 0")
    expectError(
      "\(path): damaged, header: user_version is 0, expected 1 or more. Keep a copy for inquiry, delete the file "
        + "and run the experiment again, or bring back a backup"
    ) { try AttentionStore.open(database, mode: .readWrite) }
  }

  @Test("a file cut short is damaged")
  func truncated() throws {
    try makeStore()
    let whole = try Data(contentsOf: database)
    try whole.prefix(16384 + 100).write(to: database)
    expectError(
      "\(path): damaged: database disk image is malformed. Keep a copy for inquiry, delete the file and run the "
        + "experiment again, or bring back a backup"
    ) { try AttentionStore.open(database, mode: .readWrite).runs() }
  }

  @Test("a name with signs that mean something in an address, and a symbolic link")
  func oddNames() throws {
    let odd = folder.url.appendingPathComponent("a b?mode=memory#%41.sqlite")
    let store = try AttentionStore.open(odd, mode: .create)
    #expect(FileManager.default.fileExists(atPath: odd.path))
    let link = folder.url.appendingPathComponent("link.sqlite")
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: odd)
    #expect(throws: StoreError.self) { try AttentionStore.open(link, mode: .readWrite) }
    try store.close()
    let linked = try AttentionStore.open(link, mode: .readOnly)
    #expect(linked.path == odd.path)
  }

  @Test("after closing every call says so, and closing again does nothing")
  func closed() throws {
    let store = try AttentionStore.open(database, mode: .create)
    try store.close()
    try store.close()
    let message = "\(path): the store was closed before; open it again"
    expectError(message) { try store.runs() }
    expectError(message) { try store.maps() }
    expectError(message) { try store.forEachMap { _ in } }
    expectError(message) { try store.integrityCheck() }
    expectError(message) { try store.carryOverLog() }
    expectError(message) { try store.beginExperiment(Samples.experiment) }
  }

  @Test("a store opened for reading does not write")
  func readOnly() throws {
    try makeStore()
    let store = try AttentionStore.open(database, mode: .readOnly)
    let message = "\(path): was opened for reading; open it for writing"
    expectError(message) { try store.beginExperiment(Samples.experiment) }
    expectError(message) { try store.removeRuns([]) }
    expectError(message) { try store.carryOverLog() }
  }
}
