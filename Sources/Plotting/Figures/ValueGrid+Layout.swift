import Tensors

/// Where the cells of a grid of values stand, and how they are drawn.
struct ValueGridLayout {
  private static let lineHeight = Lettering.lineHeight(Layout.chartSize)
  private static let numberHeight = Lettering.lineHeight(Layout.chartNoteSize)
  private static let emptyColor = RGB(0xEDEDED)
  /// Between cells, so that the frames of two neighbors do not touch.
  private static let gap = 8
  private static let frame = 3
  private static let panelGap = 34
  /// The least width of a cell, the most that numbers alone take, and the most that words take.
  private static let (leastWidth, numberWidth, wordWidth) = (36, 84, 140)

  let title: String
  let rows: [String]
  let panels: [GridPanel]
  let range: ClosedRange<Double>
  let rowTitle: String
  let columnTitle: String
  let unit: String
  let colorMap: ColorMap
  private let lettering: Lettering
  private let labelWidth: Int
  private let cell: (width: Int, height: Int)
  /// The panels' places, by line of panels.
  private let lines: [[(panel: Int, x: Int)]]
  private let width: Int
  private let noteLines: [String]

  init(
    title: String, rows: [String], panels: [GridPanel], range: ClosedRange<Double>, rowTitle: String,
    columnTitle: String, unit: String, note: String, colorMap: ColorMap
  ) throws {
    let lettering = try Lettering()
    self.lettering = lettering
    self.title = title
    self.rows = rows
    self.panels = panels
    self.range = range
    self.rowTitle = rowTitle
    self.columnTitle = columnTitle
    self.unit = unit
    self.colorMap = colorMap
    func widest(_ texts: [String], _ size: Int) -> Int { texts.map { lettering.width($0, size: size) }.max() ?? 0 }
    labelWidth = min(280, widest(rows + [rowTitle], Layout.chartSize)) + 12
    let cells = panels.flatMap { $0.cells.joined() }
    let numbers = widest(cells.flatMap(\.lines), Layout.chartNoteSize) + 6
    let words = min(Self.wordWidth, max(numbers, widest(panels.flatMap(\.columns), Layout.chartSize)))
    // The slot of a panel has room for what is said above it.
    let titles = panels.map { min(240, widest([$0.label, columnTitle], Layout.chartSize)) }
    // All panels beside each other where numbers allow it; otherwise as many as a line holds.
    let free = Layout.contentWidth - labelWidth
    func cellWidth(columns: Int, panels: Int) -> Int { (free - (panels - 1) * Self.panelGap) / columns - Self.gap }
    let inOneLine = cellWidth(columns: panels.reduce(0) { $0 + $1.columns.count }, panels: panels.count)
    let room =
      inOneLine >= max(Self.leastWidth, numbers)
      ? inOneLine : cellWidth(columns: panels.map(\.columns.count).max() ?? 1, panels: 1)
    let width = max(Self.leastWidth, min(room, max(Self.numberWidth, words)))
    cell = (width, max(1, cells.map(\.lines.count).max() ?? 1) * Self.numberHeight + 12)
    var lines: [[(panel: Int, x: Int)]] = [[]]
    var x = labelWidth
    var end = 0
    for (index, panel) in panels.enumerated() {
      let own = max(titles[index], panel.columns.count * (width + Self.gap) - Self.gap)
      if x > labelWidth, x + own > Layout.contentWidth {
        lines.append([])
        x = labelWidth
      }
      lines[lines.count - 1].append((index, x))
      end = max(end, x + own + Self.frame)
      x += own + Self.panelGap
    }
    self.width = end
    self.lines = lines
    noteLines = lettering.wrap(note, size: Layout.chartNoteSize, width: max(end, 640), maxLines: 6)
  }

  private var pitch: (x: Int, y: Int) { (cell.width + Self.gap, cell.height + Self.gap) }
  private var labelHeight: Int { panels.contains { !$0.label.isEmpty } ? Self.lineHeight + 4 : 0 }
  private var headerHeight: Int { labelHeight + 2 * Self.lineHeight + 10 }
  private var lineOfPanels: Int { headerHeight + rows.count * pitch.y + 14 }

  func drawn() throws -> Picture {
    let noteHeight = noteLines.count * Self.numberHeight
    let map = try HeatMap(width: 1, height: 2, values: [Float(range.lowerBound), Float(range.upperBound)])
    let legend = Legend(
      scale: .shared(min: Float(range.lowerBound), max: Float(range.upperBound)), colorMap: colorMap, maps: [map],
      note: unit, size: Layout.chartNoteSize)
    var page = try Page(title: title, width: width, height: lines.count * lineOfPanels + noteHeight, legend: legend)
    for (number, line) in lines.enumerated() {
      let y = page.y + number * lineOfPanels
      drawRowLabels(on: &page.canvas, x: page.x, y: y + headerHeight)
      for place in line { draw(panels[place.panel], on: &page.canvas, x: page.x + place.x, y: y) }
    }
    page.canvas.text(
      noteLines, x: page.x, y: page.y + lines.count * lineOfPanels, size: Layout.chartNoteSize, color: .softInk)
    return try page.canvas.picture()
  }

  private func drawRowLabels(on canvas: inout Canvas, x: Int, y: Int) {
    let right = x + labelWidth - 12
    canvas.text(
      rowTitle, x: right, y: y - Self.lineHeight - 8, size: Layout.chartSize, color: .softInk, anchor: .right,
      maxWidth: labelWidth - 12)
    for (index, label) in rows.enumerated() {
      canvas.text(
        label, x: right, y: y + index * pitch.y + (cell.height - Self.lineHeight) / 2, size: Layout.chartSize,
        anchor: .right, maxWidth: labelWidth - 12)
    }
  }

  private func draw(_ panel: GridPanel, on canvas: inout Canvas, x: Int, y: Int) {
    let panelWidth = panel.columns.count * pitch.x - Self.gap
    for (text, color, line) in [(panel.label, RGB.ink, 0), (columnTitle, .softInk, labelHeight)] {
      let isWide = lettering.width(text, size: Layout.chartSize) > panelWidth
      canvas.text(
        text, x: isWide ? x : x + panelWidth / 2, y: y + line, size: Layout.chartSize, color: color,
        anchor: isWide ? .left : .center, maxWidth: max(240, panelWidth))
    }
    for (column, label) in panel.columns.enumerated() {
      canvas.text(
        label, x: x + column * pitch.x + cell.width / 2, y: y + labelHeight + Self.lineHeight + 2,
        size: Layout.chartSize, anchor: .center, maxWidth: cell.width + Self.gap - 2)
    }
    for (row, cells) in panel.cells.enumerated() {
      for (column, cell) in cells.enumerated() {
        draw(cell, on: &canvas, x: x + column * pitch.x, y: y + headerHeight + row * pitch.y)
      }
    }
  }

  private func draw(_ content: GridCell, on canvas: inout Canvas, x: Int, y: Int) {
    let color = content.value.map { colorMap.color(at: place($0)) } ?? Self.emptyColor
    if content.isMarked {
      canvas.fill(
        RGB(0x000000), x: x - Self.frame, y: y - Self.frame, width: cell.width + 2 * Self.frame,
        height: cell.height + 2 * Self.frame)
    }
    canvas.fill(color, x: x, y: y, width: cell.width, height: cell.height)
    let ink = color.isDark ? RGB.white : RGB(0x1A1A1A)
    let top = y + (cell.height - content.lines.count * Self.numberHeight) / 2
    for (index, line) in content.lines.enumerated() {
      canvas.text(
        line, x: x + cell.width / 2, y: top + index * Self.numberHeight, size: Layout.chartNoteSize,
        color: content.value == nil ? .softInk : ink, anchor: .center, maxWidth: cell.width)
    }
  }

  private func place(_ value: Double) -> Float {
    (Float(range.lowerBound)...Float(range.upperBound)).place(Float(value))
  }
}
