import AttentionStore
import CFaultVFS
import Foundation
import StoreTestSupport
import TestSupport
import Testing

/// What can befall a database, done to it for real: the message and the exit code of the commands that meet it.
@Suite(.serialized) struct FaultTests {
  private func database(_ program: Program) -> URL { program.folder.appending(path: "Results/small/small.sqlite") }

  /// A program whose small experiment has run.
  private func withResults(_ body: (Program) throws -> Void) throws {
    let made = try Self.results.get()
    try Program.inFolder { (program) throws -> Void in
      try program.write(experiment(), to: "small.yaml")
      try FileManager.default.copyItem(at: made.url, to: program.folder.appending(path: "Results"))
      try body(program)
    }
  }

  /// The results of the small experiment, made once.
  private static let results = Result {
    let folder = try ScratchFolder("Results")
    let program = Program(folder: folder.url.deletingLastPathComponent())
    try program.write(experiment(), to: "small.yaml")
    let outcome = try program("run", "small.yaml")
    try #require(outcome.code == 0, "\(outcome.errors)")
    return folder
  }

  /// The commands that open the database for writing, and those that read.
  private let writing = [["run", "small.yaml"], ["gc", "small"]]
  private func reading(_ hash: String) -> [[String]] {
    [["show", "small"], ["export", "small", "--run", hash, "--steps", "1", "--words", "car", "--out", "exported"]]
  }

  private func hash(_ program: Program) throws -> String {
    try #require(try StoredContents(database(program)).runs.first).run.hash
  }

  /// - Parameter messages: what standard error holds, each of them.
  private func expect(
    _ program: Program, _ arguments: [String], code: Int32, _ messages: String...,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try program.run(arguments)
    #expect(outcome.code == code, "\(arguments): \(outcome.errors)", sourceLocation: sourceLocation)
    for message in messages {
      #expect(outcome.errors.contains(message), "\(arguments): \(outcome.errors)", sourceLocation: sourceLocation)
    }
    if code != 0 { #expect(outcome.output == "", "\(arguments)", sourceLocation: sourceLocation) }
  }

  @Test func aNewerSchema() throws {
    try withResults { program in
      let run = try hash(program)
      let path = database(program).path
      try #require(fault_execute(path, "PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)") == 0)
      let before = try Data(contentsOf: database(program))
      for command in writing + reading(run) {
        try expect(
          program, command, code: 1,
          "error: \(path): has schema version 99, and this attnlab knows version \(StoreSchema.version). "
            + "Use a newer attnlab; nothing in it was changed\n")
      }
      #expect(try Data(contentsOf: database(program)) == before)
    }
  }

  @Test func damagedPages() throws {
    try withResults { program in
      let run = try hash(program)
      let path = database(program).path
      // The first page, with the schema, is left: the file opens and breaks where it is read.
      let whole = try Data(contentsOf: database(program))
      let damaged = whole.prefix(65536) + Data(repeating: 0xFF, count: whole.count - 65536)
      try damaged.write(to: database(program))
      for command in writing + reading(run) {
        try expect(
          program, command, code: 1, "error: \(path): damaged: ",
          "delete the file and run the experiment again, or bring back a backup\n")
      }
    }
  }

  @Test func cutOff() throws {
    try withResults { program in
      let run = try hash(program)
      let whole = try Data(contentsOf: database(program))
      try whole.prefix(whole.count / 65536 / 8 * 65536).write(to: database(program))
      for command in writing + reading(run) {
        try expect(program, command, code: 1, "error: \(database(program).path): damaged: ")
      }
    }
  }

  @Test func somethingElse() throws {
    try withResults { program in
      let run = try hash(program)
      let path = database(program).path
      try Data(repeating: 0x41, count: 40_000).write(to: database(program))
      for command in writing + reading(run) {
        try expect(
          program, command, code: 1,
          "error: \(path): is not a SQLite database. Check the name; nothing in it was changed\n")
      }
    }
  }

  @Test func anotherRunHoldsIt() throws {
    try withResults { program in
      // So many steps that it is still at work.
      let process = Process()
      process.executableURL = Program.executable
      process.arguments = ["run", "small.yaml", "--set", "generate.num_inference_steps=400", "--set", "record=[]"]
      process.currentDirectoryURL = program.folder
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      defer {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
      }
      let lock = database(program).path + ".lock"
      let end = Date(timeIntervalSinceNow: 60)
      while process.isRunning, Date() < end, !FileManager.default.fileExists(atPath: lock) { usleep(10_000) }
      try #require(process.isRunning, "the run that was to hold it has ended")
      for command in writing {
        try expect(
          program, command, code: 1,
          "error: \(database(program).path): is in use by process \(process.processIdentifier) on ",
          "Wait for it to end, or stop it; reading is possible meanwhile\n")
      }
      try expect(program, ["show", "small"], code: 0)
    }
  }

  @Test func anotherProgramLocksIt() throws {
    try withResults { program in
      let run = try hash(program)
      let path = database(program).path
      let holder = try #require(fault_hold(path, "BEGIN IMMEDIATE"))
      defer { fault_release(holder) }
      try expect(
        program, ["run", "small.yaml"], code: 1,
        "error: \(path): another program kept it locked for more than 10 seconds (SQLite code 5). "
          + "Close that program or let it finish, then run again\n")
      for command in reading(run) { try expect(program, command, code: 0) }
    }
  }

  // MARK: - Disks

  @Test(.enabled(if: Disk.mayMount, "needs the right to mount"))
  func aReadOnlyDisk() throws {
    try Program.inFolder { (program) throws -> Void in
      let disk = try #require(try Disk(program.folder.appending(path: "Results"), kibibytes: 65536))
      try program.write(experiment(), to: "small.yaml")
      try #require(try program("run", "small.yaml").code == 0)
      let run = try hash(program)
      try #require(disk.remount("ro"))
      try expect(
        program, ["run", "small.yaml"], code: 1,
        "error: --results: \(program.folder.path)/Results/small takes no new files (Read-only file "
          + "system); name another place\n"
      )
      try expect(
        program, ["gc", "small"], code: 1,
        "error: \(database(program).path): cannot be written to (Read-only file system). Allow writing, or choose another "
          + "results folder\n")
      for command in reading(run) { try expect(program, command, code: 0) }
      withExtendedLifetime(disk) {}
    }
  }

  /// Disks of growing sizes, so that room ends at different places of a run: in the schema, in steps, in pictures, in the
  /// report. Then there is room, and the same command ends with the same rows.
  @Test(.enabled(if: Disk.mayMount, "needs the right to mount"))
  func aFullDisk() throws {
    try withResults { program in
      let expected = try StoredContents(database(program))
      let used = program.files.reduce(0) { sum, name in
        let attributes = try? FileManager.default.attributesOfItem(
          atPath: program.folder.appending(path: name).path)
        return sum + ((attributes?[.size] as? NSNumber)?.intValue ?? 0)
      }
      var full = 0
      let most = 2 * used / 1024
      for size in stride(from: 16, to: most, by: max(4, most / 24 / 4 * 4)) {
        let folder = program.folder.appending(path: "full-\(size)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let disk = try #require(try Disk(folder, kibibytes: size))
        let command = ["run", "small.yaml", "--results", "full-\(size)"]
        let outcome = try program.run(command)
        if outcome.code != 0 {
          full += 1
          #expect(outcome.code == 1)
          print("disk of \(size) KiB: \(outcome.errors.split(separator: "\n").last ?? "")")
          #expect(
            outcome.errors.contains("the disk is full") || outcome.errors.contains("No space left on device"),
            "\(size) KiB: \(outcome.errors)")
          try #require(disk.remount("size=64m"))
          let again = try program.run(command)
          #expect(again.code == 0, "\(size) KiB: \(again.errors)")
        }
        let contents = try StoredContents(folder.appending(path: "small/small.sqlite"))
        #expect(contents == expected, "\(size) KiB")
        withExtendedLifetime(disk) {}
      }
      #expect(full >= 8, "only \(full) disks were too small")
    }
  }
}

/// A file system in memory, mounted on a folder until this value goes.
private final class Disk {
  private let folder: URL

  /// - Returns: nil where mounting is not allowed.
  init?(_ folder: URL, kibibytes: Int) throws {
    self.folder = folder
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    guard Self.succeeds("mount", "-t", "tmpfs", "-o", "size=\(kibibytes)k", "tmpfs", folder.path) else { return nil }
  }

  func remount(_ option: String) -> Bool { Self.succeeds("mount", "-o", "remount,\(option)", folder.path) }

  deinit { _ = Self.succeeds("umount", "-l", folder.path) }

  static let mayMount: Bool =
    (try? Fixtures.withTemporaryFolder { try Disk($0.appending(path: "disk"), kibibytes: 64) != nil }) ?? false

  private static func succeeds(_ arguments: String...) -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}
