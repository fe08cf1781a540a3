import ExperimentFiles
import Files
import Foundation
import Planning
import Tensors

/// What differs between two runs of an experiment: times, machine, commit. Kept beside the results, not committed.
struct Manifest: Codable {
  let tool: String
  /// The shell line that was given, and the folder that it was given in.
  let command: String?
  let workingFolder: String
  let commit: String?
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

  init(plan: ExperimentPlan, summary: RunSummary, started: Date, command: String?) {
    let info = ProcessInfo.processInfo
    tool = "attnlab \(attnlabVersion)"
    self.command = command
    workingFolder = FileManager.default.currentDirectoryPath
    commit = Self.commit()
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

  /// The commit of the working directory's repository; nil where there is none or git is not there.
  private static func commit() -> String? {
    let git = Process()
    git.executableURL = URL(filePath: "/usr/bin/env")
    git.arguments = ["git", "rev-parse", "HEAD"]
    let output = Pipe()
    git.standardOutput = output
    git.standardError = FileHandle.nullDevice
    guard (try? git.run()) != nil else { return nil }
    let data = output.fileHandleForReading.readDataToEndOfFile()
    git.waitUntilExit()
    let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    return git.terminationStatus == 0 && !text.isEmpty ? text : nil
  }
}
