import Foundation

/// Measures lines of text and makes them fit.
///
/// Where the build found no FreeType every text is 0 wide and nothing of it is drawn; layouts stay the same.
public struct Lettering: Sendable {
  let typeface: Typeface?

  /// Whether text is drawn at all.
  public var isAvailable: Bool { typeface != nil }

  /// - Throws: `PlottingError` if the font that ships with the module is missing or broken.
  public init() throws { typeface = try Typeface.bundled() }

  init(typeface: Typeface?) { self.typeface = typeface }

  /// Which fonts draw the signs of texts that the one of the figures has not, and which signs no font has.
  public func fonts(of texts: [String]) -> FontUse { typeface?.fonts(of: texts) ?? FontUse() }

  /// The width of one line in pixels, rounded up.
  /// - Parameter size: of the em, in pixels.
  public func width(_ text: String, size: Int) -> Int {
    guard let typeface else { return 0 }
    return (typeface.line(text, size: size).length + 63) / 64
  }

  /// The distance of two baselines in pixels.
  public static func lineHeight(_ size: Int) -> Int { (size * 5 + 3) / 4 }

  /// From the top of a line to its baseline in pixels.
  static func ascent(_ size: Int) -> Int { (size * 19 + 10) / 20 }

  /// The text, or its beginning and an ellipsis, no wider than `width` pixels; empty if not even the ellipsis fits.
  public func fit(_ text: String, size: Int, width: Int) -> String {
    if self.width(text, size: size) <= width { return text }
    let characters = Array(text)
    // The width grows with the number of characters but for kerning, which is smaller than any character.
    var fitting = 0
    var tooLong = characters.count
    while tooLong - fitting > 1 {
      let middle = (fitting + tooLong) / 2
      if self.width(Self.shortened(characters, to: middle), size: size) <= width {
        fitting = middle
      } else {
        tooLong = middle
      }
    }
    let result = Self.shortened(characters, to: fitting)
    return self.width(result, size: size) <= width ? result : ""
  }

  /// Lines no wider than `width` pixels, broken at spaces and newlines, and inside words that are wider than a line. What
  /// does not fit on `maxLines` lines is cut with an ellipsis. An empty text has no lines.
  public func wrap(_ text: String, size: Int, width: Int, maxLines: Int) -> [String] {
    var lines: [String] = []
    let paragraphs = text.split(whereSeparator: \.isNewline)
    for (index, paragraph) in paragraphs.enumerated() {
      var rest = paragraph.split(separator: " ")[...]
      while !rest.isEmpty {
        if lines.count == maxLines - 1 {
          let remaining = ([rest.joined(separator: " ")] + paragraphs[(index + 1)...].map(String.init))
          return lines + [fit(remaining.joined(separator: " "), size: size, width: width)]
        }
        lines.append(takeLine(from: &rest, size: size, width: width))
      }
    }
    return maxLines > 0 ? lines : []
  }

  /// Moves as many words as fit, and at least a part of one, from `words` into a line.
  private func takeLine(from words: inout ArraySlice<Substring>, size: Int, width: Int) -> String {
    var line = ""
    while let word = words.first {
      let longer = line.isEmpty ? String(word) : "\(line) \(word)"
      if self.width(longer, size: size) > width { break }
      line = longer
      words.removeFirst()
    }
    guard line.isEmpty, let word = words.popFirst() else { return line }
    // One character at least, however narrow the line: the caller goes on until no words are left.
    var end = word.index(after: word.startIndex)
    while end < word.endIndex, self.width(String(word[...end]), size: size) <= width { end = word.index(after: end) }
    if end < word.endIndex { words = [word[end...]] + words }
    return String(word[..<end])
  }

  private static func shortened(_ characters: [Character], to count: Int) -> String {
    var kept = characters.prefix(count)
    while kept.last == " " { kept.removeLast() }
    return String(kept) + "…"
  }
}
