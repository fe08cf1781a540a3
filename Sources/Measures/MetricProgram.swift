import Files
import Formatting
import Foundation

/// A metric of the user's own: a program in one file, in any language, whose first comment says what it measures.
///
///     #!/usr/bin/env python3
///     # attnlab metric
///     # name: brightness
///     # title: mean brightness
///     # of: picture
///     # range: 0 to 255
///     # direction: higher is brighter
///     # reference: the mean of all channels
///     # accuracy: exact
///
/// `of` is `picture` or `edit`; `unit` and `digits` may be added. The program is started once. For each picture it is given a
/// line of JSON, `{"picture": path, "prompt": text}`, of an edit also `"source"` and `"source_prompt"`, and answers with a
/// line that holds a number, or `null` where it says nothing of the picture; it must flush each line. When its input ends it
/// is to end too; what is left of it and of its process group two seconds later is killed. It runs with the user's rights, so
/// whoever runs an experiment of somebody else's is asked first.
public struct MetricProgram: Hashable, Sendable {
  /// As it was given.
  public let path: String
  /// Whether it is given the source too.
  public let isOfEdits: Bool

  /// The most of a file that is searched for its first comment, in bytes.
  static let mostBytes = 1 << 16
}

extension Metric {
  /// The words that a metric's first comment may have, each with whether it must.
  static let programKeys: [(name: String, isNeeded: Bool)] = [
    ("name", true), ("title", false), ("of", true), ("unit", false), ("digits", false), ("range", true),
    ("direction", true), ("reference", true), ("accuracy", true),
  ]

  /// The same, by name alone.
  public static var programFieldNames: [String] { programKeys.map(\.name) }

  /// Reads the first comment of a metric's program.
  /// - Parameter path: relative to the working folder, or absolute.
  /// - Throws: `InstrumentError` with everything that is wrong with it.
  public init(program path: String) throws(InstrumentError) {
    let data: Data
    do {
      // A pipe in its place would keep the reader waiting, and a device has no end.
      let file = try OpenFile(URL(fileURLWithPath: path))
      data = try file.bytes(0..<min(file.size, MetricProgram.mostBytes))
    } catch {
      switch error.reason {
      case .system(ENOENT): throw InstrumentError("\(path): there is no such program")
      case .notAFile: throw InstrumentError("\(error)")
      default: throw Self.notExecutable(path)
      }
    }
    guard access(path, X_OK) == 0 else { throw Self.notExecutable(path) }
    let lines = String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    let comments = lines.map { $0.drop { "#/-*; \t".contains($0) }.trimmingCharacters(in: .whitespaces) }
    guard let start = comments.firstIndex(of: "attnlab metric") else {
      throw InstrumentError("\(path): the comment \"attnlab metric\" is missing, which says what it measures")
    }
    var fields: [String: String] = [:]
    for line in comments[(start + 1)...] {
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        .map { $0.trimmingCharacters(in: .whitespaces) }
      guard parts.count == 2, Self.programKeys.contains(where: { $0.name == parts[0] }) else { break }
      // A key without a text says nothing.
      fields[parts[0]] = parts[1].isEmpty ? nil : parts[1]
    }
    try self.init(program: path, fields: fields)
  }

  private static func notExecutable(_ path: String) -> InstrumentError {
    InstrumentError("\(path): a metric of your own is a program that can be run; chmod +x makes it one")
  }

  /// The metric of a program and what its comment says.
  /// - Throws: `InstrumentError` with everything that is wrong.
  public init(program path: String, fields: [String: String]) throws(InstrumentError) {
    var problems = Self.programKeys.filter { $0.isNeeded && fields[$0.name] == nil }.map { "\($0.name) is missing" }
    for key in ["title", "unit", "range", "direction", "reference", "accuracy"] {
      guard let control = fields[key].flatMap(firstControl) else { continue }
      problems.append("\(key) is one line of text, which holds no control character, found \(control)")
    }
    let name = fields["name"] ?? ""
    let isPlain = name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 }
    if fields["name"] != nil, !isPlain || !(1...64).contains(name.utf8.count) {
      problems.append("name is \"\(escaped(name))\"; it is 1 to 64 of a-z, 0-9 and _")
    }
    if MetricRegistry.named(name) != nil { problems.append("name is \"\(name)\", which attnlab has already") }
    if let of = fields["of"], of != "picture", of != "edit" {
      problems.append("of is \"\(escaped(of))\"; it is picture or edit")
    }
    let digits = fields["digits"].map { Int($0) } ?? 3
    if digits.map({ !(0...12).contains($0) }) ?? true { problems.append("digits is no number from 0 to 12") }
    guard problems.isEmpty else { throw InstrumentError("\(path): \(problems.joined(separator: "; "))") }
    self.init(
      name: name, title: fields["title"] ?? name, unit: fields["unit"], digits: digits ?? 3,
      range: fields["range"] ?? "", direction: fields["direction"] ?? "", reference: fields["reference"] ?? "",
      accuracy: .stated(fields["accuracy"] ?? ""),
      measure: .program(MetricProgram(path: path, isOfEdits: fields["of"] == "edit")))
  }

  /// An answer of the metric's program, which lies in the range that its comment names.
  /// - Throws: `InstrumentError` for a share below 0 or above 1: claims hold shares to be none.
  package func checked(_ answer: Double?, of program: MetricProgram) throws(InstrumentError) -> Double? {
    guard let answer, isShare, !(0...1).contains(answer) else { return answer }
    throw InstrumentError("\(program.path): answered \(answer), and its range is \(range)")
  }

  /// What a program's comment says, to be kept with results: they can be read when the program is gone.
  public var programFields: [(name: String, value: String)] {
    guard case .program(let program) = measure, case .stated(let accuracy) = accuracy else { return [] }
    let values = [
      "name": name, "title": title, "of": program.isOfEdits ? "edit" : "picture", "unit": unit, "digits": "\(digits)",
      "range": range, "direction": direction, "reference": reference, "accuracy": accuracy,
    ]
    return Self.programKeys.compactMap { key in values[key.name].flatMap { $0 }.map { (key.name, $0) } }
  }
}
