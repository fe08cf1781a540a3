import Formatting
import StrictYAML

extension Form<String> {
  /// A name for tables and file names, which no other entry of its list has.
  package static var name: Form<String> {
    text().checked(allowed: nameRule(Markdown.code)) { name, field, reader in
      guard reader.checkName(name, at: field.node.place, path: field.path) else { return nil }
      reader.noteName(name, field)
      return name
    }
  }

  /// A name that is safe as a folder's on every system.
  package static var folderName: Form<String> {
    text().checked { name, field, reader in
      if isFolderName(name) { return name }
      reader.report(
        field,
        "\(quoted(name)) cannot name the results folder; 1 to 64 of a-z A-Z 0-9 - _ . and no - or . at the start")
      return nil
    }
  }
}

extension FileReader {
  /// Reports a name that cannot stand in tables and file names.
  /// - Returns: Whether it can.
  package func checkName(_ name: String, at place: SpecPlace, path: String) -> Bool {
    if isUsualName(name) { return true }
    report(at: place, path: path, "\(path): \(quoted(name)) cannot be a name; \(nameRule { $0 })")
    return false
  }
}

/// Whether a name is safe as a folder's on every system.
package func isFolderName(_ name: String) -> Bool {
  let isSafe = name.unicodeScalars.allSatisfy { scalar in
    scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789-_.".unicodeScalars.contains(scalar))
  }
  return isSafe && (1...64).contains(name.utf8.count) && name.first != "." && name.first != "-"
}

/// Whether a name can stand in tables and file names.
func isUsualName(_ name: String) -> Bool {
  let isUsual = name.allSatisfy { $0.isLetter || $0.isNumber || " -_.,+=%()".contains($0) }
  return isUsual && (1...64).contains(name.count) && name.first != "." && name.first != " " && name.last != " "
}

private func nameRule(_ signs: (String) -> String) -> String {
  "1 to 64 letters, digits, spaces and \(signs("- _ . , + = % ( )")), no dot at the start, no space at either end"
}
