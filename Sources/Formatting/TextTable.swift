/// Rows under headings, in columns of equal width, for a terminal.
package struct TextTable {
  private let headings: [String]
  private let rightAligned: Set<Int>
  private var rows: [[String]] = []

  /// - Parameter right: the columns of numbers.
  package init(_ headings: [String], right: Set<Int> = []) {
    self.headings = headings
    rightAligned = right
  }

  package mutating func add(_ row: [String]) { rows.append(row.map(printable)) }

  package var isEmpty: Bool { rows.isEmpty }

  /// One line a row, without spaces at the end.
  package var text: String {
    let widths = headings.indices.map { column in
      ([headings] + rows).map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return ([headings] + rows).map { row in
      let cells = row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return rightAligned.contains(column) ? padding + cell : cell + padding
      }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }

  /// Names and values below each other, without headings.
  package static func facts(_ entries: [(String, String)]) -> String {
    let width = entries.map { $0.0.count }.max() ?? 0
    return entries.map { name, value in
      name + String(repeating: " ", count: width - name.count + 2) + printable(value) + "\n"
    }.joined()
  }
}
