import Tensors

/// One row of a table of pictures.
public struct PictureRow: Hashable, Sendable {
  /// Such as `a red car → a blue car`.
  public let label: String
  /// Said below the label in smaller letters, such as `seed 1`; empty for nothing.
  public let detail: String
  /// One for each column.
  public let pictures: [Picture]

  public init(_ label: String, detail: String = "", pictures: [Picture]) {
    self.label = label
    self.detail = detail
    self.pictures = pictures
  }
}

extension Figures {
  /// A table of pictures: a source and its edits in each row, an intervention in each column.
  ///
  /// - Parameters:
  ///   - columns: the columns' headings, wrapped to three lines.
  ///   - widest: a picture's width at most, in pixels, 48 or more; under 128 it is the width.
  /// - Throws: `PlottingError` if there is no row or no column, a row has not one picture a column, or pictures would be
  ///   narrower than `widest` or 128 pixels.
  public static func sideBySide(
    title: String, columns: [String], rows: [PictureRow], widest: Int = 300
  ) throws -> Picture {
    var check = FigureCheck("side by side")
    check.expect(!columns.isEmpty, "expected at least one column, found none")
    check.expect(!rows.isEmpty, "expected at least one row, found none")
    check.expect(widest >= 48, "expected pictures of 48 pixels or more, found \(widest)")
    for row in rows {
      check.expect(
        row.pictures.count == columns.count,
        "row \"\(row.label)\" has \(row.pictures.count) pictures for \(columns.count) columns")
    }
    try check.finish()
    return try PictureTable(title: title, columns: columns, rows: rows, widest: widest).drawn()
  }

  /// Pictures in reading order, each with its caption.
  ///
  /// - Parameter columns: nil lets the sheet choose, up to 6.
  /// - Throws: `PlottingError` if there is no picture or the number of columns is not positive.
  public static func contactSheet(title: String, items: [LabeledPicture], columns: Int? = nil) throws -> Picture {
    var check = FigureCheck("contact sheet")
    check.expect(!items.isEmpty, "expected at least one picture, found none")
    check.expect((columns ?? 1) > 0, "expected a positive number of columns, found \(columns ?? 1)")
    try check.finish()
    let count = min(items.count, columns ?? Layout.balancedColumns(items.count, atMost: 6))
    let width = Layout.cellWidth(columns: count, allowed: 128...320)
    let cell = (width: width, height: Layout.cellHeight(width, like: items[0].picture))
    let panels = try items.map {
      Panel(caption: $0.label, picture: try $0.picture.fitted(width: cell.width, height: cell.height))
    }
    return try PanelGrid(panels, columns: count, cell: cell).figure(title: title)
  }
}

/// The layout of a table of pictures.
private struct PictureTable {
  private static let gap = 10

  let title: String
  let rows: [PictureRow]
  private let labelWidth: Int
  private let headings: [[String]]
  private let labels: [[String]]
  private let cell: (width: Int, height: Int)
  private let headingHeight: Int

  init(title: String, columns: [String], rows: [PictureRow], widest: Int) throws {
    let lettering = try Lettering()
    self.title = title
    self.rows = rows
    let hasLabels = rows.contains { !$0.label.isEmpty || !$0.detail.isEmpty }
    let room = hasLabels ? 200 : 0
    labelWidth = room
    let width = Layout.cellWidth(
      columns: columns.count, beside: hasLabels ? room + Layout.gap : 0, allowed: min(128, widest)...widest)
    cell = (width, Layout.cellHeight(width, like: rows[0].pictures[0]))
    headings = columns.map { lettering.wrap($0, size: Layout.captionSize, width: width, maxLines: 3) }
    let line = Lettering.lineHeight(Layout.captionSize)
    headingHeight = (headings.map(\.count).max() ?? 0) * line + 8
    let lines = max(1, (cell.height - Lettering.lineHeight(Layout.noteSize)) / line)
    labels = rows.map { lettering.wrap($0.label, size: Layout.captionSize, width: room, maxLines: lines) }
  }

  func drawn() throws -> Picture {
    let left = labelWidth == 0 ? 0 : labelWidth + Layout.gap
    let pitch = cell.width + Self.gap
    let line = Lettering.lineHeight(Layout.captionSize)
    var page = try Page(
      title: title, width: left + headings.count * pitch - Self.gap,
      height: headingHeight + rows.count * (cell.height + Self.gap) - Self.gap)
    for (column, heading) in headings.enumerated() {
      // Headings of fewer lines stand at the bottom, next to their pictures.
      page.canvas.text(
        heading, x: page.x + left + column * pitch + cell.width / 2,
        y: page.y + headingHeight - 8 - heading.count * line, size: Layout.captionSize, anchor: .center)
    }
    for (index, row) in rows.enumerated() {
      let y = page.y + headingHeight + index * (cell.height + Self.gap)
      drawLabel(index, on: &page.canvas, x: page.x, y: y)
      for (column, picture) in row.pictures.enumerated() {
        page.canvas.drawCell(
          try picture.fitted(width: cell.width, height: cell.height), x: page.x + left + column * pitch, y: y,
          width: cell.width, height: cell.height)
      }
    }
    return try page.canvas.picture()
  }

  /// Label and detail, together in the middle of the row's height.
  private func drawLabel(_ index: Int, on canvas: inout Canvas, x: Int, y: Int) {
    let labelHeight = labels[index].count * Lettering.lineHeight(Layout.captionSize)
    let detailHeight = rows[index].detail.isEmpty ? 0 : Lettering.lineHeight(Layout.noteSize)
    let top = y + (cell.height - labelHeight - detailHeight) / 2
    canvas.text(labels[index], x: x, y: top, size: Layout.captionSize)
    canvas.text(
      rows[index].detail, x: x, y: top + labelHeight, size: Layout.noteSize, color: .softInk, maxWidth: labelWidth)
  }
}
