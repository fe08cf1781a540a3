/// The text between quotes, on one line and cut after 60 characters, for messages.
package func quoted(_ text: String) -> String {
  "\"\(clipped(escaped(text)))\""
}

/// The text, cut after 60 characters.
package func clipped(_ text: String) -> String {
  text.count <= 60 ? text : text.prefix(57) + "..."
}

/// Names between commas; of many the first ones, and how many more there are.
package func listedNames(_ names: [String]) -> String {
  let most = 40
  let shown = names.prefix(most).map(clipped).joined(separator: ", ")
  return names.count > most ? "\(shown) and \(names.count - most) more" : shown
}

/// The inside of a double-quoted string that both YAML and JSON read back as `text`.
///
/// Beside quotes and backslashes, what YAML does not print as it is: control characters, line and paragraph
/// separators, the byte order mark and the two code points of the basic plane that are no characters; and the marks of that
/// plane that turn the direction of writing or have no width.
package func escaped(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar.value {
    case 0x22, 0x5C:
      result += "\\"
      result.unicodeScalars.append(scalar)
    case ..<0x10000 where [0xA0, 0xFFFE, 0xFFFF].contains(scalar.value) || isUnprintable(scalar):
      let code = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - code.count) + code
    default:
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}
