import Foundation

/// A table of text: comma-separated with a header line, fields quoted where RFC 4180 asks for it, lines ended by `\n`.
package struct CSVTable {
  package let header: [String]
  package private(set) var rows: [[String]] = []

  package init(_ header: [String]) {
    self.header = header
  }

  package mutating func append(_ row: [String]) {
    precondition(row.count == header.count, "a row of \(row.count) fields under \(header.count) headings")
    rows.append(row)
  }

  package var data: Data { Data(([header] + rows).map(Self.line).joined().utf8) }

  package static func line(_ fields: [String]) -> String {
    fields.map(field).joined(separator: ",") + "\n"
  }

  /// A field as it stands in a line.
  ///
  /// Spreadsheets compute a text that begins like a formula. One that is no plain number is written with an apostrophe
  /// before it, which they take for the mark of a text.
  package static func field(_ text: String) -> String {
    let text = beginsFormula(text) ? "'\(text)" : text
    // By scalars: `\r\n` is one character, and neither of its halves.
    let special = text.unicodeScalars.contains { $0 == "," || $0 == "\"" || $0 == "\n" || $0 == "\r" }
    return special ? "\"\(text.replacingOccurrences(of: "\"", with: "\"\""))\"" : text
  }

  /// Also with the signs of full width, which some spreadsheets take for the others.
  private static func beginsFormula(_ text: String) -> Bool {
    guard let first = text.unicodeScalars.first, "=+-@\t\r\n＝＋－＠".unicodeScalars.contains(first) else { return false }
    return Double(text) == nil
  }

  /// The shortest digits that read back to the same number; `inf` for infinity, nothing for what is no number.
  package static func number(_ value: Double?) -> String {
    guard let value, !value.isNaN else { return "" }
    return "\(value)"
  }
}
