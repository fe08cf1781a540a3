/// A number of bytes, written `500 MB` or `2 GiB`.
public struct ByteSize: Codable, Hashable, Sendable, CustomStringConvertible {
  public let bytes: Int64

  public init(_ bytes: Int64) {
    self.bytes = bytes
  }

  /// Units of a thousand and of 1,024, smallest first.
  package static let units: [(name: String, bytes: Int64)] = [
    ("B", 1), ("kB", 1000), ("KiB", 1 << 10), ("MB", 1_000_000), ("MiB", 1 << 20), ("GB", 1_000_000_000),
    ("GiB", 1 << 30), ("TB", 1_000_000_000_000), ("TiB", 1 << 40),
  ]

  /// Reads a number and a unit, with or without a space between: `2 GiB`, `1.5GB`. Parts of a byte are cut off.
  /// - Returns: nil if the text has another form, or more bytes than 2^53.
  public init?(_ text: String) {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let unit = text[digits.endIndex...].drop { $0 == " " }
    guard let scale = Self.units.first(where: { $0.name == unit })?.bytes,
      digits.first != ".", digits.last != ".", let number = Double(digits)
    else { return nil }
    // The product is exact for whole numbers below this; beyond it a Double cannot count bytes.
    let bytes = (number * Double(scale)).rounded(.down)
    guard bytes <= 0x1p53 else { return nil }
    self.bytes = Int64(bytes)
  }

  /// The shortest exact form: `2 GiB` and `500 MB`, but `1234567 B`.
  public var description: String {
    let fitting = bytes == 0 ? nil : Self.units.last { bytes % $0.bytes == 0 }
    let unit = fitting ?? Self.units[0]
    return "\(bytes / unit.bytes) \(unit.name)"
  }
}
