import Foundation
import Tensors

/// A cell of a grid of values: a number in a color.
public struct GridCell: Hashable, Sendable {
  /// What the color stands for; nil where nothing was measured.
  public let value: Double?
  /// What is written in it, a line or two.
  public let lines: [String]
  /// Whether it has a frame, which the figure's note explains.
  public let isMarked: Bool

  public init(_ value: Double?, lines: [String], isMarked: Bool = false) {
    self.value = value
    self.lines = lines
    self.isMarked = isMarked
  }

  /// A cell in which its value is written, or a dash where there is none.
  /// - Parameter decimals: After the point.
  public init(_ value: Double?, decimals: Int = 0, isMarked: Bool = false) {
    self.init(value, lines: [value.map { decimal($0, decimals) } ?? "–"], isMarked: isMarked)
  }
}

/// One of the grids of a figure, all with the same rows and colors.
public struct GridPanel: Hashable, Sendable {
  /// Said above it; empty for nothing.
  public let label: String
  public let columns: [String]
  /// For each row one for each column.
  public let cells: [[GridCell]]

  public init(_ label: String = "", columns: [String], cells: [[GridCell]]) {
    self.label = label
    self.columns = columns
    self.cells = cells
  }
}

extension Figures {
  /// Values in the cells of a grid, such as the accuracy of each layer and head: a color and a number each, and a frame
  /// around those that are marked.
  ///
  /// Panels stand beside each other as far as the page is wide. Letters are large enough to be shown at half the size.
  ///
  /// - Parameters:
  ///   - rows: The rows' labels, from the top.
  ///   - range: The values of the color map's ends.
  ///   - rowTitle, columnTitle: What rows and columns are.
  ///   - unit: What is measured and in which unit, said beside the color bar.
  ///   - note: The caption below, such as what a frame means and n.
  /// - Throws: `PlottingError` if there is no row, panel or column, a panel does not have one cell for each row and column,
  ///   or a value is not finite.
  public static func valueGrid(
    title: String, rows: [String], panels: [GridPanel], range: ClosedRange<Double>, rowTitle: String = "layer",
    columnTitle: String = "", unit: String, note: String = "", colorMap: ColorMap = .viridis
  ) throws -> Picture {
    var check = FigureCheck("grid of values")
    check.expect(!rows.isEmpty, "expected at least one row, found none")
    check.expect(!panels.isEmpty, "expected at least one panel, found none")
    check.expectFinite([range.lowerBound, range.upperBound], "the scale")
    for panel in panels {
      check.expect(!panel.columns.isEmpty, "panel \"\(panel.label)\" has no column")
      let isWhole = panel.cells.count == rows.count && panel.cells.allSatisfy { $0.count == panel.columns.count }
      check.expect(
        isWhole,
        "panel \"\(panel.label)\" has rows of \(panel.cells.map { "\($0.count)" }.joined(separator: ", ")) cells, expected "
          + "\(rows.count) of \(panel.columns.count)")
      check.expectFinite(panel.cells.joined().compactMap(\.value), "a cell of panel \"\(panel.label)\"")
    }
    try check.finish()
    return try ValueGridLayout(
      title: title, rows: rows, panels: panels, range: range, rowTitle: rowTitle, columnTitle: columnTitle, unit: unit,
      note: note, colorMap: colorMap
    ).drawn()
  }

  /// What was said of the samples of each class: rows are true classes, columns what was said, a cell's color and number
  /// the share of its row in percent, with the count below.
  ///
  /// - Parameters:
  ///   - counts: In samples, a row for each true class. Cells without a sample stay empty.
  ///   - note: The caption below, before the sentence that says what the numbers are.
  /// - Throws: `PlottingError` if there is no class, or the counts are not one for each two classes, or are negative.
  public static func confusionMatrix(
    title: String, classes: [String], counts: [[Int]], note: String = ""
  ) throws -> Picture {
    var check = FigureCheck("confusion matrix")
    check.expect(!classes.isEmpty, "expected at least one class, found none")
    check.expect(
      counts.count == classes.count && counts.allSatisfy { $0.count == classes.count },
      "expected \(classes.count) rows of \(classes.count) counts, found rows of "
        + counts.map { "\($0.count)" }.joined(separator: ", "))
    check.expect(counts.joined().allSatisfy { $0 >= 0 }, "expected counts of 0 or more")
    try check.finish()
    let totals = counts.map { $0.reduce(0, +) }
    let cells = zip(counts, totals).map { row, total in
      row.map { count in
        guard count > 0 else { return GridCell(nil, lines: []) }
        let share = 100 * Double(count) / Double(total)
        return GridCell(share, lines: [decimal(share, 0), "\(count)"])
      }
    }
    let reading = "In a cell: percent of its row, below it the count; empty cells have none."
    return try ValueGridLayout(
      title: title, rows: zip(classes, totals).map { "\($0) (\($1))" },
      panels: [GridPanel(columns: classes, cells: cells)], range: 0...100, rowTitle: "true class (n)",
      columnTitle: "class that the probe says", unit: "% of the row",
      note: note.isEmpty ? reading : "\(note) \(reading)",
      colorMap: .viridis
    ).drawn()
  }
}

/// A number with some decimals and a real minus sign.
func decimal(_ value: Double, _ decimals: Int) -> String {
  let text = String(format: "%.\(decimals)f", value)
  // What rounds to nothing has no sign.
  let isZero = text.allSatisfy { "-0.".contains($0) }
  return isZero ? text.replacingOccurrences(of: "-", with: "") : text.replacingOccurrences(of: "-", with: "−")
}
