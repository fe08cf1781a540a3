import Formatting
import Foundation
import Yams

/// Limits on a document, so that a hostile one costs no more than an error.
package enum YAMLLimits {
  /// Bytes of a document.
  package static let bytes = 1 << 20
  /// Scalars, lists and mappings in a document.
  static let values = 200_000
  /// Lists and mappings inside one another.
  static let depth = 32
}

/// Reads one YAML document into a tree.
///
/// Experiment files are YAML without anchors, aliases and tags.
/// - Parameter option: Names the option that the text comes from, or nil where the text is the file's.
/// - Returns: nil for a document that holds nothing.
/// - Throws: `SpecError` with everything in the way of a tree: syntax, repeated keys, aliases, tags, size.
package func readYAML(_ text: String, file: String, option: String? = nil) throws(SpecError) -> SpecNode? {
  func failure(_ message: String, line: Int? = nil, column: Int? = nil) -> SpecError {
    let problem = SpecProblem(
      file: option ?? file, line: option == nil ? line : nil, column: option == nil ? column : nil, message: message)
    return SpecError(file: file, problems: [problem])
  }
  guard text.utf8.count <= YAMLLimits.bytes else {
    throw failure("\(text.utf8.count) bytes; an experiment has at most \(YAMLLimits.bytes)")
  }
  if let alias = firstAlias(in: text) {
    throw failure(
      "&\(alias.name) and *\(alias.name): anchors and aliases are not allowed; write the value out where it is used",
      line: alias.line, column: alias.column)
  }
  let root: Node?
  do {
    // The basic resolver leaves scalars unresolved: what one is taken for matters only where it is read, and Yams
    // would resolve keys many times over in its search for repeated ones.
    root = try Parser(yaml: forYams(text), resolver: .basic, encoding: .utf8).singleRoot()
  } catch let error as YamlError {
    let found = explained(error, in: text)
    throw failure(found.message, line: found.line, column: found.column)
  } catch {
    throw failure("\(error)")
  }
  guard let root else { return nil }
  var converter = NodeConverter(file: file, option: option)
  let node = converter.convert(root, depth: 0)
  guard converter.problems.isEmpty else { throw SpecError(file: file, problems: converter.problems) }
  return node
}

/// The text without a byte order mark, in a form whose bytes stay where they are.
///
/// Yams keeps the address of a string's bytes. Those of 15 bytes and less live inside the value, on the stack, and those of
/// a bridged one may be anywhere: blank lines make the first longer, the copy moves the second.
private func forYams(_ text: String) -> String {
  let body = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
  return String(decoding: Array((body + String(repeating: "\n", count: 16)).utf8), as: UTF8.self)
}

/// The first `*name` of a text that has `&name` before it.
///
/// Aliases of aliases let a few lines stand for billions of values, and Yams compares whole keys while it parses, so
/// this must be known before. Each true alias is found; in quoted text the two signs before one same name would be too.
private func firstAlias(in text: String) -> (name: String, line: Int, column: Int)? {
  var anchors: Set<[Unicode.Scalar]> = []
  var line = 1
  var column = 0
  let scalars = Array(text.unicodeScalars)
  for (index, sign) in scalars.enumerated() {
    (line, column) = sign == "\n" ? (line + 1, 0) : (line, column + 1)
    guard sign == "&" || sign == "*" else { continue }
    let name = Array(scalars[(index + 1)...].prefix(while: isAnchorName))
    guard !name.isEmpty else { continue }
    if sign == "&" {
      anchors.insert(name)
    } else if anchors.contains(name) {
      return (String(String.UnicodeScalarView(name)), line, column)
    }
  }
  return nil
}

/// Whether the name of an anchor may hold the scalar.
func isAnchorName(_ scalar: Unicode.Scalar) -> Bool {
  scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789_-".unicodeScalars.contains(scalar))
}

/// Whether a line, numbered from 1, has a tab among the white space that it begins with.
private func isIndentedByTab(_ text: String, line: Int) -> Bool {
  let lines = text.split(separator: "\n", maxSplits: line, omittingEmptySubsequences: false)
  return lines.indices.contains(line - 1) && lines[line - 1].prefix { $0 == " " || $0 == "\t" }.contains("\t")
}

/// Yams's error in words for somebody who writes an experiment file.
private func explained(_ error: YamlError, in text: String) -> (message: String, line: Int?, column: Int?) {
  switch error {
  case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
    .composer(let context, let problem, let mark, _):
    let message: String
    if isIndentedByTab(text, line: mark.line) {
      message = "not valid YAML: a tab indents this line; YAML indents with spaces alone"
    } else if context?.text.contains("scanning an alias") == true || problem == "found undefined alias" {
      message = "not valid YAML: a text that begins with * must stand in quotes"
    } else if problem == "but found another document" {
      message = "the file holds more than one document; an experiment is one"
    } else {
      let during = context.map { " \($0.text)" } ?? ""
      message = "not valid YAML: \(problem)\(during); quotes around a text help where it holds : # or { }"
    }
    return (message, mark.line, mark.column)
  case .reader(let problem, let offset, _, _):
    guard let offset else { return ("not valid YAML: \(problem)", nil, nil) }
    let before = text.prefix(offset).unicodeScalars
    let column = before.reversed().prefix { $0 != "\n" }.count + 1
    return ("not valid YAML: \(problem)", before.count { $0 == "\n" } + 1, column)
  case .duplicatedKeysInMapping(let keys, let context):
    let names = keys.sorted().map(quoted).joined(separator: ", ")
    let message = "\(names) more than once among the keys of one mapping, first here; keep one"
    return (message, context.mark.line, context.mark.column)
  default:
    return ("not valid YAML: \(error)", nil, nil)
  }
}

/// Turns Yams's nodes into ours and gathers what has no place in an experiment file.
private struct NodeConverter {
  let file: String
  let option: String?
  var problems: [SpecProblem] = []
  private var values = 0

  init(file: String, option: String?) {
    self.file = file
    self.option = option
  }

  mutating func convert(_ node: Node, depth: Int) -> SpecNode {
    let place = place(of: node)
    values += 1
    guard values <= YAMLLimits.values, depth <= YAMLLimits.depth else {
      // Once: the rest of the document is left unread.
      if values < .max / 2 {
        let message =
          depth > YAMLLimits.depth
          ? "more than \(YAMLLimits.depth) lists and mappings inside one another"
          : "more than \(YAMLLimits.values) values"
        problems.append(place.problem(file: file, path: "", message: message))
        values = .max / 2
      }
      return SpecNode(content: .list([]), place: place)
    }
    switch node {
    case .scalar(let scalar):
      return SpecNode(content: .scalar(scalar.string, kind(of: scalar, at: place)), place: place)
    case .sequence(let sequence):
      refuse(tag: sequence.tag, unless: .seq, at: place)
      return SpecNode(content: .list(sequence.map { convert($0, depth: depth + 1) }), place: place)
    case .mapping(let mapping):
      refuse(tag: mapping.tag, unless: .map, at: place)
      return SpecNode(content: .mapping(mapping.compactMap { entry($0.key, $0.value, depth: depth + 1) }), place: place)
    case .alias:
      // The parser replaces aliases; a document with one was refused before.
      return SpecNode(content: .scalar("", .null), place: place)
    }
  }

  private mutating func entry(_ key: Node, _ value: Node, depth: Int) -> SpecEntry? {
    guard case .scalar(let scalar) = key else {
      problems.append(
        place(of: key).problem(file: file, path: "", message: "a list or a mapping cannot be a key; a key is a name"))
      return nil
    }
    return SpecEntry(key: scalar.string, keyPlace: place(of: key), value: convert(value, depth: depth))
  }

  private mutating func kind(of scalar: Node.Scalar, at place: SpecPlace) -> ScalarKind {
    guard scalar.style == .plain, scalar.tag.rawValue == Tag.Name.implicit.rawValue else {
      refuse(tag: scalar.tag, unless: .str, at: place)
      return .text
    }
    return switch Resolver.default.resolveTag(of: Node(scalar.string)) {
    case .bool: .truth
    case .int: .integer
    case .float: .number
    case .null: .null
    case .timestamp: .date
    default: .text
    }
  }

  private mutating func refuse(tag: Tag, unless usual: Tag.Name, at place: SpecPlace) {
    let allowed = [Tag.Name.implicit, .nonSpecific, usual].map(\.rawValue)
    guard !allowed.contains(tag.rawValue) else { return }
    let spelling = tag.rawValue.replacingOccurrences(of: "tag:yaml.org,2002:", with: "!!")
    problems.append(place.problem(file: file, path: "", message: "\(spelling): tags are not allowed; leave it out"))
  }

  private func place(of node: Node) -> SpecPlace {
    if let option { return .option(option) }
    return .line(node.mark?.line ?? 1, column: node.mark?.column ?? 1)
  }
}
