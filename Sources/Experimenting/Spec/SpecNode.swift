/// A value of an experiment file with the place it was read from.
///
/// Stands between the YAML library and the decoder: the overrides of the command line edit this tree, and the decoder
/// need not know whether a value came from the file or from an option.
struct SpecNode {
  enum Content {
    case scalar(String, ScalarKind)
    case list([SpecNode])
    case mapping([SpecEntry])
  }

  var content: Content
  var place: SpecPlace
}

struct SpecEntry {
  var key: String
  var keyPlace: SpecPlace
  var value: SpecNode
}

/// What YAML takes a scalar for. Only an unquoted one can be anything but text.
enum ScalarKind: Hashable {
  case text
  case integer
  case number
  case truth
  case date
  case null
}

/// Where a value stands.
enum SpecPlace: Hashable {
  /// In the experiment file, both from 1.
  case line(Int, column: Int)
  /// In an option, named as `--set generate.seeds`.
  case option(String)
}

extension SpecNode {
  /// The value as a message names what was found: `the text "1"`, `a list`.
  var described: String {
    switch content {
    case .scalar(let text, let kind):
      switch kind {
      case .text: "the text \(quoted(text))"
      case .integer: "the whole number \(clipped(text))"
      case .number: "the number \(clipped(text))"
      case .truth: "the truth value \(text)"
      case .date: "the date \(clipped(text))"
      case .null: "nothing (null)"
      }
    case .list: "a list"
    case .mapping: "a mapping"
    }
  }

  var isNull: Bool {
    if case .scalar(_, .null) = content { true } else { false }
  }
}

extension SpecPlace {
  /// A problem at this place of `file`.
  func problem(file: String, path: String, message: String) -> SpecProblem {
    switch self {
    case .line(let line, let column):
      SpecProblem(file: file, line: line, column: column, path: path, message: message)
    case .option(let option):
      SpecProblem(file: option, path: path, message: message)
    }
  }
}

/// The text between quotes, on one line and cut after 60 characters, for messages.
func quoted(_ text: String) -> String {
  "\"\(clipped(escaped(text)))\""
}

/// The text, cut after 60 characters.
func clipped(_ text: String) -> String {
  text.count <= 60 ? text : text.prefix(57) + "..."
}

/// Names between commas; of many the first ones, and how many more there are.
func listedNames(_ names: [String]) -> String {
  let most = 40
  let shown = names.prefix(most).map(clipped).joined(separator: ", ")
  return names.count > most ? "\(shown) and \(names.count - most) more" : shown
}

/// A key's path below `parent`, written as `--set` takes it.
func keyPath(_ parent: String, _ key: String) -> String {
  let isPlain = !key.isEmpty && key.unicodeScalars.allSatisfy { !" .=\"".unicodeScalars.contains($0) && $0.value > 31 }
  let segment = isPlain ? clipped(key) : quoted(key)
  return parent.isEmpty ? segment : "\(parent).\(segment)"
}
