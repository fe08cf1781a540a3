import Foundation
import GRDB
import TestSupport
import Testing

@testable import AttentionStore

/// A database of schema 1 as text, `Tests/Fixtures/schema-1.sql`: what was released stays readable, to the letter. Its view
/// `comparison` is the former one, which is replaced where the database is opened for writing.
///
/// `ATTNLAB_WRITE_FIXTURES=1 swift test --filter ReleasedFormatTests` writes it anew, with the `sqlite3` shell. After a
/// release that is for a schema of another number, in a file of another name.
@Suite("The released format", .serialized)
struct ReleasedFormatTests {
  private static let file = Fixtures.folder.appending(path: "schema-1.sql")
  private static let isWriting = ProcessInfo.processInfo.environment["ATTNLAB_WRITE_FIXTURES"] != nil

  @Test("written anew", .enabled(if: isWriting, "set ATTNLAB_WRITE_FIXTURES to write it"))
  func write() throws {
    let database = try DocumentedDatabase()
    let dump = Process()
    dump.executableURL = URL(filePath: "/usr/bin/env")
    dump.arguments = ["sqlite3", "-readonly", database.url.path, ".dump"]
    let pipe = Pipe()
    dump.standardOutput = pipe
    try dump.run()
    let text = try pipe.fileHandleForReading.readToEnd().map { String(decoding: $0, as: UTF8.self) } ?? ""
    dump.waitUntilExit()
    #expect(dump.terminationStatus == 0)
    let marks = "PRAGMA application_id = \(StoreSchema.applicationID);\nPRAGMA user_version = \(StoreSchema.version);\n"
    try (marks + text).write(to: Self.file, atomically: true, encoding: .utf8)
  }

  @Test("a database of it is opened, holds what is written today, and is written to")
  func read() throws {
    let folder = try TestFolder()
    let queue = try DatabaseQueue(path: folder.database.path)
    try queue.writeWithoutTransaction { try $0.execute(sql: String(contentsOf: Self.file, encoding: .utf8)) }
    try queue.close()
    let today = try DocumentedDatabase()
    #expect(try allRows(folder.database) == allRows(today.url))

    let reader = try AttentionStore.open(folder.database, mode: .readOnly)
    #expect(try reader.runs() == today.store.runs())
    #expect(try reader.maps() == today.store.maps())
    #expect(try reader.sites() == today.store.sites())
    #expect(try reader.integrityCheck() == [])
    try reader.close()
    let writer = try AttentionStore.open(folder.database, mode: .readWrite)
    try writer.beginExperiment(Samples.experiment)
    #expect(try writer.removeRuns(Set(writer.runs().map(\.id))).count == 9)
    try writer.close()
    let view = "SELECT sql FROM sqlite_master WHERE name = 'comparison'"
    #expect(try value(folder.database, view) == value(today.url, view))
  }
}
