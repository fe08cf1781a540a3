import Foundation

/// A file or a folder that was not opened, written or removed: which, why, and what to do.
public struct FileError: Error, Hashable, Sendable {
  public enum Reason: Hashable, Sendable {
    /// A link stands where no link is followed.
    case link
    /// Something else than a file stands where a file belongs.
    case notAFile(found: EntryKind)
    /// Something else than a folder stands where a folder belongs.
    case notAFolder(found: EntryKind)
    /// The file has other names too: what is written to it would change there as well.
    case severalNames(count: Int)
    /// The text cannot name an entry of a folder.
    case badName
    case tooLarge(bytes: Int, limit: Int)
    /// The system's own reason, an error number.
    case system(Int32)
  }

  /// What was tried, as it stands in the message.
  public enum Attempt: String, Hashable, Sendable {
    case open = "opened"
    case read
    case write = "written"
    case remove = "removed"
  }

  public let path: String
  public let attempt: Attempt
  public let reason: Reason

  public init(_ path: String, _ attempt: Attempt, _ reason: Reason) {
    self.path = path
    self.attempt = attempt
    self.reason = reason
  }

  /// With the reason that the last call of the system left.
  static func system(_ path: String, _ attempt: Attempt, _ number: Int32 = errno) -> FileError {
    FileError(path, attempt, .system(number))
  }

  /// Whether there is nothing of this name.
  public var isMissing: Bool { reason == .system(ENOENT) }
}

extension FileError: CustomStringConvertible {
  public var description: String {
    reason == .badName ? "\"\(path)\" \(problem)" : "\(path): \(problem)"
  }

  /// What is wrong, without the path.
  public var problem: String {
    switch reason {
    case .link:
      "is a link, and attnlab follows no link inside a results folder. Remove the link, or put what it leads to in its "
        + "place; the results folder as a whole may be a link"
    case .notAFile(let found): "expected a file, found \(found.text)"
    case .notAFolder(let found): "expected a folder, found \(found.text)"
    case .severalNames(let count):
      "the file has \(count) names (hard links), and writing to it would change it under all of them. Put a copy in its place"
    case .badName: "cannot name a file inside a folder: expected names between slashes, none of them . or .."
    case .tooLarge(let bytes, let limit): "has \(bytes) bytes; at most \(limit)"
    case .system(let number): "cannot be \(attempt.rawValue) (\(String(cString: strerror(number))))"
    }
  }
}

/// What stands under a name, when no link is followed.
public enum EntryKind: Hashable, Sendable {
  case file
  case folder
  case link
  /// A device, a named pipe or a socket.
  case other

  init(_ status: stat) {
    switch status.st_mode & S_IFMT {
    case S_IFREG: self = .file
    case S_IFDIR: self = .folder
    case S_IFLNK: self = .link
    default: self = .other
    }
  }

  /// As messages name it.
  public var text: String {
    switch self {
    case .file: "a file"
    case .folder: "a folder"
    case .link: "a link"
    case .other: "a device or a pipe"
    }
  }
}
