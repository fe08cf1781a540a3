/// A strict reader of JSON (RFC 8259) over bytes, with limits that keep a hostile text from exhausting stack or memory.
///
/// Equal keys in one object are not fatal, so that all of them can be reported: the first value stays, and the path is
/// noted in `repeatedKeys`.
struct JSONReader {
  struct Limits {
    /// Arrays and objects within each other.
    var depth = 64
    /// Values in all. A safetensors entry has seven, a CLIP `tokenizer.json` about 200,000.
    var values = 4_000_000
    /// Python's `NaN`, `Infinity` and `-Infinity`.
    var allowsNonFinite = false
  }

  /// Where the text breaks the grammar.
  struct Failure: Error {
    let offset: Int
    let found: String
    let expected: String
  }

  private let bytes: UnsafeBufferPointer<UInt8>
  private let limits: Limits
  private var position = 0
  private var values = 0
  private var path: [String] = []
  /// The first of them, shortened for messages.
  private(set) var repeatedKeys: [[String]] = []
  private static let mostRepeats = 100

  init(_ bytes: UnsafeBufferPointer<UInt8>, limits: Limits = Limits()) {
    self.bytes = bytes
    self.limits = limits
  }

  /// One value with only white space around it.
  mutating func readDocument() throws(Failure) -> JSONValue {
    skipSpace()
    let value = try readValue(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw failure("the end of the text") }
    return value
  }

  /// Line and column, from 1, of a byte; a column counts bytes.
  func place(of offset: Int) -> (line: Int, column: Int) {
    let before = bytes.prefix(offset)
    let line = before.reduce(1) { $1 == newline ? $0 + 1 : $0 }
    let start = before.lastIndex(of: newline).map { $0 + 1 } ?? 0
    return (line, offset - start + 1)
  }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private func failure(_ expected: String) -> Failure {
    failure(at: position, expected)
  }

  private func failure(at offset: Int, _ expected: String) -> Failure {
    guard offset < bytes.count else {
      return Failure(offset: offset, found: "the end of the text", expected: expected)
    }
    let byte = bytes[offset]
    let found =
      (0x20...0x7E).contains(byte)
      ? "'\(Character(Unicode.Scalar(byte)))'" : "byte 0x\(String(byte, radix: 16, uppercase: true))"
    return Failure(offset: offset, found: found, expected: expected)
  }

  private mutating func skipSpace() {
    while position < bytes.count {
      let byte = bytes[position]
      guard byte == 0x20 || byte == newline || byte == 0x0D || byte == 0x09 else { return }
      position += 1
    }
  }

  private mutating func readValue(depth: Int) throws(Failure) -> JSONValue {
    values += 1
    guard values <= limits.values else {
      throw Failure(offset: position, found: "one value more", expected: "at most \(limits.values) values")
    }
    guard depth <= limits.depth else {
      throw Failure(offset: position, found: "a deeper level", expected: "at most \(limits.depth) levels")
    }
    guard let first = current else { throw failure("a value") }
    switch first {
    case UInt8(ascii: "{"): return .object(try readObject(depth: depth))
    case UInt8(ascii: "["): return .array(try readArray(depth: depth))
    case UInt8(ascii: "\""): return .string(try readString())
    case UInt8(ascii: "t"): return try readWord("true", .bool(true))
    case UInt8(ascii: "f"): return try readWord("false", .bool(false))
    case UInt8(ascii: "n"): return try readWord("null", .null)
    case UInt8(ascii: "N") where limits.allowsNonFinite: return try readWord("NaN", .number(.nan))
    case UInt8(ascii: "I") where limits.allowsNonFinite: return try readWord("Infinity", .number(.infinity))
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try readNumber()
    default: throw failure("a value")
    }
  }

  private mutating func readWord(_ word: StaticString, _ value: JSONValue) throws(Failure) -> JSONValue {
    for offset in 0..<word.utf8CodeUnitCount {
      guard current == word.utf8Start[offset] else { throw failure("\(word)") }
      position += 1
    }
    return value
  }

  private mutating func readObject(depth: Int) throws(Failure) -> JSONObject {
    position += 1
    var object = JSONObject()
    skipSpace()
    if current == UInt8(ascii: "}") {
      position += 1
      return object
    }
    while true {
      skipSpace()
      guard current == UInt8(ascii: "\"") else { throw failure("a key in quotation marks") }
      let key = try readString()
      skipSpace()
      guard current == UInt8(ascii: ":") else { throw failure("':'") }
      position += 1
      skipSpace()
      path.append(key)
      let value = try readValue(depth: depth + 1)
      if !object.append(key, value), repeatedKeys.count < Self.mostRepeats {
        repeatedKeys.append(path.map { visible($0, most: 200) })
      }
      path.removeLast()
      skipSpace()
      if try endsList(UInt8(ascii: "}"), "',' or '}'") { return object }
    }
  }

  private mutating func readArray(depth: Int) throws(Failure) -> [JSONValue] {
    position += 1
    var array: [JSONValue] = []
    skipSpace()
    if current == UInt8(ascii: "]") {
      position += 1
      return array
    }
    while true {
      skipSpace()
      array.append(try readValue(depth: depth + 1))
      skipSpace()
      if try endsList(UInt8(ascii: "]"), "',' or ']'") { return array }
    }
  }

  private mutating func endsList(_ end: UInt8, _ expected: String) throws(Failure) -> Bool {
    guard let byte = current, byte == end || byte == UInt8(ascii: ",") else { throw failure(expected) }
    position += 1
    return byte == end
  }
}

private let newline = UInt8(ascii: "\n")

// MARK: Strings and numbers

extension JSONReader {
  private mutating func readString() throws(Failure) -> String {
    position += 1
    let start = position
    while let byte = current {
      switch byte {
      case UInt8(ascii: "\""):
        let text = try text(start..<position)
        position += 1
        return text
      case UInt8(ascii: "\\"): return try readEscapedString(from: start)
      case 0..<0x20: throw failure("an escape for this control sign")
      default: position += 1
      }
    }
    throw failure("'\"'")
  }

  private func text(_ range: Range<Int>) throws(Failure) -> String {
    guard let text = String(validating: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self) else {
      throw Failure(offset: range.lowerBound, found: "a string that is not UTF-8", expected: "UTF-8")
    }
    return text
  }

  private mutating func readEscapedString(from start: Int) throws(Failure) -> String {
    var result = ""
    var plain = start
    while let byte = current {
      switch byte {
      case UInt8(ascii: "\""):
        result += try text(plain..<position)
        position += 1
        return result
      case UInt8(ascii: "\\"):
        result += try text(plain..<position)
        position += 1
        result.unicodeScalars.append(try readEscape())
        plain = position
      case 0..<0x20: throw failure("an escape for this control sign")
      default: position += 1
      }
    }
    throw failure("'\"'")
  }

  private mutating func readEscape() throws(Failure) -> Unicode.Scalar {
    let sign = current
    if sign == UInt8(ascii: "u") { return try readUnicodeEscape() }
    let scalar: Unicode.Scalar
    switch sign {
    case UInt8(ascii: "\""): scalar = "\""
    case UInt8(ascii: "\\"): scalar = "\\"
    case UInt8(ascii: "/"): scalar = "/"
    case UInt8(ascii: "b"): scalar = "\u{8}"
    case UInt8(ascii: "f"): scalar = "\u{C}"
    case UInt8(ascii: "n"): scalar = "\n"
    case UInt8(ascii: "r"): scalar = "\r"
    case UInt8(ascii: "t"): scalar = "\t"
    default: throw failure("one of \" \\ / b f n r t u after a backslash")
    }
    position += 1
    return scalar
  }

  private mutating func readUnicodeEscape() throws(Failure) -> Unicode.Scalar {
    let start = position - 1
    let high = try readHexUnit()
    if let scalar = Unicode.Scalar(high) { return scalar }
    // A code point beyond 16 bits is written as two escapes, a high and a low surrogate.
    if (0xD800..<0xDC00).contains(high), current == UInt8(ascii: "\\") {
      position += 1
      if current == UInt8(ascii: "u") {
        let low = try readHexUnit()
        if (0xDC00..<0xE000).contains(low) {
          let value = 0x10000 + (UInt32(high) - 0xD800) * 0x400 + (UInt32(low) - 0xDC00)
          if let scalar = Unicode.Scalar(value) { return scalar }
        }
      }
    }
    throw Failure(offset: start, found: "half a surrogate pair", expected: "a whole one")
  }

  /// Four hexadecimal digits after the `u` that stands at the position.
  private mutating func readHexUnit() throws(Failure) -> UInt16 {
    position += 1
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
        throw failure("a hexadecimal digit")
      }
      unit = unit << 4 | UInt16(digit)
      position += 1
    }
    return unit
  }

  private mutating func readDigits() -> Int {
    let start = position
    while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    return position - start
  }

  private mutating func readNumber() throws(Failure) -> JSONValue {
    let start = position
    if current == UInt8(ascii: "-") { position += 1 }
    if current == UInt8(ascii: "I"), limits.allowsNonFinite { return try readWord("Infinity", .number(-.infinity)) }
    let leadingZero = current == UInt8(ascii: "0")
    let digits = readDigits()
    guard digits > 0 else { throw failure("a digit") }
    guard !leadingZero || digits == 1 else { throw failure(at: start, "a number without leading zeros") }
    var whole = true
    if current == UInt8(ascii: ".") {
      whole = false
      position += 1
      guard readDigits() > 0 else { throw failure("a digit") }
    }
    if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
      whole = false
      position += 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
      guard readDigits() > 0 else { throw failure("a digit") }
    }
    let text = try text(start..<position)
    if whole, let integer = Int(text) { return .integer(integer) }
    guard let number = Double(text) else { throw failure(at: start, "a number") }
    return .number(number)
  }
}
