import Foundation
import Testing

@testable import AttentionStore

@Suite("One writer")
struct LockTests {
  @Test("a second writer is told who holds the database, in this process or another")
  func inUse() async throws {
    let folder = try TestFolder()
    let store = try AttentionStore.open(folder.database, mode: .create)
    let holder = try #require(LockHolder(text: String(contentsOfFile: folder.database.path + ".lock", encoding: .utf8)))
    #expect(holder.processID == getpid())
    #expect(holder.host == ProcessInfo.processInfo.hostName)
    #expect(try abs(Date(holder.since, strategy: .iso8601).timeIntervalSinceNow) < 60)
    let message =
      "\(folder.database.path): is in use by process \(getpid()) on \(holder.host) since \(holder.since). "
      + "Wait for it to end, or stop it; reading is possible meanwhile"
    expectError(message) { try AttentionStore.open(folder.database, mode: .create) }
    await #expect(processExitsWith: .success) {
      [database = folder.database as URL, message = message as String] in
      expectError(message) { try AttentionStore.open(database, mode: .readWrite) }
    }
    try store.close()
    try AttentionStore.open(folder.database, mode: .readWrite).close()
    #expect(!FileManager.default.fileExists(atPath: folder.database.path + ".lock"))
  }

  @Test("the lock of a killed process is gone")
  func killed() async throws {
    let folder = try TestFolder()
    await #expect(processExitsWith: .signal(SIGKILL)) { [database = folder.database as URL] in
      let store = try AttentionStore.open(database, mode: .create)
      try store.beginExperiment(Samples.experiment)
      kill(getpid(), SIGKILL)
      try store.close()
    }
    #expect(FileManager.default.fileExists(atPath: folder.database.path + ".lock"), "its text stays behind")
    let store = try AttentionStore.open(folder.database, mode: .readWrite)
    #expect(try store.experiment() == Samples.experiment)
    let text = try String(contentsOfFile: folder.database.path + ".lock", encoding: .utf8)
    #expect(LockHolder(text: text)?.processID == getpid())
  }

  @Test("a child process that outlives the writer does not keep the lock")
  func inheritance() throws {
    let folder = try TestFolder()
    let store = try AttentionStore.open(folder.database, mode: .create)
    let child = Process()
    child.executableURL = URL(fileURLWithPath: "/bin/sleep")
    child.arguments = ["10"]
    child.standardOutput = FileHandle.nullDevice
    child.standardError = FileHandle.nullDevice
    try child.run()
    defer {
      kill(child.processIdentifier, SIGKILL)
      child.waitUntilExit()
    }
    try store.close()
    try AttentionStore.open(folder.database, mode: .readWrite).close()
  }

  @Test("a store that is let go of gives the lock back")
  func letGo() throws {
    let folder = try TestFolder()
    _ = try AttentionStore.open(folder.database, mode: .create)
    _ = try AttentionStore.open(folder.database, mode: .create)
  }

  @Test("a failed opening gives the lock back")
  func failedOpening() throws {
    let folder = try TestFolder()
    try Data(repeating: 1, count: 1000).write(to: folder.database)
    #expect(throws: StoreError.notADatabase(path: folder.database.path)) {
      try AttentionStore.open(folder.database, mode: .create)
    }
    try FileManager.default.removeItem(at: folder.database)
    try AttentionStore.open(folder.database, mode: .create).close()
  }

  @Test("the file is given back and taken anew between a third one's opening and locking it")
  func replacedFile() throws {
    let folder = try TestFolder()
    let file = try DatabaseFile(folder.database)
    let first = try StoreLock(file)
    var second: StoreLock?
    #expect(throws: StoreError.self) {
      try StoreLock(file) {
        first.release()
        if second == nil { second = try? StoreLock(file) }
      }
    }
    #expect(second != nil)
    second?.release()
    try StoreLock(file).release()
  }

  @Test("many that take and give back at once: never two hold it")
  func contention() async throws {
    let folder = try TestFolder()
    let database = folder.database
    let inside = folder.url.appendingPathComponent("inside").path
    let taken = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<8 {
        group.addTask {
          var taken = 0
          for _ in 0..<300 {
            guard let lock = try? StoreLock(DatabaseFile(database)) else { continue }
            taken += 1
            // Fails if another is inside: then two hold the lock.
            #expect(mkdir(inside, 0o700) == 0)
            rmdir(inside)
            lock.release()
          }
          return taken
        }
      }
      return await group.reduce(0, +)
    }
    #expect(taken > 0)
  }

  @Test(
    "texts that name nobody",
    arguments: ["", "process 1\n", "process x\nhost h\nsince s\n", "process 1\nhost h\nsince s", "host h\nsince s\n"])
  func malformedText(text: String) {
    #expect(LockHolder(text: text) == nil)
  }
}
