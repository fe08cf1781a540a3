import Foundation

/// Words as a shell reads them back, on one line: those with control characters in bash's `$'...'`.
public func shellLine(_ words: [String]) -> String {
  words.map(shellWord).joined(separator: " ")
}

private func shellWord(_ word: String) -> String {
  let plain = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%")
  if !word.isEmpty, word.unicodeScalars.allSatisfy(plain.contains) { return word }
  guard word.unicodeScalars.contains(where: isUnprintable) else {
    return "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
  }
  let inside = word.unicodeScalars.map { scalar in
    if scalar == "'" || scalar == "\\" { return "\\\(scalar)" }
    guard isUnprintable(scalar) else { return String(scalar) }
    return String(scalar).utf8.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
  return "$'" + inside.joined() + "'"
}
