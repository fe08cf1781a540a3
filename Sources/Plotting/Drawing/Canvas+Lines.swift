import Foundation

extension Canvas {
  /// Draws a smooth line with round ends.
  ///
  /// Positions are continuous: (0, 0) is the top left corner of the first pixel, (0.5, 0.5) its center.
  /// - Parameter thickness: in pixels.
  public mutating func line(
    _ color: RGB, fromX x0: Double, y y0: Double, toX x1: Double, y y1: Double, thickness: Double = 1
  ) {
    let dx = x1 - x0
    let dy = y1 - y0
    let square = dx * dx + dy * dy
    shade(color, x: (min(x0, x1), max(x0, x1)), y: (min(y0, y1), max(y0, y1)), margin: thickness) { x, y in
      let along = square == 0 ? 0 : min(1, max(0, ((x - x0) * dx + (y - y0) * dy) / square))
      return hypot(x - x0 - along * dx, y - y0 - along * dy) - thickness / 2
    }
  }

  /// Draws a smooth ring.
  /// - Parameters:
  ///   - radius: of the middle of the ring's line, in pixels.
  ///   - thickness: of the line, in pixels.
  public mutating func ring(_ color: RGB, centerX: Double, centerY: Double, radius: Double, thickness: Double) {
    shade(color, x: (centerX, centerX), y: (centerY, centerY), margin: radius + thickness) { x, y in
      abs(hypot(x - centerX, y - centerY) - radius) - thickness / 2
    }
  }

  /// Draws a smooth filled disc.
  public mutating func disc(_ color: RGB, centerX: Double, centerY: Double, radius: Double) {
    shade(color, x: (centerX, centerX), y: (centerY, centerY), margin: radius + 1) { x, y in
      hypot(x - centerX, y - centerY) - radius
    }
  }

  /// Colors pixels by how far their centers lie outside (positive) or inside (negative) a shape's edge: over one pixel the
  /// coverage falls from 1 to 0. A shape with a place that is not finite is not drawn.
  private mutating func shade(
    _ color: RGB, x: (low: Double, high: Double), y: (low: Double, high: Double), margin: Double,
    distance: (Double, Double) -> Double
  ) {
    guard [x.low, x.high, y.low, y.high, margin].allSatisfy(\.isFinite) else { return }
    func pixels(_ extent: (low: Double, high: Double), _ limit: Int) -> Range<Int> {
      let low = min(Double(limit), max(0, (extent.low - margin).rounded(.down)))
      let high = min(Double(limit), max(low, (extent.high + margin).rounded(.up)))
      return Int(low)..<Int(high)
    }
    let columns = pixels(x, width)
    for row in pixels(y, height) {
      for column in columns {
        let coverage = 0.5 - distance(Double(column) + 0.5, Double(row) + 0.5)
        blend(color, x: column, y: row, share: Float(min(1, max(0, coverage))))
      }
    }
  }
}
