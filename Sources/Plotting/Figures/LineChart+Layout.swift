import Tensors

/// Where the panels of a line chart stand, and how they are drawn.
struct LineChartLayout {
  private static let lineHeight = Lettering.lineHeight(Layout.chartSize)
  private static let panelGap = 30
  private static let gridColor = RGB(0xE4E4E4)

  let title: String
  let panels: [LinePanel]
  let positions: ChartPositions
  let vertical: String
  private let ticks: AxisTicks
  private let range: ClosedRange<Double>
  private let styles: LineStyles
  private let key: ChartKey
  private let noteLines: [String]
  private let columns: Int
  private let axisWidth: Int
  /// Within a plot, left of the first and right of the last position: half of a label, as far as it is short.
  private let inset: Double
  private let plot: (width: Int, height: Int)
  private let lettering: Lettering

  init(
    title: String, panels: [LinePanel], positions: ChartPositions, vertical: String, range: ClosedRange<Double>?,
    note: String
  ) throws {
    lettering = try Lettering()
    self.title = title
    self.panels = panels
    self.positions = positions
    self.vertical = vertical
    styles = LineStyles(panels)
    let values = panels.flatMap { panel in
      panel.series.flatMap(\.points).flatMap { $0?.values ?? [] } + panel.references.map(\.value)
    }
    ticks = AxisTicks(covering: range.map { [$0.lowerBound, $0.upperBound] } ?? values)
    self.range = range ?? ticks.range
    let widest = ticks.values.map { [lettering] in lettering.width(brief($0), size: Layout.chartSize) }.max() ?? 0
    axisWidth = widest + 12
    let label = positions.labels.map { [lettering] in lettering.width($0, size: Layout.chartSize) }.max() ?? 0
    inset = Double(min(60, max(22, label / 2)))
    columns = Layout.balancedColumns(panels.count, atMost: 3)
    let free = (Layout.contentWidth - axisWidth - (columns - 1) * Self.panelGap) / columns
    // A single panel is as wide as its positions need to be told apart, and no wider.
    let width = columns > 1 ? free : min(free, max(560, positions.labels.count * 56 + 2 * Int(inset)))
    plot = (width, columns > 1 ? 320 : 380)
    let contentWidth = axisWidth + columns * width + (columns - 1) * Self.panelGap
    key = ChartKey(styles.entries, width: contentWidth, lettering: lettering)
    noteLines = lettering.wrap(note, size: Layout.chartNoteSize, width: max(contentWidth, 420), maxLines: 6)
  }

  private var width: Int { axisWidth + columns * plot.width + (columns - 1) * Self.panelGap }
  private var rows: Int { (panels.count + columns - 1) / columns }
  private var labelHeight: Int { panels.contains { !$0.label.isEmpty } ? Self.lineHeight + 4 : 0 }
  private var groupsHeight: Int { positions.groups.isEmpty ? 0 : Self.lineHeight + 8 }
  /// Labels of positions under a plot, groups, and a little room.
  private var rowHeight: Int { labelHeight + plot.height + 10 + Self.lineHeight + groupsHeight + 8 }

  func drawn() throws -> Picture {
    let noteHeight = noteLines.isEmpty ? 0 : 12 + noteLines.count * Lettering.lineHeight(Layout.chartNoteSize)
    let top = key.height + Self.lineHeight + 14
    let height = top + rows * rowHeight + Self.lineHeight + 4
    var page = try Page(title: title, width: width, height: height + noteHeight)
    key.draw(on: &page.canvas, x: page.x, y: page.y)
    page.canvas.text(
      vertical, x: page.x, y: page.y + key.height, size: Layout.chartSize, color: .softInk, maxWidth: width)
    for (index, panel) in panels.enumerated() {
      let (row, column) = index.quotientAndRemainder(dividingBy: columns)
      let x = page.x + axisWidth + column * (plot.width + Self.panelGap)
      let y = page.y + top + row * rowHeight + labelHeight
      page.canvas.text(
        panel.label, x: x + plot.width / 2, y: y - labelHeight, size: Layout.chartSize, anchor: .center,
        maxWidth: plot.width)
      drawAxes(on: &page.canvas, x: x, y: y, hasNumbers: column == 0)
      draw(panel, on: &page.canvas, x: x, y: y)
    }
    page.canvas.text(
      positions.title, x: page.x + axisWidth + (width - axisWidth) / 2, y: page.y + top + rows * rowHeight,
      size: Layout.chartSize, color: .softInk, anchor: .center, maxWidth: width - axisWidth)
    page.canvas.text(
      noteLines, x: page.x, y: page.y + height + 12, size: Layout.chartNoteSize, color: .softInk)
    return try page.canvas.picture()
  }

  /// From a plot's left edge.
  private func across(_ position: Int) -> Double {
    let free = Double(plot.width) - 2 * inset
    let count = positions.labels.count
    return inset + (count == 1 ? free / 2 : free * Double(position) / Double(count - 1))
  }

  /// From a plot's upper edge; beyond its ends for values beyond the axis.
  private func down(_ value: Double) -> Double {
    (range.upperBound - value) / (range.upperBound - range.lowerBound) * Double(plot.height)
  }

  private func drawAxes(on canvas: inout Canvas, x: Int, y: Int, hasNumbers: Bool) {
    for value in ticks.values where range.contains(value) {
      let line = y + Int(down(value).rounded())
      canvas.fill(Self.gridColor, x: x, y: line, width: plot.width, height: 1)
      guard hasNumbers else { continue }
      canvas.text(
        brief(value), x: x - 10, y: line - Self.lineHeight / 2, size: Layout.chartSize, anchor: .right)
    }
    canvas.fill(.line, x: x, y: y, width: 2, height: plot.height)
    canvas.fill(.line, x: x, y: y + plot.height, width: plot.width, height: 2)
    let every = stride(of: positions.labels)
    for (index, label) in positions.labels.enumerated() where index % every == 0 {
      let place = x + Int(across(index).rounded())
      canvas.fill(.line, x: place, y: y + plot.height, width: 2, height: 7)
      canvas.text(
        label, x: place, y: y + plot.height + 10, size: Layout.chartSize, anchor: .center,
        maxWidth: room(at: across(index), pitch * Double(every) - 4))
    }
    for group in positions.groups { draw(group, on: &canvas, x: x, y: y + plot.height + 12 + Self.lineHeight) }
  }

  private func draw(_ group: ChartPositions.Group, on canvas: inout Canvas, x: Int, y: Int) {
    let from = across(group.range.lowerBound) - min(10, pitch / 2 - 2)
    let to = across(group.range.upperBound) + min(10, pitch / 2 - 2)
    canvas.fill(.softInk, x: x + Int(from.rounded()), y: y, width: Int((to - from).rounded()), height: 2)
    canvas.text(
      group.label, x: x + Int(((from + to) / 2).rounded()), y: y + 5, size: Layout.chartSize, color: .softInk,
      anchor: .center, maxWidth: room(at: (from + to) / 2, max(to - from, 2.4 * pitch)))
  }

  /// How wide a text in the middle of a place may be so that it stays within a plot's width.
  private func room(at place: Double, _ wanted: Double) -> Int {
    Int(max(1, min(wanted, 2 * min(place, Double(plot.width) - place) + 2)))
  }

  /// Between two positions.
  private var pitch: Double {
    (Double(plot.width) - 2 * inset) / Double(max(1, positions.labels.count - 1))
  }

  /// Every how many positions a label has room.
  private func stride(of labels: [String]) -> Int {
    let widest = labels.map { lettering.width($0, size: Layout.chartSize) }.max() ?? 0
    return min(max(1, labels.count), max(1, Int((Double(widest + 8) / pitch).rounded(.up))))
  }

  private func draw(_ panel: LinePanel, on canvas: inout Canvas, x: Int, y: Int) {
    let (left, top) = (Double(x), Double(y))
    for line in panel.references {
      guard case .broken(let gray, let dashes)? = styles.style(line.label, isBroken: true), range.contains(line.value)
      else { continue }
      let height = top + down(line.value)
      canvas.polyline(
        gray, [(left + 2, height), (left + Double(plot.width), height)], thickness: LineStyles.thickness,
        dashes: dashes)
    }
    for series in panel.series where series.role == .control {
      guard case .broken(let gray, let dashes)? = styles.style(series.label, isBroken: true) else { continue }
      for run in runs(of: series, left: left, top: top, aside: 0) {
        canvas.polyline(gray, run, thickness: LineStyles.thickness, dashes: dashes)
      }
    }
    let findings = panel.series.filter { $0.role == .finding && $0.points.contains { $0 != nil } }
    for (index, series) in findings.enumerated() {
      guard case .marked(let color, let marker)? = styles.style(series.label, isBroken: false) else { continue }
      // A little beside one another, so that bars and marks of one position are all seen.
      let step = min(9, pitch / Double(findings.count + 1))
      let aside = (Double(index) - Double(findings.count - 1) / 2) * step
      draw(series, color, marker, on: &canvas, left: left, top: top, aside: aside)
    }
  }

  /// The places of a series' points, in runs without a gap.
  private func runs(of series: LineSeries, left: Double, top: Double, aside: Double) -> [[(x: Double, y: Double)]] {
    var runs: [[(x: Double, y: Double)]] = [[]]
    for (index, point) in series.points.enumerated() {
      guard let point, range.contains(point.value) else {
        runs.append([])
        continue
      }
      runs[runs.count - 1].append((left + across(index) + aside, top + down(point.value)))
    }
    return runs
  }

  private func draw(
    _ series: LineSeries, _ color: RGB, _ marker: LineStyles.Marker, on canvas: inout Canvas, left: Double,
    top: Double, aside: Double
  ) {
    for run in runs(of: series, left: left, top: top, aside: aside) {
      canvas.polyline(LineStyles.lineColor(color), run, thickness: LineStyles.thickness)
    }
    for (index, point) in series.points.enumerated() {
      guard let point, range.contains(point.value) else { continue }
      let x = left + across(index) + aside
      if let interval = point.interval { draw(interval, color, on: &canvas, x: x, top: top) }
      canvas.mark(marker, color, x: x, y: top + down(point.value), isFilled: point.isFilled)
    }
  }

  /// An interval; an end beyond the axis has no foot.
  private func draw(_ interval: ClosedRange<Double>, _ color: RGB, on canvas: inout Canvas, x: Double, top: Double) {
    let part = interval.clamped(to: range)
    canvas.line(
      color, fromX: x, y: top + down(part.upperBound), toX: x, y: top + down(part.lowerBound),
      thickness: LineStyles.thickness)
    for end in [interval.lowerBound, interval.upperBound] where range.contains(end) {
      canvas.line(
        color, fromX: x - 5, y: top + down(end), toX: x + 5, y: top + down(end), thickness: LineStyles.thickness)
    }
  }
}
