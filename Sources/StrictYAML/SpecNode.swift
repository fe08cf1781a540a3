import Formatting

/// A value of an experiment file with the place it was read from.
///
/// Stands between the YAML library and the decoder: the overrides of the command line edit this tree, and the decoder
/// need not know whether a value came from the file or from an option.
package struct SpecNode: Sendable {
  package enum Content: Sendable {
    case scalar(String, ScalarKind)
    case list([SpecNode])
    case mapping([SpecEntry])
  }

  package var content: Content
  package var place: SpecPlace

  package init(content: Content, place: SpecPlace) {
    self.content = content
    self.place = place
  }
}

package struct SpecEntry: Sendable {
  package var key: String
  package var keyPlace: SpecPlace
  package var value: SpecNode

  package init(key: String, keyPlace: SpecPlace, value: SpecNode) {
    self.key = key
    self.keyPlace = keyPlace
    self.value = value
  }
}

/// What YAML takes a scalar for. Only an unquoted one can be anything but text.
package enum ScalarKind: Hashable, Sendable {
  case text
  case integer
  case number
  case truth
  case date
  case null
}

/// Where a value stands.
package enum SpecPlace: Hashable, Sendable {
  /// In the experiment file, both from 1.
  case line(Int, column: Int)
  /// In an option, named as `--set generate.seeds`.
  case option(String)
}

extension SpecNode {
  /// The value as a message names what was found: `the text "1"`, `a list`.
  package var described: String {
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

  package var isNull: Bool {
    if case .scalar(_, .null) = content { true } else { false }
  }

  var isAll: Bool {
    if case .scalar("all", .text) = content { true } else { false }
  }
}

extension SpecPlace {
  /// A problem at this place of `file`.
  package func problem(file: String, path: String, message: String) -> SpecProblem {
    switch self {
    case .line(let line, let column):
      SpecProblem(file: file, line: line, column: column, path: path, message: message)
    case .option(let option):
      SpecProblem(file: option, path: path, message: message)
    }
  }
}

/// A key's path below `parent`, written as `--set` takes it.
package func keyPath(_ parent: String, _ key: String) -> String {
  let isPlain = !key.isEmpty && key.unicodeScalars.allSatisfy { !" .=\"".unicodeScalars.contains($0) && $0.value > 31 }
  let segment = isPlain ? clipped(key) : quoted(key)
  return parent.isEmpty ? segment : "\(parent).\(segment)"
}
