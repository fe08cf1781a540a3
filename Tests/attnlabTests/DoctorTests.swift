import Foundation
import Testing

/// `doctor` by the command line.
@Suite struct DoctorTests {
  @Test func doctorFindsAUsableMachine() throws {
    try Program.inFolder { attnlab in
      let outcome = try attnlab("doctor", "--json")
      #expect(outcome.code == 0, "\(outcome.errors)")
      let report = try outcome.json()
      #expect(report["usable"] as? Bool == true)
      let checks = try #require(report["checks"] as? [[String: Any]])
      #expect(
        checks.compactMap { $0["name"] as? String } == [
          "oneDNN", "OpenBLAS", "engine", "SQLite", "libpng", "FreeType", "processor", "kernels", "threads", "waiting",
          "memory", "results", "self-check",
        ])
      let selfCheck = try #require(checks.last?["found"] as? String)
      #expect(selfCheck.hasPrefix("a step of emoji-scenes on "), "\(selfCheck)")
      let text = try attnlab("doctor")
      #expect(text.code == 0 && text.output.split(separator: "\n").last?.hasPrefix("usable") == true)
      // Looking leaves nothing behind.
      #expect(attnlab.files == [])
    }
  }

  @Test func doctorSaysWhatIsMissing() throws {
    try Program.inFolder { attnlab in
      try attnlab.write("", to: "file")
      let threads = ProcessInfo.processInfo.activeProcessorCount + 1
      let outcome = try attnlab.shell(
        "ATTNLAB_ENGINE=openblas OMP_NUM_THREADS=\(threads) \"$attnlab\" doctor --results file/Results")
      #expect(outcome.code == 1)
      let lines = outcome.output.split(separator: "\n").map(String.init)
      #expect(
        lines.contains { $0.hasPrefix("problem  results ") && $0.hasSuffix("is not a folder; name another place") })
      #expect(lines.contains { $0.hasPrefix("warning  threads ") && $0.contains("OMP_NUM_THREADS=\(threads)") })
      #expect(lines.contains { $0.hasPrefix("ok       engine ") && $0.hasSuffix("openblas, as ATTNLAB_ENGINE asks") })
      #expect(lines.last == "not usable: 1 problem")
      #expect(outcome.errors.hasPrefix("error: results: "))
    }
  }
}
