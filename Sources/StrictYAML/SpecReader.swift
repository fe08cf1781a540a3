import Formatting

/// A value and the path that leads to it.
package struct Field {
  package let node: SpecNode
  package let path: String

  package init(node: SpecNode, path: String) {
    self.node = node
    self.path = path
  }

  /// Whether an option of the command line gives the value.
  package var isOfOption: Bool { if case .option = node.place { true } else { false } }
}

/// The keys of a mapping that were known; the unknown ones are reported already.
package struct Fields {
  /// The mapping.
  package let field: Field
  fileprivate let entries: [String: SpecNode]

  package var path: String { field.path }
  package var place: SpecPlace { field.node.place }

  /// - Returns: nil where the key is absent.
  package subscript(key: String) -> Field? {
    entries[key].map { Field(node: $0, path: keyPath(path, key)) }
  }
}

/// Reads values strictly and gathers every problem on the way.
///
/// Each function returns nil after it has reported why; the caller goes on with any stand-in, since a reader with
/// problems yields no spec.
package final class SpecReader<Context> {
  package let file: String
  /// What the values of a file depend on besides.
  package var context: Context
  package private(set) var problems: [SpecProblem] = []
  /// The names that entries of the list have so far, each with its path.
  private var names: [String: String] = [:]

  package init(file: String, context: Context) {
    self.file = file
    self.context = context
  }

  /// Reports a problem with the value at `field`; the message follows its path.
  package func report(_ field: Field, _ message: String) {
    let text = field.path.isEmpty ? message : "\(field.path): \(message)"
    problems.append(field.node.place.problem(file: file, path: field.path, message: text))
  }

  /// Reports a problem with a key or with what is missing; the message stands alone.
  package func report(at place: SpecPlace, path: String, _ message: String) {
    problems.append(place.problem(file: file, path: path, message: message))
  }

  /// Whether something is wrong with the value at `path` or inside it.
  package func hasProblem(below path: String) -> Bool {
    problems.contains { $0.path == path || $0.path.hasPrefix(path + ".") }
  }

  /// What a text that holds a colon and stands without quotes was written as: YAML reads a mapping of one key in it. nil
  /// for any other value.
  package func textWithColon(_ field: Field) -> String? {
    guard case .mapping(let entries) = field.node.content, let entry = entries.first, entries.count == 1,
      case .scalar(let value, _) = entry.value.content, nearestName(to: entry.key, in: ["template", "lists"]) == nil
    else { return nil }
    return value.isEmpty ? "\(entry.key):" : "\(entry.key): \(value)"
  }

  private func expected(_ what: String, _ field: Field, hint: String? = nil) {
    report(field, "expected \(what), found \(field.node.described)" + (hint.map { "; \($0)" } ?? ""))
  }

  // MARK: Mappings and lists

  /// A mapping that has no keys but `allowed`, and all of `required`.
  package func fields(_ field: Field, allowed: [String], required: [String] = []) -> Fields? {
    guard case .mapping(let entries) = field.node.content else {
      expected("a mapping with the keys \(listedNames(allowed))", field)
      return nil
    }
    let level = field.path.isEmpty ? "at the top level" : "in \(field.path)"
    for entry in entries where !allowed.contains(entry.key) {
      let nearest = nearestName(to: entry.key, in: allowed).map { "did you mean \(quoted($0))? " } ?? ""
      report(
        at: entry.keyPlace, path: keyPath(field.path, entry.key),
        "unknown key \(quoted(entry.key)) \(level); \(nearest)allowed: \(listedNames(allowed))")
    }
    for key in required where !entries.contains(where: { $0.key == key }) {
      report(at: field.node.place, path: keyPath(field.path, key), "the key \(quoted(key)) is missing \(level)")
    }
    return Fields(
      field: field,
      entries: Dictionary(entries.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first }))
  }

  /// The text of a key in a mapping, without any report; nil where it is not there or not text.
  package func value(of key: String, in field: Field) -> String? {
    guard case .mapping(let entries) = field.node.content,
      case .scalar(let text, .text)? = entries.first(where: { $0.key == key })?.value.content
    else { return nil }
    return text
  }

  /// A mapping whose keys the file is free to choose, in the file's order.
  package func namedFields(_ field: Field, of what: String) -> [(key: String, keyPlace: SpecPlace, value: Field)]? {
    guard case .mapping(let entries) = field.node.content else {
      expected("a mapping of \(what)", field)
      return nil
    }
    return entries.map { ($0.key, $0.keyPlace, Field(node: $0.value, path: keyPath(field.path, $0.key))) }
  }

  package func list(_ field: Field, of what: String) -> [Field]? {
    guard case .list(let nodes) = field.node.content else {
      expected("a list of \(what)", field)
      return nil
    }
    return nodes.enumerated().map { Field(node: $1, path: keyPath(field.path, "\($0)")) }
  }

  /// The same list, read entry by entry, with a report for each entry that equals an earlier one.
  func distinct<Value: Hashable>(_ fields: [Field], _ read: (Field) -> Value?) -> [Value] {
    var seen: [Value: String] = [:]
    return fields.compactMap { field in
      guard let value = read(field) else { return nil }
      if let first = seen[value] {
        report(field, "the same as \(first); each may stand once")
        return nil
      }
      seen[value] = field.path
      return value
    }
  }

  /// Reads a list whose entries have names of their own.
  func withNames<Result>(_ read: () -> Result) -> Result {
    let outer = names
    defer { names = outer }
    names = [:]
    return read()
  }

  /// Reports the name of an entry that an earlier one of its list has.
  package func noteName(_ name: String, _ field: Field) {
    if let first = names[name] {
      report(field, "\(quoted(name)) is the name at \(first) already; names differ")
    } else {
      names[name] = field.path
    }
  }

  // MARK: Scalars

  func text(_ field: Field, allowsEmpty: Bool = true) -> String? {
    guard case .scalar(let text, let kind) = field.node.content else {
      let written = textWithColon(field).map { "a text that holds a colon stands in quotes: \(quoted($0))" }
      expected("text", field, hint: written)
      return nil
    }
    guard kind == .text else {
      expected(
        "text", field, hint: kind == .null ? "an empty text is written \"\"" : "as text it is written \(quoted(text))")
      return nil
    }
    guard allowsEmpty || !text.isEmpty else {
      report(field, "the text is empty")
      return nil
    }
    return text
  }

  /// Text for pictures, tables and file headers: without line breaks and other control characters.
  package func line(_ field: Field, allowsEmpty: Bool = true) -> String? {
    guard let text = text(field, allowsEmpty: allowsEmpty) else { return nil }
    // Yams drops a byte order mark at the start of a text: one that seems to be there would be lost.
    guard let control = firstControl(in: text) else { return text }
    report(field, "one line of text holds no control character, found \(control); a long line may be folded with >-")
    return nil
  }

  package func integer<Value: FixedWidthInteger>(_ field: Field, in range: ClosedRange<Value>) -> Value? {
    guard case .scalar(let text, let kind) = field.node.content, kind == .integer else {
      expected("a whole number", field, hint: integerHint(field))
      return nil
    }
    let digits = text.first == "-" || text.first == "+" ? text.dropFirst() : text[...]
    guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), digits == "0" || digits.first != "0" else {
      report(field, "expected a whole number in plain decimal digits, found \(clipped(text))")
      return nil
    }
    guard let value = Value(text), range.contains(value) else {
      let allowed =
        range.lowerBound == range.upperBound
        ? "\(range.lowerBound) alone" : "a whole number from \(range.lowerBound) to \(range.upperBound)"
      report(field, "\(clipped(text)) is not allowed; \(allowed)")
      return nil
    }
    return value
  }

  private func integerHint(_ field: Field) -> String? {
    switch field.node.content {
    case .scalar(let text, .text) where Int(text) != nil: "write \(clipped(text)) without quotes"
    case .scalar(let text, .number): Double(text).flatMap { Int(exactly: $0) }.map { "write \($0)" }
    default: nil
    }
  }

  package func number(_ field: Field, in range: ClosedRange<Double>) -> Double? {
    guard case .scalar(let text, let kind) = field.node.content, kind == .integer || kind == .number else {
      var hint: String?
      if case .scalar(let text, .text) = field.node.content, Double(text) != nil {
        hint = "write \(clipped(text)) without quotes"
      }
      expected("a number", field, hint: hint)
      return nil
    }
    guard text.allSatisfy({ "0123456789+-.eE".contains($0) }), let value = Double(text), value.isFinite else {
      report(field, "expected a finite number in plain decimal digits, found \(clipped(text))")
      return nil
    }
    guard range.contains(value) else {
      report(
        field, "\(clipped(text)) is not allowed; a number from \(brief(range.lowerBound)) to \(brief(range.upperBound))"
      )
      return nil
    }
    // -0 and 0 mean the same and shall be written the same.
    return value == 0 ? 0 : value
  }

  package func bool(_ field: Field) -> Bool? {
    guard case .scalar(let text, .truth) = field.node.content, ["true", "false"].contains(text) else {
      expected("true or false", field)
      return nil
    }
    return text == "true"
  }

  /// One of the names of an enumeration.
  func choice<Value: RawRepresentable & CaseIterable>(_ field: Field, _ type: Value.Type) -> Value?
  where Value.RawValue == String {
    choice(field, of: type.allCases.map(\.rawValue)).flatMap(type.init(rawValue:))
  }

  /// One of some names.
  package func choice(_ field: Field, of names: [String]) -> String? {
    guard let text = text(field) else { return nil }
    guard names.contains(text) else {
      let nearest = nearestName(to: text, in: names).map { "did you mean \(quoted($0))? " } ?? ""
      report(field, "unknown value \(quoted(text)); \(nearest)allowed: \(listedNames(names))")
      return nil
    }
    return text
  }
}

/// The number without `.0` where it is whole.
func brief(_ value: Double) -> String {
  Int(exactly: value).map(String.init) ?? "\(value)"
}
