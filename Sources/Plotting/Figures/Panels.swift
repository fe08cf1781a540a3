import Tensors

/// A picture in a grid of pictures, with words above and numbers below.
struct Panel {
  var caption: String
  /// Of the size of the cell, or smaller: then it stands in the middle.
  var picture: Picture
  var notes: [String] = []
}

/// Panels in rows from the top left, each row as high as its longest caption needs.
struct PanelGrid {
  private static let captionLines = 2
  private static let captionGap = 6

  let panels: [Panel]
  let columns: Int
  let cell: (width: Int, height: Int)
  /// The caption lines of each panel, wrapped.
  private let captions: [[String]]

  init(_ panels: [Panel], columns: Int, cell: (width: Int, height: Int)) throws {
    self.panels = panels
    self.columns = columns
    self.cell = cell
    let lettering = try Lettering()
    captions = panels.map {
      lettering.wrap($0.caption, size: Layout.captionSize, width: cell.width, maxLines: Self.captionLines)
    }
  }

  func figure(title: String, legend: Legend? = nil) throws -> Picture {
    let used = min(columns, panels.count)
    let width = used * cell.width + (used - 1) * Layout.gap
    let starts = stride(from: 0, to: panels.count, by: columns)
    let height = starts.reduce(0) { $0 + rowHeight(from: $1) } + (starts.underestimatedCount - 1) * Layout.gap
    var page = try Page(title: title, width: width, height: height, legend: legend)
    var y = page.y
    for start in starts {
      for index in indices(from: start) {
        draw(index, on: &page.canvas, x: page.x + (index - start) * (cell.width + Layout.gap), y: y, from: start)
      }
      y += rowHeight(from: start) + Layout.gap
    }
    return try page.canvas.picture()
  }

  private func indices(from start: Int) -> Range<Int> { start..<min(start + columns, panels.count) }

  private func captionHeight(from start: Int) -> Int {
    let lines = indices(from: start).map { captions[$0].count }.max() ?? 0
    return lines == 0 ? 0 : lines * Lettering.lineHeight(Layout.captionSize) + Self.captionGap
  }

  private func rowHeight(from start: Int) -> Int {
    let notes = indices(from: start).map { panels[$0].notes.count }.max() ?? 0
    let notesHeight = notes == 0 ? 0 : notes * Lettering.lineHeight(Layout.noteSize) + 4
    return captionHeight(from: start) + cell.height + notesHeight
  }

  private func draw(_ index: Int, on canvas: inout Canvas, x: Int, y: Int, from start: Int) {
    let panel = panels[index]
    let top = y + captionHeight(from: start)
    // Short captions stand next to their picture, whatever their neighbors need.
    let captionY = top - Self.captionGap - captions[index].count * Lettering.lineHeight(Layout.captionSize)
    canvas.text(
      captions[index], x: x + cell.width / 2, y: captionY, size: Layout.captionSize, anchor: .center)
    canvas.drawCell(panel.picture, x: x, y: top, width: cell.width, height: cell.height)
    for (line, note) in panel.notes.enumerated() {
      canvas.text(
        note, x: x + cell.width / 2, y: top + cell.height + 4 + line * Lettering.lineHeight(Layout.noteSize),
        size: Layout.noteSize, color: .softInk, anchor: .center, maxWidth: cell.width)
    }
  }
}

extension Canvas {
  /// Draws a picture in the middle of a cell; what it leaves free becomes a pale gray.
  mutating func drawCell(_ picture: Picture, x: Int, y: Int, width: Int, height: Int) {
    if picture.width < width || picture.height < height {
      fill(RGB(0xF2F2F2), x: x, y: y, width: width, height: height)
    }
    draw(picture, x: x + (width - picture.width) / 2, y: y + (height - picture.height) / 2)
  }
}

extension Picture {
  /// The picture as large as it can be within a cell, its sides in their proportion.
  func fitted(width: Int, height: Int) throws -> Picture {
    if self.width * height >= self.height * width {
      return try scaled(width: width, height: min(height, max(1, (width * self.height + self.width / 2) / self.width)))
    }
    return try scaled(width: min(width, max(1, (height * self.width + self.height / 2) / self.height)), height: height)
  }
}
