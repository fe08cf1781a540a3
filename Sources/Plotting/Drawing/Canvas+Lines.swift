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

  /// Draws a smooth filled polygon without inward corners.
  /// - Parameter corners: in pixels, clockwise on the screen; fewer than three draw nothing.
  mutating func polygon(_ color: RGB, _ corners: [(x: Double, y: Double)]) {
    guard corners.count > 2 else { return }
    let (xs, ys) = (corners.map(\.x), corners.map(\.y))
    let edges = corners.indices.map { index -> (x: Double, y: Double, normalX: Double, normalY: Double) in
      let (a, b) = (corners[index], corners[(index + 1) % corners.count])
      let length = max(hypot(b.x - a.x, b.y - a.y), 1e-9)
      return (a.x, a.y, (b.y - a.y) / length, (a.x - b.x) / length)
    }
    shade(color, x: (xs.min() ?? 0, xs.max() ?? 0), y: (ys.min() ?? 0, ys.max() ?? 0), margin: 1) { x, y in
      edges.map { (x - $0.x) * $0.normalX + (y - $0.y) * $0.normalY }.max() ?? 1
    }
  }

  /// Draws lines from point to point, whole or broken.
  /// - Parameter dashes: lengths in pixels, of ink and of gaps in turn; empty for a whole line.
  mutating func polyline(_ color: RGB, _ points: [(x: Double, y: Double)], thickness: Double, dashes: [Double] = []) {
    var left = dashes.first ?? .infinity
    var dash = 0
    for (start, end) in zip(points, points.dropFirst()) {
      let length = hypot(end.x - start.x, end.y - start.y)
      guard length > 0, length.isFinite else { continue }
      func place(_ along: Double) -> (x: Double, y: Double) {
        (start.x + (end.x - start.x) * along / length, start.y + (end.y - start.y) * along / length)
      }
      var from = 0.0
      while from < length {
        let to = min(length, from + left)
        if dash % 2 == 0 {
          let (a, b) = (place(from), place(to))
          line(color, fromX: a.x, y: a.y, toX: b.x, y: b.y, thickness: thickness)
        }
        left -= to - from
        from = to
        // What rounding leaves of a dash is none: it would never end.
        if left < 1e-6, !dashes.isEmpty {
          dash += 1
          left = max(1, dashes[dash % dashes.count])
        }
      }
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
