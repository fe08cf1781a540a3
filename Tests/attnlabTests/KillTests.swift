import Foundation
import TestSupport
import Testing

/// A run killed with SIGKILL anywhere goes on and ends with the same rows as an unbroken one.
///
/// `ATTNLAB_KILLS=200` kills as many times as that.
@Suite struct KillTests {
  private let experiment = """
    version: 1
    name: killed
    model: emoji-scenes
    generate:
      pairs: [{ source: a red car, target: a blue car }]
      seeds: [1, 2]
      num_inference_steps: 8
    predicted_clean: [3, 7]
    record:
      - { name: words, sites: "cross:*" }
      - { name: layout, sites: "self:grid<=1/2", heads: all, steps: { from: 0, to: 8, every: 3 }, pool: 4, dtype: fp16 }
    interventions:
      none: []
      self swap: [{ op: replace, sites: "self:4-14", steps: { fraction: [0, 0.8] } }]
    metrics: [psnr, ssim]
    figures: [side_by_side]

    """

  private func start(_ program: Program, _ results: String) throws -> Process {
    let process = Process()
    process.executableURL = Program.executable
    process.arguments = ["run", "killed.yaml", "--results", results]
    process.currentDirectoryURL = program.folder
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  @Test func killedAnywhereItEndsWithTheSameRows() throws {
    try Program.inFolder { (program) throws -> Void in
      try program.write(experiment, to: "killed.yaml")
      let started = Date()
      let whole = try start(program, "whole")
      whole.waitUntilExit()
      #expect(whole.terminationStatus == 0)
      let seconds = Date().timeIntervalSince(started)
      let expected = try StoredContents(program.folder.appending(path: "whole/killed/killed.sqlite"))
      #expect(expected.runs.count == 6 && expected.problems == [])

      let kills = ProcessInfo.processInfo.environment["ATTNLAB_KILLS"].flatMap(Int.init) ?? 20
      let seed: UInt64 = 20
      var random = SeededGenerator(seed: seed)
      var interrupted = 0
      for kill in 0..<kills {
        let results = "killed-\(kill)"
        let process = try start(program, results)
        // From before the database is made to after the last step: a random moment of each part of the run.
        let moment = seconds * (Double(kill) + .random(in: 0..<1, using: &random)) / Double(kills)
        Thread.sleep(forTimeInterval: moment)
        if process.isRunning { interrupted += 1 }
        end(process)
        let again = try start(program, results)
        again.waitUntilExit()
        #expect(again.terminationStatus == 0, "kill \(kill)")
        let contents = try StoredContents(program.folder.appending(path: "\(results)/killed/killed.sqlite"))
        #expect(contents == expected, "seed \(seed), killed after \(moment) s")
        try FileManager.default.removeItem(at: program.folder.appending(path: results))
      }
      if kills != 20 { print("\(interrupted) of \(kills) were killed while running, over \(seconds) s") }
      #expect(interrupted >= kills * 3 / 4, "only \(interrupted) of \(kills) were killed while running")
    }
  }

  private func end(_ process: Process) {
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}
