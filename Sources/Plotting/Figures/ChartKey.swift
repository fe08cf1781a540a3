/// The legend of a chart: a sample of each line with its label, in as many rows as they need.
struct ChartKey {
  private static let sample = 54
  private static let gap = 30

  private let rows: [[(label: String, style: LineStyles.Style, x: Int)]]
  private let labelWidth: Int

  init(_ entries: [(label: String, style: LineStyles.Style)], width: Int, lettering: Lettering) {
    labelWidth = width - Self.sample - 10
    var rows: [[(label: String, style: LineStyles.Style, x: Int)]] = [[]]
    var x = 0
    for entry in entries {
      let own = Self.sample + 10 + min(labelWidth, lettering.width(entry.label, size: Layout.chartSize))
      if x > 0, x + own > width {
        rows.append([])
        x = 0
      }
      rows[rows.count - 1].append((entry.label, entry.style, x))
      x += own + Self.gap
    }
    self.rows = rows
  }

  var height: Int { rows.count * (Lettering.lineHeight(Layout.chartSize) + 4) + 12 }

  func draw(on canvas: inout Canvas, x: Int, y: Int) {
    let line = Lettering.lineHeight(Layout.chartSize)
    for (index, row) in rows.enumerated() {
      let top = y + index * (line + 4)
      let middle = Double(top) + Double(line) / 2
      for entry in row {
        let ends = [(x: Double(x + entry.x + 2), y: middle), (x: Double(x + entry.x + Self.sample - 2), y: middle)]
        switch entry.style {
        case .marked(let color, let marker):
          canvas.polyline(LineStyles.lineColor(color), ends, thickness: LineStyles.thickness)
          canvas.mark(marker, color, x: Double(x + entry.x + Self.sample / 2), y: middle, isFilled: true)
        case .broken(let gray, let dashes):
          canvas.polyline(gray, ends, thickness: LineStyles.thickness, dashes: dashes)
        }
        canvas.text(
          entry.label, x: x + entry.x + Self.sample + 10, y: top, size: Layout.chartSize, maxWidth: labelWidth)
      }
    }
  }
}
