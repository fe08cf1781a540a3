import Formatting
import Foundation
internal import GRDB

/// The conditions of a WHERE clause and their values.
struct Conditions {
  private var parts: [String] = []
  private(set) var arguments = StatementArguments()

  /// The whole clause; true of every row while nothing was added.
  var sql: String { parts.isEmpty ? "1" : parts.joined(separator: " AND ") }

  mutating func add(_ condition: String, _ values: (any DatabaseValueConvertible)?...) {
    parts.append("(\(condition))")
    arguments += StatementArguments(values)
  }
}

extension AttentionStore {
  /// A column that holds one of an enumeration's names.
  func named<Value: RawRepresentable<String>>(_ column: String, of row: Row, table: String) throws -> Value {
    let name: String = try row.decode(forColumn: column)
    guard let value = Value(rawValue: name) else {
      throw unexpected(column, "\"\(name)\"", table: table, row: try? row.decode(Int64.self, forColumn: "id"))
    }
    return value
  }

  /// A column that holds the hash of a run or of a group, which names folders.
  func hash(_ column: String, of row: Row, table: String) throws -> String {
    let hash: String = try row.decode(forColumn: column)
    guard RunFile.isHash(hash) else {
      throw StoreError.damaged(
        path: path, place: place(table, row),
        detail: "\(column) is \(quoted(hash)), expected 1 to 64 signs of a-z and 0-9")
    }
    return hash
  }

  /// A column that counts or measures something.
  func number(
    _ column: String, of row: Row, table: String, in range: ClosedRange<Int> = StoreSchema.sizes
  ) throws -> Int {
    let value: Int = try row.decode(forColumn: column)
    guard range.contains(value) else {
      throw StoreError.damaged(
        path: path, place: place(table, row),
        detail: "\(column) is \(value), which is not from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// The table and the row's id, where it has one.
  private func place(_ table: String, _ row: Row) -> String {
    (try? row.decode(Int64.self, forColumn: "id")).map { "\(table) row \($0)" } ?? table
  }

  /// A column that holds a JSON array.
  func list<Element: Decodable>(_ column: String, of row: Row, table: String) throws -> [Element] {
    let text: String = try row.decode(forColumn: column)
    guard let values = try? JSONDecoder().decode([Element].self, from: Data(text.utf8)) else {
      throw unexpected(column, "\"\(text)\"", table: table, row: nil)
    }
    return values
  }

  func unexpected(_ column: String, _ found: String, table: String, row: Int64?) -> StoreError {
    .damaged(
      path: path, place: row.map { "\(table) row \($0)" } ?? table, detail: "\(column) is \(found), which is not known")
  }
}
