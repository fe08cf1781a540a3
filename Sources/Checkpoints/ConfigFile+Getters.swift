// In all getters `default` nil means that the key must be there. What they return after a problem is a stand-in of the
// right type, which `finish()` keeps from being used.

extension ConfigFile {
  /// A whole number, within `range` where one is given.
  public mutating func int(_ key: String, default fallback: Int? = nil, in range: ClosedRange<Int>? = nil) -> Int {
    read(key, default: fallback, expected: Expected.int(range)) { $0.int(in: range) }
      ?? fallback ?? range?.lowerBound ?? 0
  }

  /// A whole number or null.
  public mutating func optionalInt(
    _ key: String, default fallback: Int? = nil, in range: ClosedRange<Int>? = nil
  ) -> Int? {
    readOptional(key, default: fallback, expected: Expected.int(range)) { $0.int(in: range) }
  }

  /// A number, whole or not, within `range` where one is given. Infinity and NaN only where a range allows them.
  public mutating func double(
    _ key: String, default fallback: Double? = nil, in range: ClosedRange<Double>? = nil
  ) -> Double {
    read(key, default: fallback, expected: Expected.double(range)) { $0.double(in: range) }
      ?? fallback ?? range?.lowerBound ?? 0
  }

  /// A number or null.
  public mutating func optionalDouble(
    _ key: String, default fallback: Double? = nil, in range: ClosedRange<Double>? = nil
  ) -> Double? {
    readOptional(key, default: fallback, expected: Expected.double(range)) { $0.double(in: range) }
  }

  /// `true` or `false`; `1` and `0` are neither.
  public mutating func bool(_ key: String, default fallback: Bool? = nil) -> Bool {
    read(key, default: fallback, expected: "true or false") { $0.bool } ?? fallback ?? false
  }

  /// `true`, `false` or null.
  public mutating func optionalBool(_ key: String, default fallback: Bool? = nil) -> Bool? {
    readOptional(key, default: fallback, expected: "true or false") { $0.bool }
  }

  /// A text, one of `allowed` where they are given.
  public mutating func string(_ key: String, default fallback: String? = nil, oneOf allowed: [String]? = nil) -> String
  {
    read(key, default: fallback, expected: Expected.string(allowed)) { $0.string(oneOf: allowed) }
      ?? fallback ?? allowed?.first ?? ""
  }

  /// A text or null.
  public mutating func optionalString(
    _ key: String, default fallback: String? = nil, oneOf allowed: [String]? = nil
  ) -> String? {
    readOptional(key, default: fallback, expected: Expected.string(allowed)) { $0.string(oneOf: allowed) }
  }

  /// Whole numbers: a list, or one number that stands for all of them.
  ///
  /// - Parameters:
  ///   - count: how many there must be; a single number is repeated that often. Without it a single number is a list
  ///     of one, and a list has any length.
  ///   - fallback: used as it is, or repeated where it holds one number and `count` is given.
  public mutating func ints(
    _ key: String, default fallback: [Int]? = nil, count: Int? = nil, in range: ClosedRange<Int>? = nil
  ) -> [Int] {
    let fallback = fallback.map { $0.count == 1 ? Array(repeating: $0[0], count: count ?? 1) : $0 }
    return read(key, default: fallback, expected: Expected.list(Expected.int(range), count: count)) {
      $0.list(count: count) { $0.int(in: range) }
    } ?? fallback ?? Array(repeating: range?.lowerBound ?? 0, count: count ?? 1)
  }

  /// Whole numbers as `ints`, or null.
  public mutating func optionalInts(
    _ key: String, default fallback: [Int]? = nil, count: Int? = nil, in range: ClosedRange<Int>? = nil
  ) -> [Int]? {
    readOptional(key, default: fallback, expected: Expected.list(Expected.int(range), count: count)) {
      $0.list(count: count) { $0.int(in: range) }
    }
  }

  /// Numbers: a list, or one number; see `ints`.
  public mutating func optionalDoubles(
    _ key: String, default fallback: [Double]? = nil, count: Int? = nil, in range: ClosedRange<Double>? = nil
  ) -> [Double]? {
    readOptional(key, default: fallback, expected: Expected.list(Expected.double(range), count: count)) {
      $0.list(count: count) { $0.double(in: range) }
    }
  }

  /// `true` or `false` for all, or a list of them; see `ints`.
  public mutating func bools(_ key: String, default fallback: [Bool]? = nil, count: Int? = nil) -> [Bool] {
    let fallback = fallback.map { $0.count == 1 ? Array(repeating: $0[0], count: count ?? 1) : $0 }
    return read(key, default: fallback, expected: Expected.list("true or false", count: count)) {
      $0.list(count: count) { $0.bool }
    } ?? fallback ?? Array(repeating: false, count: count ?? 1)
  }

  /// A list of texts, each one of `allowed` where they are given; a single text is a problem.
  public mutating func strings(
    _ key: String, default fallback: [String]? = nil, oneOf allowed: [String]? = nil
  ) -> [String] {
    let expected = "a list, each " + Expected.string(allowed)
    return read(key, default: fallback, expected: expected) { value in
      guard case .array = value else { return nil }
      return value.list(count: nil) { $0.string(oneOf: allowed) }
    } ?? fallback ?? []
  }
}

/// What a getter takes, in words.
private enum Expected {
  static func int(_ range: ClosedRange<Int>?) -> String {
    only(range) ?? "a whole number" + limits(range, unbounded: (Int.min, Int.max))
  }

  static func double(_ range: ClosedRange<Double>?) -> String {
    only(range) ?? "a number" + limits(range, unbounded: (-.infinity, .infinity))
  }

  static func string(_ allowed: [String]?) -> String {
    guard let allowed else { return "a text" }
    let names = allowed.map(quoted)
    guard let last = names.last, names.count > 1 else { return names.first ?? "a text" }
    return names.dropLast().joined(separator: ", ") + " or " + last
  }

  static func list(_ one: String, count: Int?) -> String {
    "\(one), or a list of " + (count.map { "\($0) such" } ?? "them")
  }

  /// The one value of a range that has no other.
  private static func only<T: Comparable>(_ range: ClosedRange<T>?) -> String? {
    range.flatMap { $0.lowerBound == $0.upperBound ? "\($0.lowerBound)" : nil }
  }

  private static func limits<T: Comparable>(_ range: ClosedRange<T>?, unbounded: (T, T)) -> String {
    guard let range else { return "" }
    switch (range.lowerBound > unbounded.0, range.upperBound < unbounded.1) {
    case (true, true): return " from \(range.lowerBound) to \(range.upperBound)"
    case (true, false): return " of at least \(range.lowerBound)"
    case (false, true): return " of at most \(range.upperBound)"
    case (false, false): return ""
    }
  }
}

extension JSONValue {
  fileprivate func int(in range: ClosedRange<Int>?) -> Int? {
    guard case .integer(let value) = self, range?.contains(value) ?? true else { return nil }
    return value
  }

  fileprivate func double(in range: ClosedRange<Double>?) -> Double? {
    let value: Double
    switch self {
    case .integer(let whole): value = Double(whole)
    case .number(let number): value = number
    default: return nil
    }
    return range?.contains(value) ?? value.isFinite ? value : nil
  }

  fileprivate var bool: Bool? {
    guard case .bool(let value) = self else { return nil }
    return value
  }

  fileprivate func string(oneOf allowed: [String]?) -> String? {
    guard case .string(let value) = self, allowed?.contains(value) ?? true else { return nil }
    return value
  }

  fileprivate func list<T>(count: Int?, _ convert: (JSONValue) -> T?) -> [T]? {
    guard case .array(let values) = self else {
      return convert(self).map { Array(repeating: $0, count: count ?? 1) }
    }
    let converted = values.compactMap(convert)
    return converted.count == values.count && converted.count == count ?? converted.count ? converted : nil
  }
}
