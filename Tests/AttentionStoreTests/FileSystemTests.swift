import Foundation
import GRDB
import TestSupport
import Testing

@testable import AttentionStore

/// Runs a program; nil if it is not there, else its exit status.
@discardableResult
private func run(_ arguments: String...) -> Int32? {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = arguments
  process.standardError = FileHandle.nullDevice
  process.standardOutput = FileHandle.nullDevice
  guard (try? process.run()) != nil else { return nil }
  process.waitUntilExit()
  return process.terminationStatus
}

/// What a file system refuses. Permissions do not bind the superuser, so these take a file system mounted for the test
/// or the immutable attribute; a user who may neither mount nor is the superuser gets the same from plain permissions.
@Suite("File systems", .serialized)
struct FileSystemTests {
  /// A file system in memory, unmounted with this value.
  final class Disk {
    let folder: TestFolder

    init?(megabytes: Int) throws {
      folder = try TestFolder()
      guard run("mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", folder.url.path) == 0 else { return nil }
    }

    func makeReadOnly() -> Bool { run("mount", "-o", "remount,ro", folder.url.path) == 0 }

    deinit { run("umount", "-l", folder.url.path) }
  }

  static let mayMount: Bool = (try? Disk(megabytes: 1)) != nil
  static let maySetImmutable: Bool = {
    guard let folder = try? TestFolder() else { return false }
    defer { run("chattr", "-i", folder.url.path) }
    return run("chattr", "+i", folder.url.path) == 0 && access(folder.url.path, W_OK) != 0
  }()

  @Test(
    "a read-only file system: writing is refused, reading works", .enabled(if: mayMount, "needs the right to mount"))
  func readOnlyFileSystem() throws {
    let disk = try #require(try Disk(megabytes: 16))
    var fixture: Fixture? = try Fixture(folder: disk.folder)
    try fixture?.commit(step: 0)
    try fixture?.store.close()
    fixture = nil
    try #require(disk.makeReadOnly())
    let database = disk.folder.database
    for mode in [AttentionStore.Mode.create, .readWrite] {
      expectError(
        "\(database.path): cannot be written to (Read-only file system). Allow writing, or choose another results "
          + "folder"
      ) { try AttentionStore.open(database, mode: mode) }
    }
    let other = disk.folder.url.appendingPathComponent("other.sqlite")
    expectError(
      "\(disk.folder.url.path): the folder takes no new files (Read-only file system), and SQLite needs two beside its "
        + "database. Allow writing, choose another results folder, or copy the database to one"
    ) { try AttentionStore.open(other, mode: .create) }
    let reader = try AttentionStore.open(database, mode: .readOnly)
    #expect(try reader.mapCount() == 2)
    #expect(try reader.maps().count == 2)
    try reader.close()
  }

  /// The commands of `AttentionStore.md` for the `sqlite3` shell: each opens what it is said to open.
  @Test(
    "the documented command for a folder without the right to write", .enabled(if: mayMount, "needs the right to mount")
  )
  func documentedCommandForReaders() throws {
    let page = try String(
      contentsOf: Fixtures.repository.appending(path: "Sources/AttentionStore/AttentionStore.docc/AttentionStore.md"),
      encoding: .utf8)
    let commands = page.split(separator: "\n").filter { $0.hasPrefix("sqlite3 -readonly ") }
    try #require(commands.count == 2 && commands[1].contains("?immutable=1"))
    let disk = try #require(try Disk(megabytes: 16))
    let place = disk.folder.url.appendingPathComponent("Results/first-look")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    try AttentionStore.open(place.appendingPathComponent("first-look.sqlite"), mode: .create).close()
    func codes() -> [Int32?] {
      commands.map { run("bash", "-c", "cd '\(disk.folder.url.path)' && \($0) 'SELECT count(*) FROM run'") }
    }
    let hasShell = run("bash", "-c", "command -v sqlite3") == 0
    if hasShell {
      #expect(codes() == [0, 0])
    } else {
      print("the sqlite3 shell is not installed: its commands are not run")
    }
    for ending in ["-wal", "-shm"] {
      try? FileManager.default.removeItem(atPath: place.appendingPathComponent("first-look.sqlite").path + ending)
    }
    try #require(disk.makeReadOnly())
    if hasShell { #expect(codes() == [14, 0], "unable to open, and what the page says to do then") }
    let address = "file:\(place.path)/first-look.sqlite?immutable=1"
    let found = try DatabaseQueue(path: address).inDatabase { try Int.fetchOne($0, sql: "SELECT count(*) FROM run") }
    #expect(found == 0)
  }

  @Test(
    "a database with a log that cannot be read for want of a shared index",
    .enabled(if: mayMount, "needs the right to mount"))
  func logOnReadOnlyFileSystem() throws {
    let disk = try #require(try Disk(megabytes: 16))
    let fixture = try Fixture()
    try fixture.commit(step: 0)
    for name in ["first-look.sqlite", "first-look.sqlite-wal"] {
      let source = fixture.folder.url.appendingPathComponent(name)
      try FileManager.default.copyItem(at: source, to: disk.folder.url.appendingPathComponent(name))
    }
    try #require(disk.makeReadOnly())
    expectError(
      "\(disk.folder.url.path): the folder takes no new files (Read-only file system), and SQLite needs two beside its "
        + "database. Allow writing, choose another results folder, or copy the database to one"
    ) { try AttentionStore.open(disk.folder.database, mode: .readOnly) }
  }

  @Test(
    "a full disk: the step is not there, the one before it is whole", .enabled(if: mayMount, "needs the right to mount")
  )
  func fullDisk() throws {
    let disk = try #require(try Disk(megabytes: 12))
    let fixture = try Fixture(folder: disk.folder)
    try fixture.commit(step: 0)
    let before = try allRows(disk.folder.database)
    let large = MapRow(
      run: fixture.group.runs[0].id, record: fixture.records[0], site: fixture.sites[0], branch: .conditional,
      height: 1024, width: 1024, keys: 4, type: .float32, data: Data(count: 16 << 20))
    expectError(
      "\(disk.folder.database.path): the disk is full (SQLite code 13). Free space and run again: what was stored up "
        + "to the last step is whole"
    ) { try fixture.store.commitStep(groupHash: "g", step: 1, timestep: 1, state: Data(), maps: [large]) }
    #expect(try allRows(disk.folder.database) == before)
    #expect(try fixture.store.integrityCheck() == [])
    try fixture.commit(step: 1)
    #expect(try fixture.store.mapCount() == 4)
  }

  @Test(
    "a disk without room to compact on: the message names the temporary folder too, and nothing is lost",
    .enabled(if: mayMount, "needs the right to mount"))
  func noRoomToCompact() throws {
    let disk = try #require(try Disk(megabytes: 15))
    let database = disk.folder.database
    let fixture = try Fixture(folder: disk.folder)
    for step in 0..<4 {
      let maps = fixture.group.runs.map { run in
        MapRow(
          run: run.id, record: fixture.records[0], site: fixture.sites[0], branch: .conditional,
          height: 256, width: 256, keys: 4, type: .float32, data: Data(count: 1 << 20))
      }
      try fixture.store.commitStep(groupHash: "g", step: step, timestep: 1, state: Data(), maps: maps)
      try fixture.store.carryOverLog()
    }
    try fixture.store.finishGroup(hash: "g", results: fixture.results)
    try fixture.store.removeRuns([fixture.group.runs[1].id])
    try fixture.store.carryOverLog()
    let before = try allRows(database)
    expectError(
      "\(database.path): the disk is full (SQLite code 13): compacting writes a copy into the temporary folder "
        + "\(AttentionStore.temporaryFolder), then to the database's own disk. Free space on both, or name another "
        + "temporary folder in SQLITE_TMPDIR: everything stored is whole"
    ) { try fixture.store.compact() }
    #expect(try allRows(database) == before && fixture.store.integrityCheck() == [])
  }

  @Test("a folder that takes no files", .enabled(if: maySetImmutable, "needs the immutable attribute"))
  func unwritableFolder() throws {
    let folder = try TestFolder()
    run("chattr", "+i", folder.url.path)
    defer { run("chattr", "-i", folder.url.path) }
    expectError(
      "\(folder.url.path): the folder takes no new files (Operation not permitted), and SQLite needs two beside its "
        + "database. Allow writing, choose another results folder, or copy the database to one"
    ) { try AttentionStore.open(folder.database, mode: .create) }
  }

  @Test("a file that takes no writing", .enabled(if: maySetImmutable, "needs the immutable attribute"))
  func unwritableFile() throws {
    let folder = try TestFolder()
    try AttentionStore.open(folder.database, mode: .create).close()
    run("chattr", "+i", folder.database.path)
    defer { run("chattr", "-i", folder.database.path) }
    expectError(
      "\(folder.database.path): cannot be written to (Operation not permitted). Allow writing, or choose another "
        + "results folder"
    ) { try AttentionStore.open(folder.database, mode: .readWrite) }
    #expect(try AttentionStore.open(folder.database, mode: .readOnly).runs() == [])
  }

  @Test("plain permissions", .enabled(if: getuid() != 0, "permissions do not bind the superuser"))
  func permissions() throws {
    let folder = try TestFolder()
    try AttentionStore.open(folder.database, mode: .create).close()
    chmod(folder.database.path, 0)
    expectError("\(folder.database.path): cannot be read (Permission denied). Allow reading") {
      try AttentionStore.open(folder.database, mode: .readOnly)
    }
    chmod(folder.database.path, 0o444)
    expectError(
      "\(folder.database.path): cannot be written to (Permission denied). Allow writing, or choose another results "
        + "folder"
    ) { try AttentionStore.open(folder.database, mode: .readWrite) }
  }

  @Test("another program's lock is waited for, then named")
  func busy() throws {
    let fixture = try Fixture()
    let path = fixture.folder.database.path
    try fixture.commit(step: 0)
    // Half a second, so that the test need not wait as long as a user's run does.
    try fixture.store.queue.inDatabase { try $0.execute(sql: "PRAGMA busy_timeout = 500") }
    try DatabaseQueue(path: path).inDatabase { db in
      try db.inTransaction(.immediate) { () throws in
        let start = Date()
        expectError(
          "\(path): another program kept it locked for more than 10 seconds (SQLite code 5). "
            + "Close that program or let it finish, then run again"
        ) { try fixture.commit(step: 1) }
        #expect(Date().timeIntervalSince(start) > 0.4)
        #expect(try fixture.store.mapCount() == 2, "reading goes on")
        return .rollback
      }
    }
    try fixture.commit(step: 1)
  }
}
