/// Which part of a text stands at the given place.
public enum TextAnchor: Hashable, Sendable {
  case left
  case center
  case right
}

extension Canvas {
  /// Draws one line of text, anti-aliased, cut with an ellipsis if it is wider than allowed.
  ///
  /// Nothing is drawn where the build found no FreeType.
  /// - Parameters:
  ///   - x: of the anchor, in pixels.
  ///   - y: of the line's top, in pixels; the line is `Lettering.lineHeight(size)` high.
  ///   - size: of the em, in pixels.
  ///   - maxWidth: in pixels; nil for no limit.
  public mutating func text(
    _ text: String, x: Int, y: Int, size: Int, color: RGB = .ink, anchor: TextAnchor = .left, maxWidth: Int? = nil
  ) {
    guard let typeface = lettering.typeface else { return }
    let fitting = maxWidth.map { lettering.fit(text, size: size, width: $0) } ?? text
    let line = typeface.line(fitting, size: size)
    let start =
      switch anchor {
      case .left: x * 64
      case .center: x * 64 - line.length / 2
      case .right: x * 64 - line.length
      }
    for placed in line.glyphs {
      // To the nearest quarter of a pixel; shifting right is a division that rounds down, also below zero.
      let quarters = (start + placed.x + 8) >> 4
      guard let ink = typeface.ink(of: placed, size: size, quarter: quarters & 3) else { continue }
      stamp(ink, penX: quarters >> 2, baseline: y + Lettering.ascent(size), color: color)
    }
  }

  /// Draws lines of text below each other.
  public mutating func text(
    _ lines: [String], x: Int, y: Int, size: Int, color: RGB = .ink, anchor: TextAnchor = .left
  ) {
    for (index, line) in lines.enumerated() {
      text(line, x: x, y: y + index * Lettering.lineHeight(size), size: size, color: color, anchor: anchor)
    }
  }

  private mutating func stamp(_ ink: Typeface.Ink, penX: Int, baseline: Int, color: RGB) {
    for (index, coverage) in ink.coverage.enumerated() where coverage > 0 {
      let (row, column) = index.quotientAndRemainder(dividingBy: ink.width)
      blend(
        color, x: penX + ink.left + column, y: baseline - ink.top + row, share: Float(coverage) / 255)
    }
  }
}
