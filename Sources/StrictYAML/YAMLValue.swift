import Formatting

/// A value on its way into a file: what JSON has, with mappings in a chosen order.
package indirect enum YAMLValue: Sendable {
  /// Written as it stands: numbers, null, and names that need no quotes in YAML.
  case plain(String)
  case text(String)
  case list([YAMLValue])
  case mapping([(key: YAMLValue, value: YAMLValue)])

  static let null = YAMLValue.plain("null")

  /// A mapping whose keys need no quotes.
  static func keys(_ entries: [(String, YAMLValue)]) -> YAMLValue {
    .mapping(entries.map { (.plain($0.0), $0.1) })
  }
}

extension YAMLValue {
  /// YAML, a key at the beginning of a line; empty for what is no mapping.
  package var document: String {
    guard case .mapping(let entries) = self else { return "" }
    return entries.map { Self.block($0.key, $0.value, indent: "") }.joined()
  }

  /// YAML on one line.
  package var flow: String {
    switch self {
    case .plain(let text): text
    case .text(let text): literal(text)
    case .list(let values): "[\(values.map(\.flow).joined(separator: ", "))]"
    case .mapping(let entries) where entries.isEmpty: "{}"
    case .mapping(let entries): "{ \(entries.map { "\($0.key.flow): \($0.value.flow)" }.joined(separator: ", ")) }"
    }
  }

  package var json: String {
    switch self {
    case .plain(let text) where ["null", "true", "false"].contains(text) || Double(text) != nil: text
    case .plain(let text), .text(let text): literal(text)
    case .list(let values): "[\(values.map(\.json).joined(separator: ","))]"
    case .mapping(let entries): "{\(entries.map { "\($0.key.json):\($0.value.json)" }.joined(separator: ","))}"
    }
  }

  /// `key: value` over as many lines as it takes: mappings above mappings and lists of collections or of texts are broken
  /// up, everything else stays on the key's line.
  private static func block(_ key: YAMLValue, _ value: YAMLValue, indent: String) -> String {
    let start = "\(indent)\(key.flow):"
    switch value {
    case .mapping(let entries) where !entries.isEmpty && entries.contains { $0.value.isList }:
      return "\(start)\n" + entries.map { block($0.key, $0.value, indent: indent + "  ") }.joined()
    case .list(let values) where values.contains { !$0.isPlain }:
      return "\(start)\n" + values.map { "\(indent)  - \($0.flow)\n" }.joined()
    default:
      return "\(start) \(value.flow)\n"
    }
  }

  private var isList: Bool { if case .list = self { true } else { false } }
  private var isPlain: Bool { if case .plain = self { true } else { false } }
}

/// The text in double quotes. An `&` before a word is written by its number, since the reader cannot tell one in quotes
/// from an anchor.
private func literal(_ text: String) -> String {
  let parts = escaped(text).split(separator: "&", omittingEmptySubsequences: false)
  let body = parts.dropFirst().reduce(String(parts.first ?? "")) { text, part in
    let mayBeAnchor = part.unicodeScalars.first.map(isAnchorName) ?? false
    return text + (mayBeAnchor ? "\\u0026" : "&") + part
  }
  return "\"\(body)\""
}
