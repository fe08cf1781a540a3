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

extension Database {
  /// What `value` makes of each row that a SELECT finds.
  ///
  /// The statement is kept: a report asks the same of every run, and compiling a statement takes longer than to run it. Each
  /// row is read where SQLite has it, so `value` keeps none.
  @discardableResult func all<Value>(
    _ sql: String, _ arguments: StatementArguments = [], as value: (Row) throws -> Value
  ) throws -> [Value] {
    let rows = try Row.fetchCursor(cachedStatement(sql: sql), arguments: arguments)
    var values: [Value] = []
    while let row = try rows.next() { values.append(try value(row)) }
    return values
  }
}

/// Columns whose values have rules beyond their type, which GRDB's own decoding checks: a file may be anybody's.
extension AttentionStore {
  /// A column that holds one of an enumeration's names.
  func named<Value: RawRepresentable<String> & CaseIterable>(
    _ column: String, of row: Row, table: String
  ) throws -> Value {
    try named(column, of: row, table: table, as: \.rawValue)
  }

  /// A column that holds what it calls one of an enumeration's cases.
  func named<Value: CaseIterable>(
    _ column: String, of row: Row, table: String, as text: (Value) -> String
  ) throws -> Value {
    let name: String = try row.decode(forColumn: column)
    guard let value = Value.allCases.first(where: { text($0) == name }) else {
      let names = Value.allCases.map(text)
      throw fault(
        column, of: row, table: table, is: quoted(name),
        expected: names.count == 1
          ? names[0] : names.dropLast().joined(separator: ", ") + " or " + (names.last ?? ""))
    }
    return value
  }

  /// A column that holds the hash of a run or of a group, which names folders.
  func hash(_ column: String, of row: Row, table: String) throws -> String {
    let hash: String = try row.decode(forColumn: column)
    guard RunFile.isHash(hash) else {
      throw fault(column, of: row, table: table, is: quoted(hash), expected: RunFile.hashRule)
    }
    return hash
  }

  /// A column that counts or measures something.
  func number(
    _ column: String, of row: Row, table: String, in range: ClosedRange<Int> = StoreSchema.sizes
  ) throws -> Int {
    let value: Int = try row.decode(forColumn: column)
    guard range.contains(value) else {
      throw fault(
        column, of: row, table: table, is: "\(value)",
        expected: range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// A column that holds a JSON array.
  /// - Parameter elements: What it holds, in words.
  func list<Element: Decodable>(
    _ column: String, of row: Row, table: String, elements: String
  ) throws -> [Element] {
    let text: String = try row.decode(forColumn: column)
    guard let values = try? JSONDecoder().decode([Element].self, from: Data(text.utf8)) else {
      throw fault(column, of: row, table: table, is: quoted(text), expected: "a JSON array of \(elements)")
    }
    return values
  }

  /// A value that is stored and cannot be.
  func fault(
    _ column: String, of row: Row, table: String, is value: String, expected allowed: String
  ) -> StoreError {
    let id = try? row.decode(Int64.self, forColumn: "id")
    return .damaged(
      path: path,
      StoreFault(id.map { "\(table) row \($0)" } ?? table, column, is: value, expected: allowed))
  }
}
