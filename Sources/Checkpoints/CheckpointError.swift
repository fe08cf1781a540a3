/// What is wrong with the files of a checkpoint: every problem that could be found in one go, and what to do next.
///
/// A problem reads `file: field of tensor "name" is found, expected expected`. Tensors that are missing, not asked for
/// or of another shape are listed in groups, in at most about twenty lines; `problems` holds all of them.
public struct CheckpointError: Error, Hashable, Sendable, CustomStringConvertible {
  /// How a problem is grouped in the text.
  public enum Kind: String, Hashable, Sendable {
    /// A file, a field or an entry that breaks the rules of its format.
    case malformed
    /// A tensor that the model needs and the files lack.
    case missing
    /// A tensor that the files hold and the model does not use.
    case unexpected
    /// A tensor of another shape than the model's.
    case shape
  }

  public struct Problem: Hashable, Sendable, CustomStringConvertible {
    public let kind: Kind
    /// The file, with its folder, as `unet/config.json`.
    public let file: String
    /// The tensor, if the problem lies in one.
    public let tensor: String?
    /// The key, or the part of the file, as `data_offsets` or `header length`.
    public let field: String
    public let found: String
    public let expected: String

    public init(
      _ kind: Kind = .malformed, file: String, tensor: String? = nil, field: String, found: String, expected: String
    ) {
      self.kind = kind
      self.file = file
      self.tensor = tensor
      self.field = field
      self.found = found
      self.expected = expected
    }

    public var description: String {
      let owner = tensor.map { " of tensor \(quoted($0))" } ?? ""
      return "\(visible(file, most: 400)): \(visible(field, most: 400))\(owner) is \(found), expected \(expected)"
    }
  }

  /// Never empty.
  public let problems: [Problem]
  /// What the reader can do about it; nil where the problems say it all.
  public let advice: String?

  public init(_ problems: [Problem], advice: String? = nil) {
    self.problems = problems
    self.advice = advice
  }

  public init(_ problem: Problem, advice: String? = nil) {
    self.init([problem], advice: advice)
  }

  /// How many lines of problems the text shows before it counts the rest.
  static let lineLimit = 20

  public var description: String {
    var groups: [[String]] = []
    let malformed = problems.filter { $0.kind == .malformed }.map(\.description)
    if !malformed.isEmpty { groups.append(malformed) }
    groups += Self.group(problems.filter { $0.kind == .missing }, "missing") { "\($0) \($1.expected)" }
    groups += Self.group(problems.filter { $0.kind == .unexpected }, "not part of the model") { "\($0) \($1.found)" }
    groups += Self.group(problems.filter { $0.kind == .shape }, "of another shape") {
      "\($0) is \($1.found), expected \($1.expected)"
    }
    let share = max(2, Self.lineLimit / max(1, groups.count))
    var lines = groups.flatMap { Self.shortened($0, to: share) }
    if let advice { lines.append(advice) }
    return lines.joined(separator: "\n")
  }

  /// One headline a file, and an indented line a tensor.
  private static func group(
    _ problems: [Problem], _ title: String, line: (String, Problem) -> String
  ) -> [[String]] {
    let files = problems.map(\.file).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    return files.map { file in
      let own = problems.filter { $0.file == file }
      let count = own.count == 1 ? "1 tensor is" : "\(own.count) tensors are"
      return ["\(visible(file, most: 400)): \(count) \(title):"]
        + own.map { "  " + line(visible($0.tensor ?? $0.field, most: 200), $0) }
    }
  }

  private static func shortened(_ lines: [String], to limit: Int) -> [String] {
    guard lines.count > limit else { return lines }
    let kept = lines.prefix(limit - 1)
    return kept + ["  ... and \(lines.count - kept.count) more"]
  }
}

/// A name in quotation marks, with control signs escaped and a long rest left out, so that a hostile file cannot
/// rewrite the terminal or flood it.
func quoted(_ text: String) -> String { "\"\(visible(text, most: 200, isQuoted: true))\"" }

/// The same without quotation marks.
/// - Parameters:
///   - most: signs, of which no more are shown.
///   - isQuoted: whether quotes and backslashes are escaped too.
func visible(_ text: String, most: Int, isQuoted: Bool = false) -> String {
  var result = ""
  for (place, scalar) in text.unicodeScalars.enumerated() {
    guard place < most else { return result + "..." }
    switch scalar {
    case "\"" where isQuoted: result += "\\\""
    case "\\" where isQuoted: result += "\\\\"
    default:
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
        result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }
  return result
}
