import Formatting

/// One `key.path=value` of the command line.
///
/// The path's parts are keys, and positions in lists from 0; a key that holds a dot, a space or `=` stands in double
/// quotes: `interventions."self 4-14".0.sites`. The value is YAML, or `@` and the path of a file that holds it: no YAML
/// begins with `@`.
package struct Override {
  let path: [String]
  let value: SpecNode
  /// `--set generate.seeds`, for messages.
  let option: String

  /// - Parameter contents: The text of a file that the value names, by its path and the option, for messages.
  /// - Throws: `SpecError` if the text is no `key.path=value`, or the value is not YAML; and what `contents` throws.
  package init(
    _ text: String, file: String, contents: (_ path: String, _ option: String) throws(SpecError) -> String
  ) throws(SpecError) {
    guard let (path, rest) = Self.split(text) else {
      let message =
        "expected key.path=value, as in --set 'generate.seeds=[1, 2]'; a key with a dot, a space or = stands in quotes"
      throw SpecError(file: file, problems: [SpecProblem(file: "--set \(clipped(printable(text)))", message: message)])
    }
    self.path = path
    option = "--set \(clipped(printable(String(text.dropLast(rest.count + 1)))))"
    guard path.count <= YAMLLimits.depth else {
      let message = "more than \(YAMLLimits.depth) keys inside one another; an experiment file has no such place"
      throw SpecError(file: file, problems: [SpecProblem(file: option, message: message)])
    }
    let place = SpecPlace.option(option)
    let yaml = rest.first == "@" ? try contents(String(rest.dropFirst()), option) : String(rest)
    value = try readYAML(yaml, file: file, option: option) ?? SpecNode(content: .scalar("", .null), place: place)
  }

  /// The parts of the path, and the text after the first `=` that stands outside quotes.
  private static func split(_ text: String) -> (path: [String], value: Substring)? {
    var path: [String] = []
    var rest = text[...]
    while true {
      if rest.first == "\"" {
        rest.removeFirst()
        guard let end = rest.firstIndex(of: "\"") else { return nil }
        path.append(String(rest[..<end]))
        rest = rest[rest.index(after: end)...]
      } else {
        let part = rest.prefix { $0 != "." && $0 != "=" && $0 != "\"" }
        guard !part.isEmpty else { return nil }
        path.append(String(part))
        rest = rest[part.endIndex...]
      }
      guard let sign = rest.popFirst(), sign == "." || sign == "=" else { return nil }
      if sign == "=" { return (path, rest) }
    }
  }
}

extension SpecNode {
  /// Puts the override's value where its path leads. A key that is not there is made; whether it may be there is the
  /// decoder's question.
  /// - Throws: `SpecError` if the path goes through a value that has no parts, or past the end of a list.
  package mutating func apply(_ override: Override, file: String) throws(SpecError) {
    let found = set(override.value, at: override.path[...], of: override)
    guard let found else { return }
    throw SpecError(file: file, problems: [SpecProblem(file: override.option, message: found)])
  }

  /// - Returns: What is wrong, or nil.
  private mutating func set(_ value: SpecNode, at path: ArraySlice<String>, of override: Override) -> String? {
    guard let part = path.first else {
      self = value
      return nil
    }
    let above = override.path[..<path.startIndex].reduce("") { keyPath($0, $1) }
    switch content {
    case .list(var nodes):
      guard let index = Int(part), nodes.indices.contains(index) else {
        let range = nodes.isEmpty ? "it is empty" : "it has the entries 0 to \(nodes.count - 1)"
        return "\(quoted(part)) is no entry of the list \(above); \(range)"
      }
      let problem = nodes[index].set(value, at: path.dropFirst(), of: override)
      content = .list(nodes)
      return problem
    case .mapping(var entries):
      let place = SpecPlace.option(override.option)
      if !entries.contains(where: { $0.key == part }) {
        entries.append(
          SpecEntry(key: part, keyPlace: place, value: SpecNode(content: .scalar("", .null), place: place)))
      }
      guard let index = entries.firstIndex(where: { $0.key == part }) else { return nil }
      // A key that is made, or that was left empty, may become a mapping.
      if entries[index].value.isNull { entries[index].value = SpecNode(content: .mapping([]), place: place) }
      let problem = entries[index].value.set(value, at: path.dropFirst(), of: override)
      content = .mapping(entries)
      return problem
    case .scalar:
      return "\(above) is \(described), which has no \(quoted(part)) inside"
    }
  }
}
