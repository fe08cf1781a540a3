import Foundation

/// A table of text: comma-separated with a header line, fields quoted where RFC 4180 asks for it, lines ended by `\n`.
struct CSVTable {
  let header: [String]
  private(set) var rows: [[String]] = []

  init(_ header: [String]) {
    self.header = header
  }

  mutating func append(_ row: [String]) {
    precondition(row.count == header.count, "a row of \(row.count) fields under \(header.count) headings")
    rows.append(row)
  }

  var data: Data { Data(([header] + rows).map(Self.line).joined().utf8) }

  static func line(_ fields: [String]) -> String {
    fields.map(field).joined(separator: ",") + "\n"
  }

  /// A field as it stands in a line.
  static func field(_ text: String) -> String {
    // By scalars: `\r\n` is one character, and neither of its halves.
    let special = text.unicodeScalars.contains { $0 == "," || $0 == "\"" || $0 == "\n" || $0 == "\r" }
    return special ? "\"\(text.replacingOccurrences(of: "\"", with: "\"\""))\"" : text
  }

  /// The shortest digits that read back to the same number; `inf` for infinity, nothing for what is no number.
  static func number(_ value: Double?) -> String {
    guard let value, !value.isNaN else { return "" }
    return "\(value)"
  }
}
