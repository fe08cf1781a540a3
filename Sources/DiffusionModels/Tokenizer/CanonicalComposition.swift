import Foundation

/// Unicode's normalisation form C, composed here.
///
/// Foundation's own (Swift 6.3) is wrong for some texts that people do write: it leaves a Hangul syllable and a final
/// consonant apart, takes U+11A7 and U+1113 for Hangul that composes, and drops the high bits of a code point beyond
/// 16 bits, so that U+10416 with a breve becomes a Cyrillic letter. Its decomposition is sound, and the pairs that
/// compose follow from it.
/// - Source: Unicode Standard Annex 15, and section 3.12 of the standard for Hangul.
enum CanonicalComposition {
  /// The normalisation form C of a text.
  static func composed(_ text: String.UnicodeScalarView) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    // Place of the last starter, and the class of what was last appended after it.
    var starter: Int?
    var lastClass: UInt8 = 0
    for scalar in String(text).decomposedStringWithCanonicalMapping.unicodeScalars {
      let combining = scalar.properties.canonicalCombiningClass.rawValue
      if let starter, starter == result.count - 1 || lastClass < combining,
        let composite = pair(result[starter], scalar)
      {
        result[starter] = composite
        continue
      }
      if combining == 0 { starter = result.count }
      lastClass = combining
      result.append(scalar)
    }
    return result
  }

  /// What two code points compose to.
  private static func pair(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
    hangul(first.value, second.value) ?? composites[key(first, second)]
  }

  /// A leading consonant and a vowel, or a syllable of these and a final consonant.
  private static func hangul(_ first: UInt32, _ second: UInt32) -> Unicode.Scalar? {
    let syllables: UInt32 = 0xAC00
    if (0x1100...0x1112).contains(first), (0x1161...0x1175).contains(second) {
      return Unicode.Scalar(syllables + ((first - 0x1100) * 21 + second - 0x1161) * 28)
    }
    if (syllables...0xD7A3).contains(first), (first - syllables) % 28 == 0, (0x11A8...0x11C2).contains(second) {
      return Unicode.Scalar(first + second - 0x11A7)
    }
    return nil
  }

  private static func key(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> UInt64 {
    UInt64(first.value) << 32 | UInt64(second.value)
  }

  /// The pairs whose composite is not excluded from composition, up to Unicode 9.
  private static let composites: [UInt64: Unicode.Scalar] = {
    // All such composites but Hangul stand in these two ranges.
    let candidates = [0xC0..<0x3100, 0x11000..<0x11600].joined().compactMap { Unicode.Scalar(UInt32($0)) }
    let decomposed = candidates.compactMap { scalar -> (composite: Unicode.Scalar, parts: [Unicode.Scalar])? in
      let parts = Array(String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars)
      // What does not come back is excluded.
      guard parts.count > 1, Array(String(scalar).precomposedStringWithCanonicalMapping.unicodeScalars) == [scalar]
      else { return nil }
      return (scalar, parts)
    }
    var table: [UInt64: Unicode.Scalar] = [:]
    // Short ones first: three parts are a composite of the first two, and the third.
    for (composite, parts) in decomposed.sorted(by: { $0.parts.count < $1.parts.count }) {
      let first = parts.dropFirst().dropLast().reduce(Optional(parts[0])) { first, part in
        first.flatMap { table[key($0, part)] }
      }
      if let first { table[key(first, parts[parts.count - 1])] = composite }
    }
    return table
  }()
}
