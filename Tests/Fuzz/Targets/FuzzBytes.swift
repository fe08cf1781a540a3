/// The bytes of an input, taken from the front as the choices of a grammar. Where they end, every choice is the first.
struct FuzzBytes {
  private var left: ArraySlice<UInt8>

  init(_ bytes: some Sequence<UInt8>) { left = Array(bytes)[...] }

  var isEmpty: Bool { left.isEmpty }

  /// Everything that is left.
  mutating func rest() -> [UInt8] {
    defer { left = [] }
    return Array(left)
  }

  mutating func byte() -> UInt8 { left.popFirst() ?? 0 }

  /// A number from 0 up to below `count`, at most 256.
  mutating func choice(_ count: Int) -> Int { Int(byte()) % count }

  mutating func element<Element>(_ list: [Element]) -> Element { list[choice(list.count)] }

  /// True in one of `count` cases; false where the bytes end, so that a short input is a plain one.
  mutating func happens(in count: Int) -> Bool { choice(count) == count - 1 }

  /// Up to the next byte 0, which is dropped.
  mutating func part() -> [UInt8] {
    let part = left.prefix { $0 != 0 }
    left = left.dropFirst(part.count + 1)
    return Array(part)
  }

  /// A short text of any signs: up to 15 bytes, with U+FFFD for what is no UTF-8.
  mutating func text() -> String {
    let count = choice(16)
    defer { left = left.dropFirst(count) }
    return String(decoding: left.prefix(count), as: UTF8.self)
  }

  /// A whole number: mostly small, sometimes one at a border.
  mutating func integer() -> Int {
    let byte = byte()
    guard byte >= 192 else { return Int(byte) % 32 - (byte >= 160 ? 20 : 0) }
    return Self.borders[Int(byte - 192) % Self.borders.count]
  }

  private static let borders = [
    .max, .min, .max - 1, 1 << 31, (1 << 31) - 1, 1 << 32, 1 << 40, 1 << 53, 1 << 62, 100_000, 1000, 999, 255, 256, 77,
    -1, 65_535, 65_536,
  ]

  /// A number as JSON and YAML write them, also some that neither allows.
  mutating func number() -> String {
    switch choice(4) {
    case 0: "\(integer())"
    case 1: "\(Double(integer()) / 8)"
    case 2: "\(Double(integer()) * 1e-4)"
    default: element(Self.oddNumbers)
    }
  }

  private static let oddNumbers = [
    "0", "1", "-0", "-0.0", "1e-50", "-1e-50", "1e-45", "1e308", "1e309", "-1e309", "NaN", "Infinity", "-Infinity",
    ".nan",
    ".inf", "0.99999999999", "5e-324", "1.0", "0x10", "1_000", "010", "9223372036854775808", "18446744073709551615",
    "18446744073709551616", "0.1", "3.4028236e38",
  ]
}
