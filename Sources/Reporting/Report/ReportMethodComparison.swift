import Analysis
import Comparing
import ExperimentFiles
import Formatting
import Foundation
import Plotting
import Results
import Tensors

/// What a report says of editing methods that are compared along their dials.
struct ReportMethodComparison {
  static let table = "methods.csv"
  static let figure = "methods"

  let comparison: MethodComparison

  private var spec: MethodsSpec { comparison.spec }
  private var level: String { ClaimText.number(spec.at) }

  // MARK: - The section

  /// - Parameter figures: one a metric, in their order.
  func section(_ figures: [FigureFile]) -> String {
    var parts = ["## Methods compared", how]
    if let rule = spec.sources { parts.append(rule.leftOut(comparison.leftOut)) }
    parts += spec.metrics.indices.map(metricTable)
    parts += ["### What an edit costs", costs, costTable]
    parts += figures.map(\.markdown)
    parts.append("The numbers: [tables/\(Self.table)](tables/\(Self.table)).")
    return parts.joined(separator: "\n\n")
  }

  private var how: String {
    let hold = Markdown.code(spec.hold)
    return
      "Each method is read twice: *literally*, at its published setting, and *at equal \(Markdown.text(spec.hold))*, where the mean "
      + "of \(hold) is \(level). For the second the dial of each method was turned, and the metric is read on the straight line "
      + "between the two values of the dial around that level, nearest the published setting. Intervals are by Student's t of the clusters at "
      + "\(ClaimText.percent(comparison.confidence)). At equal \(Markdown.text(spec.hold)) their standard error comes from "
      + "\(DialReading.resamples) samples of the clusters, in each of which the level is looked for anew. A method whose means do not "
      + "reach the level is *not reached*, and so is one that misses it in more than "
      + "\(ClaimText.percent(1 - DialReading.surely)) of the samples."
  }

  private func metricTable(_ index: Int) -> String {
    let rows = comparison.rows.map { row in
      let cell = row.cells[index]
      return [Markdown.text(row.curve.name), Markdown.text(row.curve.published)]
        + [mean(cell.kept), mean(cell.literal), held(cell.held)]
    }
    let (metric, hold) = (Markdown.text(spec.metrics[index]), Markdown.text(heldMetric(index)))
    return "### \(metric)\n\n"
      + Markdown.table(
        ["method", "published as", "\(hold) there:", "\(metric) there:", "\(metric) at \(hold) \(level):"], rows)
  }

  private func heldMetric(_ index: Int) -> String { comparison.rows.first?.cells[index].heldMetric ?? spec.hold }

  private func mean(_ estimate: ClaimEstimate) -> String {
    guard estimate.result.count > 0 else { return "–" }
    let interval = ClaimText.interval(estimate.interval, ClaimText.number)
    return "\(ClaimText.number(estimate.result.treatmentMean)) \(interval), n \(estimate.result.count)"
  }

  private func held(_ reading: MethodComparison.Reading) -> String {
    switch reading {
    case .reached(let estimate): mean(estimate)
    case .unreached(let reason): "*not reached*: \(Markdown.text(reason))"
    }
  }

  private var costs: String {
    "At the published settings. *Stable over seeds* is the share of pairs whose edits are all accepted or all refused. *Expected tries* "
      + "is 1 / accepted: how many seeds to try until an edit is. *Calls* of the model are those of the edit and, where it takes from its "
      + "source, of the source. Seconds and memory are not compared: all edits of a source are made in one batch, so that the database "
      + "holds no time of a method's own."
  }

  private var costTable: String {
    Markdown.table(
      ["method", "accepted:", "expected tries:", "stable over seeds:", "calls:"],
      comparison.rows.map { row in
        [
          Markdown.text(row.curve.name), row.accepted.map(mean) ?? "–", ClaimText.number(row.expectedTries),
          row.agreement.map { "\(ClaimText.number($0.share)) of \(counted($0.pairs, "pair"))" } ?? "–",
          row.calls.map { "\($0)" } ?? "–",
        ]
      })
  }

  // MARK: - The figures

  /// What is gained against what is kept, a line a method: a figure a metric.
  func write(_ writer: FigureWriter, _ data: StoredResults) throws -> [FigureFile] {
    try spec.metrics.indices.compactMap { index in
      let metric = spec.metrics[index]
      let lines = comparison.rows.compactMap { row -> TradeoffLine? in
        // A database may hold any number: what is too large to be drawn is left to the table.
        let drawn = row.cells[index].curve.filter { abs($0.mean.held) <= 1e300 && abs($0.mean.metric) <= 1e300 }
        let points = drawn.map { name, mean in
          TradeoffLine.Point(kept: mean.held, gained: mean.metric, isFilled: name == row.curve.published)
        }
        return points.isEmpty ? nil : TradeoffLine(row.curve.name, points: points)
      }
      guard !lines.isEmpty else { return nil }
      let hold = heldMetric(index)
      let title = "\(data.spec.name): \(metric) against \(hold)"
      return try writer.write(
        Figures.tradeoffChart(
          title: title, lines: lines, horizontal: "\(hold) (more is kept to the right)", vertical: metric,
          reference: ReferenceLine("\(hold) \(level)", at: spec.at), note: note(index)),
        as: "\(Self.figure)-\(index + 1).png", title: title,
        prompts: data.spec.generate.pairs.map(\.label), seeds: data.spec.generate.allSeeds,
        hashes: [data.experiment.modelHash])
    }
  }

  func note(_ index: Int) -> String {
    "A line a method, a mark a value of its dial. Filled marks are the published settings. Means over all edits that count, at "
      + "the published settings n = \(extent(of: comparison.rows.map { $0.cells[index].literal.result.count }))."
  }
}
