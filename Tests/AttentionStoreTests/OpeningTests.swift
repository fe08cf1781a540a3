import Foundation
import Synchronization
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
    #expect(try value(database, "PRAGMA application_id") == "1635020396")
    #expect(try value(database, "PRAGMA user_version") == "\(StoreSchema.version)")
    #expect(try value(database, "PRAGMA journal_mode") == "\"wal\"")
    #expect(try value(database, "PRAGMA page_size") == "\(RowSize.page)")
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
    #expect(left == ["first-look.sqlite"], "nothing is left beside the file")
  }

  @Test("the tables have the columns that other tools count on")
  func columns() throws {
    try makeStore()
    let expected = [
      "artifact: run_id kind path sha256",
      "attention_map: id run_id record_id site_id step timestep branch head height width keys minimum maximum mean mass "
        + "dtype codec data",
      "checkpoint: group_hash step state",
      "experiment: id name question spec spec_hash model model_hash tool_version engine created_at",
      "metric: run_id name value source",
      "plan: id hash spec spec_hash model model_hash tool_version engine plan",
      "plan_run: plan_id position run_hash", "plan_site: plan_id site_id",
      "probe_result: name source label samples best accuracy chance result path sha256",
      "prompt: id text truncated_words",
      "record: id name spec of",
      "record_key: record_id prompt_id key label positions",
      "run: id hash group_hash setting_id seed calls role intervention prompt_id source_run_id status error",
      "setting: id label num_inference_steps guidance_scale scheduler scheduler_settings height width negative_prompt_id",
      "site: id path layer forward_index heads query_axis query_height query_width query_length key_axis key_height "
        + "key_width key_length latent_height latent_width",
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

  @Test(
    "a database with the former view is read as it is, and gets the present one where it is opened for writing",
    arguments: [AttentionStore.Mode.create, .readWrite])
  func formerView(mode: AttentionStore.Mode) throws {
    try makeStore()
    let view = "SELECT sql FROM sqlite_master WHERE name = 'comparison'"
    let present = try value(database, view)
    try outside(database, "DROP VIEW comparison; \(StoreSchema.formerComparison)")
    #expect(try value(database, view) != present)
    let before = try Data(contentsOf: database)
    try AttentionStore.open(database, mode: .readOnly).close()
    #expect(try Data(contentsOf: database) == before)
    try AttentionStore.open(database, mode: mode).close()
    #expect(try value(database, view) == present)
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
        + "expected 0x61746e6c. Check the name; nothing in it was changed"
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
      "\(path): has schema version 7, and this attnlab knows version 1. Use a newer attnlab; nothing in it was changed"
    ) { try AttentionStore.open(database, mode: mode) }
    #expect(try Data(contentsOf: database) == before)
  }

  @Test(
    "a database from before the first release is refused in one sentence, and not a byte of it changes",
    arguments: [AttentionStore.Mode.create, .readWrite, .readOnly], 1...4)
  func beforeRelease(mode: AttentionStore.Mode, version: Int) throws {
    try makeStore()
    try outside(database, "PRAGMA application_id = 0x6174746e; PRAGMA user_version = \(version)")
    let before = try Data(contentsOf: database)
    expectError(
      "\(path): was made by an attnlab from before the first release: nothing in it was changed; move it away and make "
        + "it again with `attnlab run`"
    ) { try AttentionStore.open(database, mode: mode) }
    #expect(try Data(contentsOf: database) == before)
  }

  @Test("a schema number that no version ever wrote is damage")
  func impossibleVersion() throws {
    try makeStore()
    try outside(database, "PRAGMA user_version = 0")
    expectError(
      "\(path): damaged, header: user_version is 0, expected 1. Keep a copy for inquiry, delete the file "
        + "and run the experiment again, or bring back a backup"
    ) { try AttentionStore.open(database, mode: .readWrite) }
  }

  @Test("a file cut short is damaged")
  func truncated() throws {
    try makeStore()
    let whole = try Data(contentsOf: database)
    try whole.prefix(RowSize.page + 100).write(to: database)
    expectError(
      "\(path): damaged: database disk image is malformed. Keep a copy for inquiry, delete the file and run the "
        + "experiment again, or bring back a backup"
    ) { try AttentionStore.open(database, mode: .readWrite).runs() }
  }

  @Test("a name with signs that mean something in an address, and a folder that is a link")
  func oddNames() throws {
    let odd = folder.url.appendingPathComponent("a b?mode=memory#%41.sqlite")
    let store = try AttentionStore.open(odd, mode: .create)
    #expect(FileManager.default.fileExists(atPath: odd.path))
    let link = folder.url.appendingPathComponent("link")
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: folder.url)
    let linked = link.appendingPathComponent(odd.lastPathComponent)
    #expect(throws: StoreError.self) { try AttentionStore.open(linked, mode: .readWrite) }
    try store.close()
    #expect(try AttentionStore.open(linked, mode: .readOnly).path == odd.path)
    #expect(try AttentionStore.open(linked, mode: .readWrite).path == odd.path)
  }

  /// SQLite, or the lock, would write through a link, or into a file that has a second name elsewhere.
  @Test(
    "links where the database or a file beside it belongs",
    arguments: [AttentionStore.Mode.create, .readWrite, .readOnly],
    ["", "-wal", "-shm", ".lock"])
  func links(mode: AttentionStore.Mode, ending: String) throws {
    try makeStore()
    let precious = folder.url.appendingPathComponent("precious")
    let text = Data("a year of work".utf8)
    let entry = URL(fileURLWithPath: path + ending)
    let kept = folder.url.appendingPathComponent("kept.sqlite")
    try FileManager.default.copyItem(at: database, to: kept)
    // A reader takes no lock.
    let isRead = mode == .readOnly && ending == ".lock"
    for isHard in [false, true] {
      try text.write(to: precious)
      if ending == "" { try FileManager.default.removeItem(at: database) }
      let target = ending == "" ? kept : precious
      if isHard {
        try FileManager.default.linkItem(at: target, to: entry)
      } else {
        try FileManager.default.createSymbolicLink(at: entry, withDestinationURL: target)
      }
      let before = try Data(contentsOf: kept)
      // The database itself is not written to by a reader.
      if isRead || (isHard && ending == "" && mode == .readOnly) {
        try AttentionStore.open(database, mode: mode).close()
      } else {
        let found = isHard ? "the file has 2 names (hard links)" : "is a link, and attnlab follows no link"
        #expect {
          try AttentionStore.open(database, mode: mode).close()
        } throws: { "\($0)".hasPrefix("\(entry.path): \(found)") }
      }
      #expect(try Data(contentsOf: precious) == text && Data(contentsOf: kept) == before)
      let left = Set(try FileManager.default.contentsOfDirectory(atPath: folder.url.path))
      let expected: Set = ["first-look.sqlite", "kept.sqlite", "precious", entry.lastPathComponent]
      #expect(mode == .readOnly ? left.isSuperset(of: expected) : left == expected)
      // A reader leaves its two files.
      for name in left.subtracting(expected) {
        try FileManager.default.removeItem(at: folder.url.appendingPathComponent(name))
      }
      try FileManager.default.removeItem(at: entry)
      if ending == "" { try FileManager.default.copyItem(at: kept, to: database) }
    }
  }

  /// What SQLite would do on its word: remove the file that it names.
  @Test("a rollback journal is refused", arguments: [AttentionStore.Mode.create, .readWrite, .readOnly])
  func journal(mode: AttentionStore.Mode) throws {
    try makeStore()
    let precious = folder.url.appendingPathComponent("precious")
    try Data("a year of work".utf8).write(to: precious)
    let journal = URL(fileURLWithPath: path + "-journal")
    let pages = try Data(contentsOf: database).count / RowSize.page
    try Self.journal(naming: precious.path, pages: pages).write(to: journal)
    let before = try Data(contentsOf: database)
    expectError(
      "\(path): a rollback journal, \(path)-journal, stands beside it. attnlab leaves none, so another program was stopped "
        + "while it wrote, or the journal was made to do harm: following it can remove other files. Let the program that you "
        + "know finish its work, or move the journal away; nothing was changed"
    ) { try AttentionStore.open(database, mode: mode) }
    #expect(try Data(contentsOf: database) == before && FileManager.default.fileExists(atPath: precious.path))
    // The journal is no fancy: SQLite by itself follows it.
    try outside(database, "SELECT count(*) FROM run")
    #expect(!FileManager.default.fileExists(atPath: precious.path), "the journal that was tried does no harm")
    try? FileManager.default.removeItem(at: journal)
  }

  /// A journal of no page that names a super-journal, which is removed when the journal has been followed.
  /// - Source: https://www.sqlite.org/fileformat.html#the_rollback_journal and, for the name, SQLite's `pager.c`.
  private static func journal(naming file: String, pages: Int) -> Data {
    func big(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
    let magic: [UInt8] = [0xD9, 0xD5, 0x05, 0xF9, 0x20, 0xA1, 0x63, 0xD7]
    let header = magic + [0, 1, pages, 512, RowSize.page].flatMap(big)
    let name = Array(file.utf8)
    let sum = name.reduce(0) { $0 + Int(Int8(bitPattern: $1)) }
    let end = big(0x4000_0000 / RowSize.page + 1) + name + big(name.count) + big(sum) + magic
    return Data(header + [UInt8](repeating: 0, count: 512 - header.count) + end)
  }

  @Test("making a database leaves no rollback journal at any moment")
  func noJournalOfItsOwn() throws {
    let seen = Mutex(false)
    let done = Mutex(false)
    let watching = Thread { [path] in
      while !done.withLock({ $0 }) {
        if access(path + "-journal", F_OK) == 0 { seen.withLock { $0 = true } }
      }
    }
    watching.start()
    for _ in 0..<20 {
      try makeStore()
      try FileManager.default.removeItem(at: database)
    }
    done.withLock { $0 = true }
    #expect(!seen.withLock { $0 })
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
