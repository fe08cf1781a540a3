import Analysis
import ExperimentFiles
import Formatting
import Foundation
import Plotting
import Tensors

extension Comparison.Clustering {
  /// `pairs`, `seeds`, or `pairs x seeds`.
  public var text: String { self == .runs ? "pairs x seeds" : rawValue }
}

extension Comparison {
  /// How the intervals were made, in a sentence.
  var methodText: String {
    "\(Int((bootstrap.confidence * 100).rounded())) % BCa bootstrap, \(bootstrap.resamples) resamples, seed \(bootstrap.seed)"
  }

  /// A line a row, with a header; columns of tests where they were asked for. Numbers that do not exist are empty.
  public var csv: Data {
    let (isTested, hasBounds) = (request.permutations != nil, !request.equivalence.isEmpty)
    var table = CSVTable(
      [
        "metric", "unit", "intervention", "baseline", "grouped_by", "group", "n", "clusters", "clustered_by",
        "excluded", "unmatched", "baseline_mean", "mean", "difference", "low", "high",
      ] + (isTested ? ["p", "corrected_p"] : [])
        + (hasBounds
          ? ["equivalence_bound", "equivalence_low", "equivalence_high", "equivalence_p", "equivalent"] : []))
    for row in rows {
      let result = row.result
      table.append(
        [
          row.metric.name, row.metric.unit ?? "", row.intervention, baseline, request.grouping?.rawValue ?? "",
          row.group ?? "", "\(result.count)", "\(result.clusters)", row.clustering.rawValue, "\(result.excluded)",
          "\(row.unmatched)",
        ]
          + [
            result.baselineMean, result.treatmentMean, result.difference, result.interval?.lowerBound,
            result.interval?.upperBound,
          ].map { CSVTable.number($0) }
          + (isTested ? [row.permutation?.p, row.permutation?.correctedP].map { CSVTable.number($0) } : [])
          + (hasBounds ? Self.cells(row.equivalence) : []))
    }
    return table.data
  }

  private static func cells(_ test: EquivalenceTest?) -> [String] {
    [test?.bounds.upperBound, test?.interval?.lowerBound, test?.interval?.upperBound, test?.p].map {
      CSVTable.number($0)
    } + [test?.isEquivalent.map { $0 ? "true" : "false" } ?? ""]
  }

  /// Bars of the mean differences with their intervals, a chart a metric, one below the other. Single differences are
  /// dots where a bar has at most 60.
  /// - Throws: `ExperimentError` if no row has a value; `PlottingError`.
  public func chart() throws -> Picture {
    let charts = try metrics.compactMap { metric -> Picture? in
      let drawn = rows.filter { $0.metric == metric && $0.result.count > 0 }
      guard !drawn.isEmpty else { return nil }
      let missing = rows.count { $0.metric == metric } - drawn.count
      let unit = metric.unit.map { ", \($0)" } ?? ""
      return try Figures.barChart(
        title: "\(metric.title): difference to \(baseline)",
        axis: "\(metric.title) to the source, less that of \(baseline)\(unit)", bars: drawn.map(bar),
        note: note(drawn) + (missing == 0 ? "" : "; \(counted(missing, "row")) without a value not drawn"))
    }
    guard !charts.isEmpty else { throw ExperimentError("there is no value to draw: no run has a finite difference") }
    return try Picture.stacked(charts)
  }

  private func note(_ rows: [Row]) -> String {
    let clusterings = rows.map(\.clustering.text).uniqued.joined(separator: " or ")
    return "\(rows.first?.metric.direction ?? ""); \(methodText), resampled by \(clusterings)"
  }

  private func bar(_ row: Row) -> Bar {
    let group = row.group.map { group in
      switch request.grouping {
      case .layer: " (layers: \(group))"
      case .step: " (steps: \(group))"
      case .seed: ", seed \(group)"
      default: ", \(group)"
      }
    }
    return Bar(
      row.intervention + (group ?? ""), mean: row.result.difference, interval: row.result.interval,
      points: row.result.count <= 60 ? row.result.differences : [])
  }
}
