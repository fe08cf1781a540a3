import ExperimentFiles
import Files
import Foundation
import Planning
import Tensors

/// What differs between two runs of an experiment: times, machine, program, commit of its file. Kept beside the results, not committed.
struct Manifest: Codable {
  let tool: String
  /// Of the program's own file: which build made the runs; nil where it cannot be read. A program does not know its commit.
  let toolSha256: String?
  /// The shell line that was given, and the folder that it was given in.
  let command: String?
  let workingFolder: String
  /// What is checked out in the repository of the experiment file's folder; nil without a file or a repository.
  let fileCommit: String?
  /// Whether that commit has the experiment file as it was run; nil without a commit.
  let fileIsCommitted: Bool?
  let started: Date
  let seconds: Double
  let stepsMade: Int
  let runsMade: Int
  let runsKept: Int
  let modelHash: String
  let engine: String
  let processor: String
  let cores: Int
  let memoryBytes: UInt64
  let system: String

  init(
    plan: ExperimentPlan, summary: RunSummary, started: Date, command: String?, file: ExperimentFileHistory?
  ) {
    let info = ProcessInfo.processInfo
    tool = "attnlab \(attnlabVersion)"
    self.command = command
    workingFolder = FileManager.default.currentDirectoryPath
    toolSha256 = Bundle.main.executableURL.flatMap { try? Data(contentsOf: $0, options: .alwaysMapped) }.map(sha256)
    fileCommit = file?.commit
    fileIsCommitted = file.flatMap { $0.commit == nil ? nil : $0.isCommitted }
    self.started = started
    seconds = summary.seconds
    stepsMade = summary.stepsMade
    runsMade = summary.runsMade
    runsKept = summary.runsKept
    modelHash = plan.modelHash
    engine = plan.engine
    processor = Self.processor()
    cores = info.activeProcessorCount
    memoryBytes = info.physicalMemory
    system = info.operatingSystemVersionString
  }

  func write(_ name: String, in folder: OpenFolder) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    encoder.keyEncodingStrategy = .convertToSnakeCase
    try folder.write(encoder.encode(self) + Data("\n".utf8), to: name)
  }

  private static func processor() -> String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":", maxSplits: 1).last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
  }
}
