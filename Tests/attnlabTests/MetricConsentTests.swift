import Foundation
import TestSupport
import Testing

/// Metrics that are programs of an experiment file: they run when somebody said yes, and end with attnlab.
@Suite struct MetricConsentTests {
  private let answering = "while read -r line; do echo x >> asked; echo 1; done"

  private func withProgram(_ body: String, _ test: (Program) throws -> Void) throws {
    try Program.inFolder { (attnlab) throws -> Void in
      try attnlab.write(UserMetric.text(body), to: "constant.sh")
      chmod(attnlab.folder.appending(path: "constant.sh").path, 0o755)
      try attnlab.write(
        experiment("num_inference_steps: 2", with: "num_inference_steps: 2\n  height: 32\n  width: 32")
          + "metrics: [./constant.sh, psnr]\n", to: "small.yaml")
      try test(attnlab)
    }
  }

  @Test func nothingRunsUnasked() throws {
    try withProgram(answering) { attnlab in
      let path = attnlab.folder.appending(path: "constant.sh").path
      let outcome = try attnlab("run", "small.yaml")
      #expect(
        outcome.errors == """
          error: metrics: \(path), the metric constant, is a program and would run with your rights
          error: --allow-programs: give it when you have read this program
            See 'attnlab run --help' for more information.

          """)
      #expect(outcome.code == 2 && attnlab.files == ["constant.sh", "small.yaml"])
      let remark =
        "metrics: constant is the program \"\(attnlab.folder.path)/constant.sh\", which `attnlab run` starts with your "
        + "rights, after a yes or with --allow-programs"
      let valid = try attnlab("validate", "small.yaml")
      #expect(valid.code == 0 && valid.errors == "note: \(remark)\n", "\(valid.errors)")
      #expect(try attnlab("validate", "small.yaml", "--json").json()["remarks"] as? [String] == [remark])
      let plan = try attnlab("plan", "small.yaml")
      #expect(plan.code == 0 && plan.output.contains(remark), "\(plan.output)")
      #expect(attnlab.files == ["constant.sh", "small.yaml"], "neither starts it")

      #expect(try attnlab("run", "small.yaml", "--allow-programs").code == 0)
      #expect(attnlab.files.contains("asked"))
    }
  }

  /// Runs with a terminal as standard input and standard error.
  private func onTerminal(_ attnlab: Program, answer: String) throws -> (code: Int32, screen: String) {
    var (outer, inner): (Int32, Int32) = (-1, -1)
    try #require(openpty(&outer, &inner, nil, nil, nil) == 0)
    let (whole, side) = (
      FileHandle(fileDescriptor: outer, closeOnDealloc: true), FileHandle(fileDescriptor: inner, closeOnDealloc: true)
    )
    let process = Process()
    process.executableURL = Program.executable
    process.arguments = ["run", "small.yaml"]
    process.currentDirectoryURL = attnlab.folder
    process.standardInput = side
    process.standardError = side
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    try whole.write(contentsOf: Data((answer + "\n").utf8))
    process.waitUntilExit()
    try side.close()
    // Of a terminal whose other side is closed the rest can be read, then nothing more.
    var (screen, piece): ([UInt8], [UInt8]) = ([], [UInt8](repeating: 0, count: 4096))
    while true {
      let count = read(whole.fileDescriptor, &piece, piece.count)
      guard count > 0 else { break }
      screen += piece.prefix(count)
    }
    return (process.terminationStatus, String(decoding: screen, as: UTF8.self))
  }

  @Test func aYesOnTheTerminal() throws {
    try withProgram(answering) { attnlab in
      for answer in ["no", "", "y"] {
        let refused = try onTerminal(attnlab, answer: answer)
        #expect(refused.code == 1 && refused.screen.contains("the answer was not yes: nothing was run"), "\(refused)")
        #expect(
          refused.screen.contains("  \(attnlab.folder.appending(path: "constant.sh").path), the metric constant"),
          "\(refused)")
      }
      #expect(attnlab.files == ["constant.sh", "small.yaml"])
      let allowed = try onTerminal(attnlab, answer: "yes")
      #expect(allowed.code == 0 && attnlab.files.contains("asked"), "\(allowed)")
    }
  }

  /// Its program is told from those of others by what it writes down.
  private func waitForProgram(_ attnlab: Program, _ process: Process) throws -> pid_t {
    let end = Date(timeIntervalSinceNow: 60)
    let place = attnlab.folder.appending(path: "pid")
    while process.isRunning, Date() < end {
      if let text = try? String(contentsOf: place, encoding: .utf8), text.hasSuffix("\n"),
        let found = pid_t(text.dropLast())
      {
        return found
      }
      usleep(10_000)
    }
    Issue.record("the program was not started")
    return -1
  }

  @Test(
    "a signal to attnlab ends the program that it waits for",
    arguments: [SIGINT, SIGTERM],
    [
      ["run", "small.yaml", "--allow-programs"],
      ["measure", "car.png", "--prompt", "a red car", "--metrics", "./constant.sh"],
    ])
  func signals(number: Int32, arguments: [String]) throws {
    try withProgram("trap '' TERM INT HUP; echo $$ > pid; while :; do sleep 1; done") { attnlab in
      try FileManager.default.copyItem(
        at: Fixtures.folder.appending(path: "pictures/colour-0.png"), to: attnlab.folder.appending(path: "car.png"))
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments = ["--default-signal=INT,TERM", Program.executable.path] + arguments
      process.currentDirectoryURL = attnlab.folder
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      let program = try waitForProgram(attnlab, process)
      try #require(program > 0 && kill(program, 0) == 0)
      let start = ContinuousClock.now
      kill(process.processIdentifier, number)
      process.waitUntilExit()
      #expect(ContinuousClock.now - start < .seconds(10))
      #expect(process.terminationReason == .exit && process.terminationStatus == 1)
      while kill(program, 0) == 0, ContinuousClock.now - start < .seconds(10) { usleep(10_000) }
      #expect(kill(program, 0) != 0, "the program lives on")
    }
  }

  /// One answer more than questions: nobody knows which is whose, so that none is kept.
  @Test func surplusAnswersAreForgotten() throws {
    try withProgram("n=0; while read -r line; do n=$((n+1)); echo $n; done; [ -e sound ] || echo 7") { attnlab in
      let outcome = try attnlab("run", "small.yaml", "--allow-programs")
      #expect(
        outcome.code == 1 && outcome.errors.contains("wrote more lines than it was asked questions: \"7\" came after"),
        "\(outcome.errors)")
      let runs = try #require(try attnlab("show", "small", "--json").json()["runs"] as? [[String: Any]])
      let metrics = runs.compactMap { ($0["metrics"] as? [String: Any])?.keys.sorted() }
      #expect(metrics.allSatisfy { !$0.contains("constant") } && metrics.contains(["psnr"]), "\(metrics)")
      try attnlab.write("", to: "sound")
      let again = try attnlab("run", "small.yaml", "--allow-programs")
      #expect(again.code == 0, "\(again.errors)")
    }
  }
}
