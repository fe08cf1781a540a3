/// The number that a start noise is drawn from: a whole number from 0 to 2^64 - 1, as torch's CPU generator takes it.
///
/// It is written in plain decimal digits wherever it is read or shown: in options, files, tables and reports. JSON holds it as a
/// number; a reader that takes numbers for doubles loses digits from 2^53 on.
public struct Seed: Hashable, Sendable {
  public let value: UInt64

  /// The largest.
  public static let max = Seed(UInt64.max)

  /// The values of every seed there is.
  public static let values: ClosedRange<UInt64> = 0...max.value

  /// What a seed is, in words, for messages.
  public static let rule = "a whole number from \(values.lowerBound) to \(values.upperBound)"

  public init(_ value: UInt64) { self.value = value }

  /// The seed whose 64 bits a signed integer has, as databases hold it: those from 2^63 on as the seed minus 2^64.
  public init(bits: Int64) { value = UInt64(bitPattern: bits) }

  /// The same 64 bits as a signed integer, for databases whose integers are signed.
  public var bits: Int64 { Int64(bitPattern: value) }
}

extension Seed: LosslessStringConvertible {
  /// Reads decimal digits; nil for any other text, with a sign also.
  public init?(_ text: String) {
    guard let value = UInt64(text), text.first != "+", text.first != "-" else { return nil }
    self.value = value
  }

  public var description: String { "\(value)" }
}

extension Seed: ExpressibleByIntegerLiteral {
  public init(integerLiteral value: UInt64) { self.value = value }
}

extension Seed: Comparable {
  public static func < (a: Seed, b: Seed) -> Bool { a.value < b.value }
}

extension Seed: Codable {
  public init(from decoder: any Decoder) throws {
    value = try decoder.singleValueContainer().decode(UInt64.self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value)
  }
}
