import Tensors

/// One row of a layer x step grid: a layer and its maps, one a step.
public struct LayerRow: Hashable, Sendable {
  /// Such as `3 down_blocks.1 · 8x8`.
  public let label: String
  /// One for each step; maps of other rows may have other sizes.
  public let maps: [HeatMap]

  public init(_ label: String, _ maps: [HeatMap]) {
    self.label = label
    self.maps = maps
  }
}

extension Figures {
  /// A word's maps over the layers (rows) and the steps (columns). All cells have one size, with the proportions of
  /// the first map; a map's own cells stay visible.
  ///
  /// - Parameters:
  ///   - steps: the columns' labels; where they are too wide for the cells only every second, third... is drawn.
  ///   - rowTitle, stepTitle: what rows and columns are.
  /// - Throws: `PlottingError` if there is no row or no step, a row has not one map a step, or the scale is not finite and
  ///   rising.
  public static func layerStepGrid(
    title: String, rows: [LayerRow], steps: [String], scale: ColorScale, colorMap: ColorMap = .viridis,
    rowTitle: String = "layer", stepTitle: String = "step"
  ) throws -> Picture {
    var check = FigureCheck("layers x steps")
    check.expect(!rows.isEmpty, "expected at least one row, found none")
    check.expect(!steps.isEmpty, "expected at least one step, found none")
    for row in rows {
      check.expect(
        row.maps.count == steps.count, "row \"\(row.label)\" has \(row.maps.count) maps for \(steps.count) steps")
    }
    check.expectValid(scale)
    try check.finish()
    let geometry = try GridGeometry(rows: rows, steps: steps, scale: scale)
    let legend = Legend(scale: scale, colorMap: colorMap, maps: rows.flatMap(\.maps))
    var page = try Page(title: title, width: geometry.width, height: geometry.height, legend: legend)
    geometry.drawLabels(on: &page, rowTitle: rowTitle, stepTitle: stepTitle, rows: rows, steps: steps)
    for (row, layer) in rows.enumerated() {
      for (column, map) in layer.maps.enumerated() {
        let picture = try map.picture(
          width: geometry.cell.width, height: geometry.cell.height, range: scale.range(for: map), colorMap: colorMap)
        let x = page.x + geometry.x(column)
        let y = page.y + geometry.y(row)
        page.canvas.draw(picture, x: x, y: y)
        if geometry.numbersHeight > 0 { geometry.drawRange(of: map, on: &page.canvas, x: x, y: y) }
      }
    }
    return try page.canvas.picture()
  }
}

/// Where the cells of a layer x step grid stand, relative to the content's corner.
private struct GridGeometry {
  private let labelWidth: Int
  private let gap: Int
  private let columns: Int
  private let rows: Int
  let cell: (width: Int, height: Int)
  /// Room under each cell for its lowest and highest value; 0 where one scale serves all.
  let numbersHeight: Int
  private let headerHeight = 2 * Lettering.lineHeight(Layout.noteSize) + 6

  init(rows: [LayerRow], steps: [String], scale: ColorScale) throws {
    let lettering = try Lettering()
    let widest = rows.map { lettering.width($0.label, size: Layout.noteSize) }.max() ?? 0
    labelWidth = min(300, widest) + 12
    columns = steps.count
    self.rows = rows.count
    numbersHeight = scale == .perMap ? 2 * Lettering.lineHeight(Layout.cellNumberSize) + 6 : 0
    let pitch = (Layout.contentWidth - labelWidth) / columns
    gap = pitch >= 24 ? 3 : 1
    let aspect = (rows[0].maps[0].width, rows[0].maps[0].height)
    let least = numbersHeight > 0 ? 46 : 16
    let most = max(least, min(128, Layout.gridHeight / rows.count - numbersHeight - gap))
    let width = min(most, max(least, pitch - gap))
    cell = (width, Layout.cellHeight(width, aspect: aspect))
  }

  var width: Int { x(columns) - gap }
  var height: Int { y(rows) - gap }

  func x(_ column: Int) -> Int { labelWidth + column * (cell.width + gap) }
  func y(_ row: Int) -> Int { headerHeight + row * (cell.height + numbersHeight + gap) }

  func drawLabels(on page: inout Page, rowTitle: String, stepTitle: String, rows: [LayerRow], steps: [String]) {
    let line = Lettering.lineHeight(Layout.noteSize)
    page.canvas.text(
      stepTitle, x: page.x + labelWidth, y: page.y, size: Layout.noteSize, color: .softInk, maxWidth: width - labelWidth
    )
    page.canvas.text(
      rowTitle, x: page.x + labelWidth - 12, y: page.y + line, size: Layout.noteSize, color: .softInk, anchor: .right,
      maxWidth: labelWidth - 12)
    let every = stride(of: steps, page.canvas.lettering)
    for (column, step) in steps.enumerated() where column % every == 0 {
      page.canvas.text(
        step, x: page.x + x(column) + cell.width / 2, y: page.y + line, size: Layout.noteSize, anchor: .center,
        maxWidth: every * (cell.width + gap))
    }
    for (row, layer) in rows.enumerated() {
      page.canvas.text(
        layer.label, x: page.x + labelWidth - 12, y: page.y + y(row) + (cell.height - line) / 2, size: Layout.noteSize,
        anchor: .right, maxWidth: labelWidth - 12)
    }
  }

  /// Every how many columns a label has room.
  private func stride(of labels: [String], _ lettering: Lettering) -> Int {
    let widest = labels.map { lettering.width($0, size: Layout.noteSize) }.max() ?? 0
    return min(max(1, labels.count), max(1, (widest + 6 + cell.width + gap - 1) / (cell.width + gap)))
  }

  func drawRange(of map: HeatMap, on canvas: inout Canvas, x: Int, y: Int) {
    guard let range = map.range else { return }
    for (line, value) in [range.lowerBound, range.upperBound].enumerated() {
      canvas.text(
        brief(Double(value), digits: 2), x: x + cell.width / 2,
        y: y + cell.height + 1 + line * Lettering.lineHeight(Layout.cellNumberSize), size: Layout.cellNumberSize,
        color: .softInk, anchor: .center, maxWidth: cell.width)
    }
  }
}
