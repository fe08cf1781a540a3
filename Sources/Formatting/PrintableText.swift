/// Text from a file or a prompt in which nothing acts that cannot be seen: control characters, which move a terminal's
/// cursor, marks that turn the direction of writing, and those of no width are written by their numbers.
///
/// The joiner inside an emoji of several parts stays.
public func printable(_ text: String) -> String {
  let scalars = Array(text.unicodeScalars)
  return scalars.enumerated().map { index, scalar in
    let joinsEmoji =
      scalar.value == 0x200D && index > 0 && index + 1 < scalars.count && scalars[index + 1].properties.isEmoji
      && (scalars[index - 1].properties.isEmoji || scalars[index - 1].value == 0xFE0F)
    guard isUnprintable(scalar), !joinsEmoji else { return String(scalar) }
    return "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
  }.joined()
}

/// The first sign that text for pictures, tables and file headers may not hold, as `U+0009`: a control character, a separator
/// of lines or paragraphs, or a byte order mark. nil for one line of text.
package func firstControl(in text: String) -> String? {
  let found = text.unicodeScalars.first { scalar in
    [.control, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory) || scalar == "\u{FEFF}"
  }
  return found.map { scalar in
    let code = String(scalar.value, radix: 16, uppercase: true)
    return "U+" + String(repeating: "0", count: max(0, 4 - code.count)) + code
  }
}

/// Whether a sign is not seen where it stands, and yet changes how the text around it is shown.
func isUnprintable(_ scalar: Unicode.Scalar) -> Bool {
  [.control, .lineSeparator, .paragraphSeparator, .format].contains(scalar.properties.generalCategory)
}
