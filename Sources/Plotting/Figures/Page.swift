import Tensors

/// A white page with a title above the content and, where there are maps, a legend below it.
struct Page {
  var canvas: Canvas
  /// The top left corner of the content.
  let x: Int
  let y: Int

  init(title: String, width contentWidth: Int, height contentHeight: Int, legend: Legend? = nil) throws {
    let lettering = try Lettering()
    let width = max(contentWidth, legend == nil ? 420 : 640)
    let titleLines = lettering.wrap(title, size: Layout.titleSize, width: width, maxLines: 3)
    let titleHeight = titleLines.isEmpty ? 0 : titleLines.count * Lettering.lineHeight(Layout.titleSize) + Layout.gap
    x = Layout.margin
    y = Layout.margin + titleHeight
    let legendY = y + contentHeight + Layout.gap + 4
    let bottom = legend.map { legendY + $0.height } ?? y + contentHeight
    canvas = try Canvas(width: width + 2 * Layout.margin, height: bottom + Layout.margin)
    canvas.text(titleLines, x: x, y: Layout.margin, size: Layout.titleSize)
    legend?.draw(on: &canvas, x: x, y: legendY, width: width)
  }
}

/// The color bar, its ends, and the sentence that says what they mean.
struct Legend {
  private static let barHeight = 18

  let scale: ColorScale
  let colorMap: ColorMap
  let maps: [HeatMap]
  /// Said after the scale, such as how a map is laid over the picture.
  var note = ""
  /// Of its words.
  var size = Layout.noteSize

  var height: Int { 8 + 2 * Lettering.lineHeight(size) }

  /// What the colors stand for.
  var statement: String {
    switch scale {
    case .shared(let low, let high):
      return (maps.count == 1 ? "Scale: " : "One scale for all maps: ") + brief(low...high)
    case .perMap where maps.count == 1:
      return "Scale: the map's own range, \(brief(scale.range(for: maps[0])))"
    case .perMap:
      return "Each map on its own scale; under it, its lowest and highest value"
    }
  }

  /// What stands under the two ends of the bar.
  private var ends: (low: String, high: String) {
    if case .perMap = scale, maps.count != 1 { return ("lowest", "highest") }
    let range = scale.range(for: maps[0])
    return (brief(Double(range.lowerBound)), brief(Double(range.upperBound)))
  }

  func draw(on canvas: inout Canvas, x: Int, y: Int, width: Int) {
    let barWidth = min(360, width * 2 / 5)
    let barX = x + width - barWidth
    for column in 0..<barWidth {
      let color = colorMap.color(at: (Float(column) + 0.5) / Float(barWidth))
      canvas.fill(color, x: barX + column, y: y, width: 1, height: Self.barHeight)
    }
    canvas.frame(.line, x: barX - 1, y: y - 1, width: barWidth + 2, height: Self.barHeight + 2)
    let under = y + Self.barHeight + 5
    canvas.text(ends.low, x: barX, y: under, size: size, anchor: .left, maxWidth: barWidth / 2 - 4)
    canvas.text(
      ends.high, x: x + width, y: under, size: size, anchor: .right, maxWidth: barWidth / 2 - 4)
    let lines = canvas.lettering.wrap(sentence, size: size, width: barX - x - Layout.gap, maxLines: 2)
    canvas.text(lines, x: x, y: y, size: size)
    if hasNaN { drawNaN(on: &canvas, centerX: barX + barWidth / 2, y: under) }
  }

  private var sentence: String { note.isEmpty ? statement : "\(statement). \(note)" }

  private var hasNaN: Bool { maps.contains { $0.values.contains { $0.isNaN } } }

  private func drawNaN(on canvas: inout Canvas, centerX: Int, y: Int) {
    let side = 12
    canvas.fill(ColorMap.notANumber, x: centerX - side - 16, y: y + 3, width: side, height: side)
    canvas.text("NaN", x: centerX - 12, y: y, size: Layout.noteSize)
  }
}
