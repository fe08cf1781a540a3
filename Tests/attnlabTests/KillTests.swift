import Foundation
import StoreTestSupport
import TestSupport
import Testing

/// A run killed with SIGKILL anywhere goes on and ends with the same rows and files as an unbroken one, beside a plan that
/// was finished before; so does a removal.
///
/// `ATTNLAB_KILLS=200` kills as many times as that.
@Suite struct KillTests {
  private static let kills = ProcessInfo.processInfo.environment["ATTNLAB_KILLS"].flatMap(Int.init) ?? 12

  private func experiment(target: String) -> String {
    """
    version: 1
    name: killed
    model: emoji-scenes
    generate:
      pairs: [{ source: a red car, target: \(target) }]
      seeds: [1, 2]
      num_inference_steps: 4
      height: 64
      width: 64
    predicted_clean: [1, 3]
    record:
      - { name: words, sites: "cross:*" }
      - { name: layout, sites: "self:grid<=1/2", heads: all, steps: { from: 0, to: 4, every: 3 }, pool: 4, dtype: fp16 }
    interventions:
      none: []
      self swap: [{ op: replace, sites: "self:4-14", steps: { fraction: [0, 0.8] } }]
    metrics: [psnr, ssim]
    figures: [side_by_side]

    """
  }

  private func start(_ program: Program, _ arguments: [String]) throws -> Process {
    let process = Process()
    process.executableURL = Program.executable
    process.arguments = arguments
    process.currentDirectoryURL = program.folder
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  /// Runs to the end.
  /// - Returns: how long it took, in seconds.
  @discardableResult
  private func finish(_ program: Program, _ arguments: [String], _ what: String) throws -> Double {
    let started = Date()
    let process = try start(program, arguments)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(what)")
    return Date().timeIntervalSince(started)
  }

  /// Kills a command at random moments of its whole length, each time on a copy of the same results, and then lets it
  /// run to its end: the copy is as if it had never been killed.
  private func kill(
    _ command: (String) -> [String], on base: String, times: Int, seed: UInt64, _ program: Program
  ) throws {
    let manager = FileManager.default
    func copy(_ name: String) throws {
      try manager.copyItem(at: program.folder.appending(path: base), to: program.folder.appending(path: name))
    }
    // The shortest of three: a machine that was busy for a while would let kills come after the end.
    var lengths: [Double] = []
    for name in ["whole", "whole-2", "whole-3"] {
      try copy(name)
      lengths.append(try finish(program, command(name), "unbroken"))
    }
    let seconds = try #require(lengths.min())
    let expected = try Contents(program, "whole")
    #expect(expected.rows.problems == [])
    var random = SeededGenerator(seed: seed)
    var interrupted = 0
    for kill in 0..<times {
      let results = "killed-\(kill)"
      try copy(results)
      let process = try start(program, command(results))
      // From before the database is opened to after the last step: a random moment of each part.
      let moment = seconds * (Double(kill) + .random(in: 0..<1, using: &random)) / Double(times)
      Thread.sleep(forTimeInterval: moment)
      if process.isRunning { interrupted += 1 }
      Foundation.kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      try finish(program, command(results), "after kill \(kill)")
      let contents = try Contents(program, results)
      #expect(contents == expected, "seed \(seed), killed after \(moment) s")
      try manager.removeItem(at: program.folder.appending(path: results))
    }
    for name in ["whole", "whole-2", "whole-3"] {
      try manager.removeItem(at: program.folder.appending(path: name))
    }
    if times > 20 { print("\(interrupted) of \(times) were killed while running, over \(seconds) s") }
    #expect(interrupted >= times * 3 / 4, "only \(interrupted) of \(times) were killed while running")
  }

  private struct Contents: Equatable {
    let rows: StoredContents
    /// Every file and folder below the results, hidden ones too, by path from there.
    let files: [String]
    /// Of the pictures and latents.
    let bytes: [String: Data]

    init(_ program: Program, _ results: String) throws {
      let folder = program.folder.appending(path: "\(results)/killed")
      rows = try StoredContents(folder.appending(path: "killed.sqlite"))
      files = (FileManager.default.enumerator(atPath: folder.path)?.allObjects as? [String] ?? []).sorted()
      bytes = Dictionary(
        uniqueKeysWithValues: try files.filter { $0.hasPrefix("runs/") && $0.contains(".") }.map {
          ($0, try Data(contentsOf: folder.appending(path: $0)))
        })
    }
  }

  @Test func killedAnywhereItEndsWithTheSameRowsAndFiles() throws {
    try Program.inFolder { (program) throws -> Void in
      try program.write(experiment(target: "a green car"), to: "first.yaml")
      try program.write(experiment(target: "a blue car"), to: "killed.yaml")
      try finish(program, ["run", "first.yaml", "--results", "base"], "first plan")
      try kill(
        { ["run", "killed.yaml", "--results", $0] }, on: "base", times: Self.kills, seed: 20, program)
      try finish(program, ["run", "killed.yaml", "--results", "base"], "second plan")
      let both = try Contents(program, "base").rows
      #expect(both.runs.count == 12 && both.problems == [])
      for (options, seed) in [(["--other-plans"], UInt64(21)), (["--other-plans", "--seed", "2"], 22)] {
        try kill(
          { ["gc", "killed", "--results", $0] + options }, on: "base", times: max(4, Self.kills * 3 / 40), seed: seed,
          program)
      }
    }
  }
}
