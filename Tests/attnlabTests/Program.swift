import Foundation
import Pipelines
import TestSupport
import Testing

/// The built program, run as a process in a folder of the test's own.
struct Program {
  struct Outcome {
    let code: Int32
    let output: String
    let errors: String
  }

  /// The working directory, removed afterwards by `inFolder`.
  let folder: URL

  /// Gives a body a program whose working directory is new and empty.
  static func inFolder<R>(_ body: (Program) throws -> R) throws -> R {
    try Fixtures.withTemporaryFolder { try body(Program(folder: $0)) }
  }

  /// Beside the test bundle.
  static let executable = (Bundle.main.executableURL ?? URL(filePath: "/proc/self/exe").resolvingSymlinksInPath())
    .deletingLastPathComponent().appending(path: "attnlab")

  /// Runs it to its end. Output goes through files, so that no full pipe can stop it.
  func callAsFunction(_ arguments: String...) throws -> Outcome { try run(arguments) }

  func run(_ arguments: [String]) throws -> Outcome { try run(Self.executable, arguments) }

  /// Runs a line of shell script, in which `$attnlab` is the program.
  func shell(_ script: String) throws -> Outcome { try run(URL(filePath: "/bin/bash"), ["-c", script]) }

  private func run(_ executable: URL, _ arguments: [String]) throws -> Outcome {
    try Fixtures.withTemporaryFolder { streams in
      let places = ["out", "err"].map { streams.appending(path: $0) }
      for place in places { try Data().write(to: place) }
      let process = Process()
      process.executableURL = executable
      process.arguments = arguments
      process.currentDirectoryURL = folder
      process.environment = ProcessInfo.processInfo.environment.merging(["attnlab": Self.executable.path]) { $1 }
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = try FileHandle(forWritingTo: places[0])
      process.standardError = try FileHandle(forWritingTo: places[1])
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationReason == .exit, "\(arguments) ended by signal \(process.terminationStatus)")
      let texts = try places.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
      return Outcome(code: process.terminationStatus, output: texts[0], errors: texts[1])
    }
  }

  /// Everything in the folder, as paths from it; hidden files too.
  var files: [String] {
    (FileManager.default.enumerator(atPath: folder.path)?.allObjects as? [String] ?? []).sorted()
  }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: folder.appending(path: name))
  }

  /// A copy of the bundled model that may be changed.
  func copyModel(to name: String) throws -> URL {
    let source = try #require(BundledModels.url(of: "emoji-scenes"))
    let url = folder.appending(path: name)
    try FileManager.default.copyItem(at: source, to: url)
    return url
  }
}

/// A small experiment, a line of which a test may replace.
func experiment(_ replaced: String = "", with new: String = "") -> String {
  let text = """
    version: 1
    name: small
    model: emoji-scenes
    generate:
      pairs: [{ source: a red car, target: a blue car }]
      seeds: [1]
      num_inference_steps: 2
    record:
      - { name: words, sites: "cross:*" }
    interventions:
      none: []
      swap: [{ op: replace, sites: "cross:*" }]

    """
  return replaced.isEmpty ? text : text.replacingOccurrences(of: replaced, with: new)
}

extension Program.Outcome {
  /// The JSON object that is the whole of the output.
  func json() throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
  }
}
