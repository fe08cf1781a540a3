import Foundation

/// Since when an experiment file has made its claims as it makes them: whether anybody can check that their thresholds were
/// fixed before the first run.
public enum ThresholdOrigin: Hashable, Sendable {
  /// The commit that last changed them, and its time.
  case commit(String, Date)
  /// The file is under version control, and its claims stand in no commit.
  case notCommitted
  /// No version control knows the file.
  case notVersioned

  private static let start = "# claims: "
  private static let (noCommit, noVersion) = ("not committed", "not under version control")

  /// As a comment in the first lines of the kept file.
  var line: String {
    let text =
      switch self {
      case .commit(let hash, let time): "commit \(hash) of \(time.formatted(.iso8601))"
      case .notCommitted: Self.noCommit
      case .notVersioned: Self.noVersion
      }
    return Self.start + text
  }

  /// nil for any other line.
  init?(line: Substring) {
    guard line.hasPrefix(Self.start) else { return nil }
    let words = line.dropFirst(Self.start.count).split(separator: " ").map(String.init)
    switch words.joined(separator: " ") {
    case Self.noCommit: self = .notCommitted
    case Self.noVersion: self = .notVersioned
    default:
      guard words.count == 4, words[0] == "commit", let time = try? Date(words[3], strategy: .iso8601) else {
        return nil
      }
      self = .commit(words[1], time)
    }
  }
}
