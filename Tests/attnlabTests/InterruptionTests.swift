import AttentionStore
import Foundation
import StoreTestSupport
import TestSupport
import Testing

/// Ctrl-C and SIGTERM end a run between two steps.
@Suite struct InterruptionTests {
  private static let experiment = """
    version: 1
    name: stopped
    model: emoji-scenes
    generate:
      pairs: [{ source: a red car, target: a blue car }]
      seeds: [1, 2]
      num_inference_steps: 12
    record:
      - { name: words, sites: "cross:*" }
    interventions:
      none: []
      swap: [{ op: replace, sites: "cross:*" }]
    metrics: [psnr]

    """

  /// What the experiment leaves when nothing ends it, made once.
  private static let unbroken = Result {
    try Program.inFolder { (program) throws -> StoredContents in
      try program.write(experiment, to: "stopped.yaml")
      let outcome = try program("run", "stopped.yaml")
      #expect(outcome.code == 0, "\(outcome.errors)")
      return try StoredContents(program.folder.appending(path: "Results/stopped/stopped.sqlite"))
    }
  }

  /// A run whose standard error goes to a file. `env` undoes that a test run in the background ignores SIGINT.
  private func start(_ program: Program, _ arguments: [String]) throws -> Process {
    let errors = program.folder.appending(path: "errors.txt")
    try Data().write(to: errors)
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["--default-signal=INT,TERM", Program.executable.path, "run", "stopped.yaml"] + arguments
    process.currentDirectoryURL = program.folder
    process.standardOutput = FileHandle.nullDevice
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    return process
  }

  private func errors(_ program: Program) throws -> String {
    try String(contentsOf: program.folder.appending(path: "errors.txt"), encoding: .utf8)
  }

  /// Waits until so many steps of the first group are stored.
  private func wait(_ process: Process, _ database: URL, steps: Int) throws {
    let end = Date(timeIntervalSinceNow: 120)
    while process.isRunning, Date() < end {
      if let store = try? AttentionStore.open(database, mode: .readOnly) {
        defer { try? store.close() }
        if let maps = try? store.maps(MapFilter(steps: (steps - 1)..<steps)), !maps.isEmpty { return }
      }
      usleep(5_000)
    }
    try #require(process.isRunning, "it ended before step \(steps): \(process.terminationStatus)")
  }

  @Test(arguments: [(SIGINT, 1), (SIGTERM, 3), (SIGINT, 7)])
  func endsAfterTheStepAndGoesOn(signal: Int32, steps: Int) throws {
    try Program.inFolder { (program) throws -> Void in
      let expected = try Self.unbroken.get()
      try program.write(Self.experiment, to: "stopped.yaml")
      let database = program.folder.appending(path: "my results/stopped/stopped.sqlite")
      let process = try start(program, ["--results", "my results"])
      try wait(process, database, steps: steps)
      kill(process.processIdentifier, signal)
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == 1)
      let message = try errors(program)
      #expect(message.contains("stopping at the end of this step; once more ends at once\n"))
      let done = try #require(message.firstMatch(of: /stopped: (\d+) of 72 steps are stored, in (.*)\n/))
      #expect(done.2 == database.path)
      let command = "\(Program.executable.path) run stopped.yaml --results 'my results'"
      #expect(message.hasSuffix("\nto go on:  \(command)\n"), "\(message)")
      #expect(!FileManager.default.fileExists(atPath: database.path + ".lock"))
      #expect(!FileManager.default.fileExists(atPath: database.path + "-wal"), "the file alone holds everything")

      let stopped = try StoredContents(database)
      #expect(stopped.problems == [])
      // Three runs a group; every step that is counted is stored whole.
      let stored = Set(stopped.maps.map { "\($0.run.rawValue) \($0.step)" })
      #expect(stored.count == Int(done.1) && stored.count >= 3 * steps && stored.count < 72)

      let again = try program.shell(command)
      #expect(again.code == 0, "\(again.errors)")
      let resumed = try StoredContents(database)
      #expect(resumed == expected)
    }
  }

  @Test func theSecondEndsAtOnce() throws {
    try Program.inFolder { (program) throws -> Void in
      // Large, so that a step takes a while.
      let large = Self.experiment.replacingOccurrences(
        of: "seeds: [1, 2]", with: "seeds: [1]\n  height: 512\n  width: 512")
      try program.write(large, to: "stopped.yaml")
      let database = program.folder.appending(path: "Results/stopped/stopped.sqlite")
      let process = try start(program, [])
      try wait(process, database, steps: 1)
      kill(process.processIdentifier, SIGINT)
      while process.isRunning, try !errors(program).contains("stopping at the end") { usleep(1_000) }
      kill(process.processIdentifier, SIGINT)
      process.waitUntilExit()
      #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGINT)
      #expect(try !errors(program).contains("to go on"))
      let problems = try StoredContents(database).problems
      #expect(problems == [])
    }
  }

  @Test func anIgnoredSignalStaysIgnored() throws {
    try Program.inFolder { (program) throws -> Void in
      try program.write(Self.experiment, to: "stopped.yaml")
      let outcome = try program.shell(
        """
        trap '' INT
        "$attnlab" run stopped.yaml & run=$!
        while ! [ -e Results/stopped/stopped.sqlite ]; do sleep 0.01; done
        kill -INT $run
        wait $run
        """)
      #expect(outcome.code == 0, "\(outcome.errors)")
    }
  }
}
