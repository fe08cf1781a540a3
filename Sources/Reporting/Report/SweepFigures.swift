import Comparing
import ExperimentFiles
import Formatting
import Plotting
import Results
import Tensors

/// The interventions of sweeps as grids of numbers: one figure a sweep, one panel a metric.
struct SweepFigures {
  static let table = "sweep_grid.csv"

  let data: StoredResults

  func section(_ writer: FigureWriter) throws -> FigureSection {
    let grids = SweepGrid.grids(of: data)
    var section = FigureSection(heading: "Sweeps", reading: Self.reading(grids))
    guard !grids.isEmpty else {
      section.omitted.append(
        "Not drawn: the file has no share, as `attribute_reflected`, of interventions that a `sweep` of one key or two makes."
      )
      return section
    }
    for (number, grid) in grids.enumerated() {
      let title = "\(data.spec.name): \(Self.what(grid))"
      let file = try writer.write(
        Self.picture(grid, title: title), as: grids.count == 1 ? "sweep_grid.png" : "sweep_grid-\(number + 1).png",
        title: title, prompts: data.spec.generate.pairs.map(\.label) + data.spec.generate.prompts,
        seeds: data.spec.generate.allSeeds, hashes: [data.experiment.modelHash])
      section.entries.append((grids.count == 1 ? "" : Self.what(grid), [file]))
    }
    section.findings = grids.compactMap { grid in
      SweepText(grid, untouched: data.untouched?.name, caption: grids.count == 1 ? nil : Self.what(grid))?.markdown
    }
    section.tables.append((Self.table, Self.csv(grids)))
    return section
  }

  private static func reading(_ grids: [SweepGrid]) -> String {
    "Each panel is a metric, each cell an intervention: the percentage of its edits of which the metric is true, in a color from "
      + "0 to 100, and below it the interval of 95 %."
      + (grids.contains { untouched($0) != nil }
        ? " Compare a cell with the number that stands in the caption for nothing done." : "")
  }

  /// `swap, words by layers`
  private static func what(_ grid: SweepGrid) -> String {
    let parts = grid.keys.columns.map { "\(grid.keys.rows) by \($0)" } ?? "interventions by \(grid.keys.rows)"
    return grid.name.map { "\($0), \(parts)" } ?? parts
  }

  static func picture(_ grid: SweepGrid, title: String) throws -> Picture {
    let panels = grid.metrics.enumerated().map { index, metric in
      GridPanel(
        metric.title, columns: grid.columns,
        cells: grid.cells.map { row in row.map { cell in Self.cell(cell?.means[index]) } })
    }
    return try Figures.valueGrid(
      title: title, rows: grid.rows, panels: panels, range: 0...100, rowTitle: grid.keys.rows,
      columnTitle: grid.keys.columns ?? "", unit: "% of edits", note: note(grid))
  }

  private static func cell(_ estimate: ClaimEstimate?) -> GridCell {
    guard let estimate, estimate.result.count > 0 else { return GridCell(nil, lines: ["–", ""]) }
    let mean = 100 * estimate.result.treatmentMean
    let interval = estimate.interval.map { "\(percent($0.lowerBound))–\(percent($0.upperBound))" }
    return GridCell(mean, lines: [percent(estimate.result.treatmentMean), interval ?? ""])
  }

  /// A share of 0 to 1 as a whole number of percent; what lies beyond is cut off, as no share does.
  private static func percent(_ share: Double) -> String {
    "\(Int((100 * min(1, max(0, share))).rounded()))"
  }

  /// What a number is, with nothing done, and of how many edits.
  private static func note(_ grid: SweepGrid) -> String {
    let all = grid.cells.joined().compactMap { $0 }.flatMap(\.means)
    let counts = all.map(\.result.count).filter { $0 > 0 }
    let clusters = all.map(\.result.clusters).filter { $0 > 0 }
    let clustering = all.first { $0.result.count > 0 }?.clustering.text ?? "edits"
    let size =
      counts.isEmpty
      ? "Nothing is measured yet."
      : "n = \(extent(of: counts)) a cell, clusters: \(extent(of: clusters)) \(clustering)"
        + ((clusters.max() ?? 0) < 2 ? ", too few for an interval." : "; below a number its interval of 95 %.")
    let rule = grid.rule.map {
      "Left out: edits whose source has a \($0.metric) below \(ClaimText.number($0.atLeast))."
    }
    return ["Percent of edits.", untouched(grid), size, rule].compactMap { $0 }.joined(separator: " ")
  }

  /// What stands in the caption for nothing done; nil where there is nothing to compare with.
  private static func untouched(_ grid: SweepGrid) -> String? {
    let means = zip(grid.metrics, grid.untouched ?? []).filter { $1.result.count > 0 }
      .map { "\($0.title) \(percent($1.result.treatmentMean)) %" }
    return means.isEmpty ? nil : "With nothing done: \(means.joined(separator: ", "))."
  }

  private static func csv(_ grids: [SweepGrid]) -> CSVTable {
    var table = CSVTable([
      "intervention", "row", "column", "metric", "n", "clusters", "clustered_by", "mean", "confidence", "low", "high",
      "difference", "difference_low", "difference_high", "difference_confidence", "differs",
    ])
    func add(_ cell: SweepGrid.Cell, _ row: String, _ column: String, _ grid: SweepGrid) {
      for (index, metric) in grid.metrics.enumerated() {
        let (mean, difference) = (cell.means[index], cell.differences?[index])
        let numbers: [Double?] = [
          mean.result.treatmentMean, SweepGrid.confidence, mean.interval?.lowerBound, mean.interval?.upperBound,
          difference?.result.difference, difference?.interval?.lowerBound, difference?.interval?.upperBound,
          grid.differenceConfidence,
        ]
        let texts = [
          cell.intervention, row, column, metric.name, "\(mean.result.count)", "\(mean.result.clusters)",
          mean.clustering.rawValue,
        ]
        table.append(texts + numbers.map(CSVTable.number) + [difference?.excludesZero.map { "\($0)" } ?? ""])
      }
    }
    for grid in grids {
      for (row, cells) in zip(grid.rows, grid.cells) {
        for (column, cell) in zip(grid.columns, cells) {
          if let cell { add(cell, row, column, grid) }
        }
      }
    }
    return table
  }
}
