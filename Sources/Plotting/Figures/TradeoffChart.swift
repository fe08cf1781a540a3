import Tensors

/// A line of a trade-off: what is gained against what is kept, point by point.
public struct TradeoffLine: Hashable, Sendable {
  /// One setting.
  public struct Point: Hashable, Sendable {
    /// Along the horizontal axis.
    public let kept: Double
    /// Along the vertical axis.
    public let gained: Double
    /// Whether the mark is filled. What filled marks say stands in the chart's note, such as `the published setting`.
    public let isFilled: Bool
    /// Said beside the mark; empty for nothing.
    public let label: String

    public init(kept: Double, gained: Double, isFilled: Bool = false, label: String = "") {
      self.kept = kept
      self.gained = gained
      self.isFilled = isFilled
      self.label = label
    }
  }

  public let label: String
  /// In the order in which they are joined.
  public let points: [Point]
  /// Whether a line goes from point to point.
  public let isJoined: Bool

  public init(_ label: String, points: [Point], isJoined: Bool = true) {
    self.label = label
    self.points = points
    self.isJoined = isJoined
  }
}

extension Figures {
  /// Two values of each setting against one another, a line a method, with an upright line where methods are compared.
  ///
  /// Lines have Okabe and Ito's colors and a mark each. Axes reach around the values, so that marks do not crowd a
  /// corner; where they begin is said by their numbers. Beside marks that lie in one place stands how many they are, as `×2`.
  /// - Parameters:
  ///   - horizontal: What is kept, with its unit.
  ///   - vertical: What is gained, with its unit.
  ///   - reference: An upright line; nil for none.
  ///   - note: The caption below, such as what filled marks are.
  /// - Throws: `PlottingError` if there is no line, a line has no point, or a value is not finite.
  public static func tradeoffChart(
    title: String, lines: [TradeoffLine], horizontal: String, vertical: String, reference: ReferenceLine? = nil,
    note: String = ""
  ) throws -> Picture {
    var check = FigureCheck("trade-off chart")
    check.expect(!lines.isEmpty, "expected at least one line, found none")
    for line in lines {
      check.expect(!line.points.isEmpty, "line \"\(line.label)\" has no point")
      check.expectFinite(line.points.flatMap { [$0.kept, $0.gained] }, "line \"\(line.label)\"")
    }
    if let reference { check.expectFinite([reference.value], "line \"\(reference.label)\"") }
    try check.finish()
    return try TradeoffLayout(
      title: title, lines: lines, horizontal: horizontal, vertical: vertical, reference: reference, note: note
    ).drawn()
  }
}

private struct TradeoffLayout {
  private static let lineHeight = Lettering.lineHeight(Layout.chartSize)
  private static let gridColor = RGB(0xE4E4E4)
  private static let width = 860
  private static let height = 560
  /// Room for the numbers of the vertical axis.
  private static let axisWidth = 76
  /// What a mark covers at most.
  private static let markWidth = 18

  let title: String
  let lines: [TradeoffLine]
  let horizontal: String
  let vertical: String
  let reference: ReferenceLine?
  private let across: AxisTicks
  private let up: AxisTicks
  private let styles: LineStyles
  private let key: ChartKey
  private let noteLines: [String]

  init(
    title: String, lines: [TradeoffLine], horizontal: String, vertical: String, reference: ReferenceLine?, note: String
  ) throws {
    let lettering = try Lettering()
    self.title = title
    self.lines = lines
    self.horizontal = horizontal
    self.vertical = vertical
    self.reference = reference
    let points = lines.flatMap(\.points)
    across = AxisTicks(covering: points.map(\.kept) + (reference.map { [$0.value] } ?? []), fromZero: false)
    up = AxisTicks(covering: points.map(\.gained), fromZero: false)
    styles = LineStyles([
      LinePanel(series: lines.map { LineSeries($0.label, points: []) }, references: reference.map { [$0] } ?? [])
    ])
    key = ChartKey(styles.entries, width: Self.axisWidth + Self.width, lettering: lettering)
    noteLines = lettering.wrap(note, size: Layout.chartNoteSize, width: Self.axisWidth + Self.width, maxLines: 6)
  }

  func drawn() throws -> Picture {
    let noteHeight = noteLines.isEmpty ? 0 : 12 + noteLines.count * Lettering.lineHeight(Layout.chartNoteSize)
    let top = key.height + Self.lineHeight + 14
    let height = top + Self.height + 10 + 2 * Self.lineHeight + 8
    var page = try Page(title: title, width: Self.axisWidth + Self.width, height: height + noteHeight)
    key.draw(on: &page.canvas, x: page.x, y: page.y)
    page.canvas.text(
      vertical, x: page.x, y: page.y + key.height, size: Layout.chartSize, color: .softInk,
      maxWidth: Self.axisWidth + Self.width)
    let (x, y) = (page.x + Self.axisWidth, page.y + top)
    drawAxes(on: &page.canvas, x: x, y: y)
    draw(lines, on: &page.canvas, x: x, y: y)
    page.canvas.text(
      horizontal, x: x + Self.width / 2, y: y + Self.height + 12 + Self.lineHeight, size: Layout.chartSize,
      color: .softInk, anchor: .center, maxWidth: Self.width)
    page.canvas.text(noteLines, x: page.x, y: page.y + height + 12, size: Layout.chartNoteSize, color: .softInk)
    return try page.canvas.picture()
  }

  private func right(_ value: Double) -> Double {
    (value - across.range.lowerBound) / (across.range.upperBound - across.range.lowerBound) * Double(Self.width)
  }

  private func down(_ value: Double) -> Double {
    (up.range.upperBound - value) / (up.range.upperBound - up.range.lowerBound) * Double(Self.height)
  }

  private func drawAxes(on canvas: inout Canvas, x: Int, y: Int) {
    for (value, number) in zip(up.values, up.numbers) {
      let line = y + Int(down(value).rounded())
      canvas.fill(Self.gridColor, x: x, y: line, width: Self.width, height: 1)
      canvas.text(number, x: x - 10, y: line - Self.lineHeight / 2, size: Layout.chartSize, anchor: .right)
    }
    for (value, number) in zip(across.values, across.numbers) {
      let line = x + Int(right(value).rounded())
      canvas.fill(Self.gridColor, x: line, y: y, width: 1, height: Self.height)
      canvas.text(number, x: line, y: y + Self.height + 8, size: Layout.chartSize, anchor: .center)
    }
    canvas.fill(.line, x: x, y: y, width: 2, height: Self.height)
    canvas.fill(.line, x: x, y: y + Self.height, width: Self.width, height: 2)
    guard let reference, case .broken(let gray, let dashes)? = styles.style(reference.label, isBroken: true) else {
      return
    }
    let place = Double(x) + right(reference.value)
    canvas.polyline(
      gray, [(place, Double(y)), (place, Double(y + Self.height))], thickness: LineStyles.thickness, dashes: dashes)
  }

  /// A mark of a line.
  private struct Mark {
    let point: TradeoffLine.Point
    let place: (x: Double, y: Double)
    let color: RGB
    let marker: LineStyles.Marker

    /// To the nearest pixel.
    var pixel: (x: Int, y: Int) { (Int(place.x.rounded()), Int(place.y.rounded())) }
  }

  /// What is written beside a mark.
  private struct Label {
    let text: String
    let mark: Mark
  }

  /// Lines below marks, marks without a name below those with one, and names and counts where nothing else is.
  private func draw(_ lines: [TradeoffLine], on canvas: inout Canvas, x: Int, y: Int) {
    var marks: [Mark] = []
    for line in lines {
      guard case .marked(let color, let marker)? = styles.style(line.label, isBroken: false) else { continue }
      let places = line.points.map { (x: Double(x) + right($0.kept), y: Double(y) + down($0.gained)) }
      if line.isJoined { canvas.polyline(LineStyles.lineColor(color), places, thickness: LineStyles.thickness) }
      marks += zip(line.points, places).map { Mark(point: $0, place: $1, color: color, marker: marker) }
    }
    let named = marks.filter { !$0.point.label.isEmpty }
    let labels =
      named.map { Label(text: $0.point.label, mark: $0) }
      + LabelPlaces.counts(of: marks.map(\.pixel)).map { Label(text: $0.text, mark: marks[$0.index]) }
    let places = places(of: labels, among: marks, canvas.lettering, x: x, y: y)
    for (label, place) in zip(labels, places) where place.isFar {
      let end = (x: Double(place.box.x + place.box.width / 2), y: Double(place.box.y + place.box.height / 2))
      canvas.polyline(.line, [label.mark.place, end], thickness: 1)
    }
    for mark in marks.filter({ $0.point.label.isEmpty }) + named {
      canvas.mark(mark.marker, mark.color, x: mark.place.x, y: mark.place.y, isFilled: mark.point.isFilled)
    }
    for (label, place) in zip(labels, places) {
      // The line to its mark ends at the text rather than under it.
      if place.isFar {
        canvas.fill(.white, x: place.box.x, y: place.box.y, width: place.box.width, height: place.box.height)
      }
      canvas.text(label.text, x: place.box.x, y: place.box.y, size: Layout.noteSize, color: .softInk)
    }
  }

  private func places(
    of labels: [Label], among marks: [Mark], _ lettering: Lettering, x: Int, y: Int
  ) -> [(box: ChartBox, isFar: Bool)] {
    var places = LabelPlaces(
      inside: ChartBox(x: x, y: y, width: Self.width, height: Self.height),
      marks: marks.map { ChartBox(around: $0.pixel, width: Self.markWidth, height: Self.markWidth) })
    return labels.map {
      places.place(
        width: lettering.width($0.text, size: Layout.noteSize), height: Lettering.lineHeight(Layout.noteSize),
        beside: $0.mark.pixel)
    }
  }
}
