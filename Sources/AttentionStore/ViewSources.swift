/// The tables and views that a view's text names as what it reads, whatever it calls its columns.
///
/// A name is a source where SQLite takes it for one: after `FROM`, `JOIN`, a comma between tables, or `IN`. Where the text
/// could be read in two ways the name counts.
struct ViewSources {
  /// In lower case, without quotes.
  private(set) var names: Set<String> = []

  private enum Clause {
    /// Columns, conditions, and all that is computed.
    case expression
    /// After `FROM` or `JOIN`.
    case tables
    /// After `ON` or `USING`: a comma leads back to the tables.
    case condition
  }

  /// What a table's name stands behind.
  private static let openers: Set<SQLToken> = [.word("from"), .word("join"), .sign(","), .sign("("), .sign(".")]

  /// - Parameter sql: of the view's definition.
  init(_ sql: String) {
    let tokens = SQLToken.all(of: sql.lowercased())
    /// One for each open parenthesis, and the outermost.
    var clauses: [Clause] = [.expression]
    for (index, token) in tokens.enumerated() {
      let previous = index > 0 ? tokens[index - 1] : nil
      let inner = clauses.count - 1
      switch token {
      case .sign("("):
        // Of a function in place of a table the arguments are no tables.
        let isGroup = previous.map { Self.openers.contains($0) || $0.isSign } ?? false
        clauses.append(clauses[inner] == .tables && isGroup ? .tables : .expression)
      case .sign(")"): if inner > 0 { clauses.removeLast() }
      case .sign(","): if clauses[inner] == .condition { clauses[inner] = .tables }
      case .sign: break
      case .word("from"), .word("join"): clauses[inner] = .tables
      case .word("on"), .word("using"): if clauses[inner] == .tables { clauses[inner] = .condition }
      case .word("select"), .word("values"), .word("where"), .word("group"), .word("having"), .word("order"),
        .word("limit"), .word("window"), .word("union"), .word("except"), .word("intersect"):
        clauses[inner] = .expression
      case .word(let name), .quoted(let name):
        let isTable = previous.map { Self.openers.contains($0) } ?? false
        // The name may be that of a schema's table.
        let first = previous == .sign(".") ? index - 3 : index - 1
        let isAfterIn = first >= 0 && tokens[first] == .word("in")
        if isAfterIn || (clauses[inner] == .tables && isTable) { names.insert(name) }
      }
    }
  }
}

/// A part of an SQL statement, as far as it matters which names it has.
private enum SQLToken: Hashable {
  case word(String)
  /// Between quotes of any kind: SQLite takes all of them for names where one is wanted.
  case quoted(String)
  case sign(Unicode.Scalar)

  var isSign: Bool { if case .sign = self { true } else { false } }

  private static let quotes: [UInt8: UInt8] = [
    UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "'"): UInt8(ascii: "'"), UInt8(ascii: "`"): UInt8(ascii: "`"),
    UInt8(ascii: "["): UInt8(ascii: "]"),
  ]

  /// By bytes, as SQLite reads it: a mark that joins a quote to a letter hides nothing.
  static func all(of sql: String) -> [SQLToken] {
    var tokens: [SQLToken] = []
    var rest = Array(sql.utf8)[...]
    while let first = rest.first {
      if [0x20, 0x09, 0x0A, 0x0C, 0x0D].contains(first) {
        rest.removeFirst()
      } else if rest.starts(with: "--".utf8) {
        rest = rest.drop { $0 != UInt8(ascii: "\n") }
      } else if rest.starts(with: "/*".utf8) {
        rest.removeFirst(2)
        while !rest.isEmpty, !rest.starts(with: "*/".utf8) { rest.removeFirst() }
        rest = rest.dropFirst(2)
      } else if let end = quotes[first] {
        rest.removeFirst()
        tokens.append(.quoted(quotedText(endingWith: end, &rest)))
      } else if isOfWord(first) {
        let word = rest.prefix(while: isOfWord)
        tokens.append(.word(String(decoding: word, as: UTF8.self)))
        rest = rest[word.endIndex...]
      } else {
        tokens.append(.sign(Unicode.Scalar(first)))
        rest.removeFirst()
      }
    }
    return tokens
  }

  /// Takes what stands before the closing quote, and the quote. One that stands twice is one of the text.
  private static func quotedText(endingWith end: UInt8, _ rest: inout ArraySlice<UInt8>) -> String {
    var text: [UInt8] = []
    while let next = rest.popFirst() {
      if next == end {
        guard end != UInt8(ascii: "]"), rest.first == end else { break }
        rest.removeFirst()
      }
      text.append(next)
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func isOfWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
      true
    default: false
    }
  }
}
