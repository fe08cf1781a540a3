import Foundation
import Results

/// What git knows of an experiment file when its runs are begun.
public struct ExperimentFileHistory: Sendable {
  /// What is checked out in the repository of the file's folder; nil where there is none, or no git.
  public let commit: String?
  /// Whether that commit has the file as it stands; false without a commit.
  public let isCommitted: Bool
  /// Since when the file makes its claims; nil for a file that makes none.
  public let thresholds: ThresholdOrigin?

  /// - Parameter overrides: of the file, as `--set` takes them; claims that these change stand in no commit.
  public init(_ file: URL, overrides: [String] = []) {
    let git = Git(folder: file.absoluteURL.deletingLastPathComponent())
    let name = file.lastPathComponent
    let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    commit = git("rev-parse", "HEAD")?.trimmingCharacters(in: .whitespacesAndNewlines)
    isCommitted = commit != nil && git("show", "HEAD:./\(name)") == text
    let isOverridden = overrides.contains { override in ["claims", "\"claims\""].contains { override.hasPrefix($0) } }
    let isVersioned = commit != nil
    thresholds = Self.claims(of: text).map { claims in
      guard isVersioned else { return .notVersioned }
      return isOverridden ? .notCommitted : Self.origin(of: claims, name, git) ?? .notCommitted
    }
  }

  /// The oldest of the newest commits that have the claims as they stand; nil if the newest has others.
  private static func origin(of claims: String, _ name: String, _ git: Git) -> ThresholdOrigin? {
    // A line for each commit that changed the file, newest first, and below it the file's path then.
    let log = git("log", "--follow", "--no-merges", "--format=%H %ct", "--name-only", "--", name) ?? ""
    let lines = log.split(separator: "\n").map(String.init)
    var origin: ThresholdOrigin?
    for place in stride(from: 0, to: lines.count - 1, by: 2) {
      let words = lines[place].split(separator: " ").map(String.init)
      guard words.count == 2, let time = Double(words[1]),
        let then = git("show", "\(words[0]):\(lines[place + 1])"), Self.claims(of: then) == claims
      else { break }
      origin = .commit(words[0], Date(timeIntervalSince1970: time))
    }
    // What was committed is not what stands there.
    return git("show", "HEAD:./\(name)").flatMap(Self.claims) == claims ? origin : nil
  }

  /// The lines of the key `claims` without comments; nil where the file has none at the beginning of a line.
  static func claims(of text: String) -> String? {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard let first = lines.firstIndex(where: { $0.hasPrefix("claims:") }) else { return nil }
    let rest = lines[(first + 1)...].prefix { line in line.first.map { " #".contains($0) } ?? true }
    let own = ([lines[first]] + rest).map { $0.trimmingCharacters(in: .whitespaces) }
    return own.filter { !$0.isEmpty && !$0.hasPrefix("#") }.joined(separator: "\n")
  }
}

/// Asks git in a folder, which may be a stranger's: nothing that its configuration names is started, and nothing is fetched.
private struct Git {
  let folder: URL

  private static let settings = [
    "core.quotePath=off", "log.showSignature=false", "protocol.allow=never", "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
  ]

  /// - Returns: what it prints; nil where it fails or is not there.
  func callAsFunction(_ arguments: String...) -> String? {
    let git = Process()
    git.executableURL = URL(filePath: "/usr/bin/env")
    git.arguments = ["git", "--no-pager", "-C", folder.path] + Self.settings.flatMap { ["-c", $0] } + arguments
    let output = Pipe()
    git.standardOutput = output
    git.standardError = FileHandle.nullDevice
    guard (try? git.run()) != nil else { return nil }
    let data = output.fileHandleForReading.readDataToEndOfFile()
    git.waitUntilExit()
    return git.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
  }
}
