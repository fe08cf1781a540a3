import Analysis
import Comparing
import ExperimentFiles
import Formatting
import Foundation
import MapProbes
import Plotting
import Tensors

/// What a report says of what layers know beside what they do: a section, two figures for each question, and a table.
package struct KnowsAgainstDoesPage {
  /// The beginning of the figures' names.
  package static let kind = "knows"
  package static let table = "knows_against_does.csv"

  private let all: [KnowsAgainstDoes]

  /// - Returns: nil if nothing is asked.
  package init?(_ all: [KnowsAgainstDoes]) {
    guard !all.isEmpty else { return nil }
    self.all = all
  }

  /// A figure that can be drawn.
  package struct Figure {
    /// An index into the questions.
    let question: Int
    package let file: String
    package let title: String
    /// - Throws: `PlottingError`.
    package let draw: () throws -> Picture
  }

  // MARK: - The section

  package var section: String {
    (["## What layers know, and what they do", Self.how] + all.indices.map(text)).joined(separator: "\n\n")
      + "\n\nThe numbers: [tables/\(Self.table)](tables/\(Self.table))."
  }

  private static let how =
    "A place *knows* what a probe reads there, beyond what the probe is taken over. It *does* what a change there does to a metric, "
    + "beyond doing nothing. If places did what they know, the two would rise and fall together; a metric that falls where much is "
    + "done gives a negative \u{3c1}. \u{3c1} is Spearman's rank correlation over the places of a window of calls, with Fisher's "
    + "interval at \(Readable.percent(SweepEffects.confidence)), which takes places to be independent. That the probe is uncertain "
    + "too is not in it."

  private func text(_ question: Int) -> String {
    let one = all[question]
    let spec = one.spec
    var parts = [
      "### \(Markdown.text(Self.title(one)))",
      "What is known: the accuracy of the probe \(Markdown.code(spec.probe)) of \(Markdown.code(spec.from)) over "
        + "\(Markdown.text(spec.over)). What is done: \(Markdown.code(spec.metric)) under \(Markdown.code(spec.sweep)), less that "
        + "with nothing done.",
    ]
    if let rule = spec.sources { parts.append(rule.leftOut(one.leftOut)) }
    if let problem = one.problem {
      return (parts + ["Nothing can be set side by side: \(Markdown.text(problem))."]).joined(separator: "\n\n")
    }
    parts.append(windows(one))
    parts.append(together(one))
    parts += figures(question).map { "![\(Markdown.text($0.title))](figures/\($0.file))" }
    return parts.joined(separator: "\n\n")
  }

  private static func title(_ one: KnowsAgainstDoes) -> String {
    "\(one.spec.probe) against \(one.spec.metric) under \(one.spec.sweep)"
  }

  private func windows(_ one: KnowsAgainstDoes) -> String {
    Markdown.table(
      ["calls", "places:", "\u{3c1}:", "interval:", "p:", "knows most", "does most"],
      one.windows.map { window in
        let correlation = window.correlation
        let knows = window.places.filter { $0.knows != nil }.max { ($0.knows ?? 0) < ($1.knows ?? 0) }
        let does = window.places.filter { $0.does.result.difference.isFinite }
          .max { abs($0.does.result.difference) < abs($1.does.result.difference) }
        return [
          ranges(window.calls), "\(correlation.count)", Self.signed(correlation.value),
          ProbeText.interval(correlation.interval, Self.signed), ProbeText.p(correlation.p),
          knows.map { "\($0.name) (\(ProbeText.points($0.knows)))" } ?? "–",
          Self.doesSomething(window)
            ? does.map { "\($0.name) (\(done($0.does.result.difference, one)))" } ?? "–"
            : "all do \(done(does?.does.result.difference, one))",
        ]
      })
  }

  private func together(_ one: KnowsAgainstDoes) -> String {
    guard let together = one.together else {
      return "Windows are not taken together: they have different places, or no ranks."
    }
    let p =
      together.p.map {
        "p = \(ProbeText.p($0)), by \(MeanRankCorrelation.orders) exchanges of the probe's layers, alike in all windows"
      } ?? "without a p, as the probe or the metric lacks a place"
    return "The mean of \(counted(together.windows, "window")) is \(Self.signed(together.value)) (\(p))."
  }

  private static func signed(_ value: Double?) -> String {
    guard let value, value.isFinite else { return "–" }
    return String(format: "%+.2f", value)
  }

  /// Whether places differ in what they do.
  private static func doesSomething(_ window: KnowsAgainstDoes.Window) -> Bool {
    Set(window.places.map(\.does.result.difference)).count > 1
  }

  /// What a change does, in points where it is of shares.
  private func done(_ value: Double?, _ one: KnowsAgainstDoes) -> String {
    if one.isOfShares { return ProbeText.points(value) }
    return value.map { String(format: "%+.4g", $0) } ?? "–"
  }

  // MARK: - The figures

  package var figures: [Figure] { all.indices.flatMap(figures) }

  private func figures(_ question: Int) -> [Figure] {
    let one = all[question]
    let title = Self.title(one)
    // A database may hold any number: what is too large to be drawn is left to the table.
    let windows = one.windows.filter { window in
      window.correlation.count > 0
        && window.places.allSatisfy { !(abs($0.does.result.difference) > 1e150) }
    }
    guard !windows.isEmpty else { return [] }
    let layers = windows.flatMap { $0.places.map(\.layers) }.uniqued
    var figures: [Figure] = []
    // Where all places do the same, nothing can rise or fall with it.
    if windows.contains(where: Self.doesSomething) {
      figures.append(
        Figure(question: question, file: "\(Self.kind)-\(question + 1)-places.png", title: "\(title): place by place") {
          try scatter("\(title): place by place", one, windows)
        })
    }
    if one.isOfShares, layers.count > 1 {
      figures.insert(
        Figure(question: question, file: "\(Self.kind)-\(question + 1)-layers.png", title: "\(title): by layer") {
          try byLayer("\(title): by layer", one, windows, layers)
        }, at: 0)
    }
    return figures
  }

  private func byLayer(
    _ title: String, _ one: KnowsAgainstDoes, _ windows: [KnowsAgainstDoes.Window], _ layers: [[Int]]
  ) throws -> Picture {
    let panels = windows.map { window in
      func points(_ value: (KnowsAgainstDoes.Place) -> LineSeries.Point?) -> [LineSeries.Point?] {
        layers.map { layers in window.places.first { $0.layers == layers }.flatMap(value) }
      }
      return LinePanel(
        "calls \(ranges(window.calls))",
        series: [
          LineSeries(
            "knows: \(one.spec.probe) over \(one.spec.over)", points: points { $0.knows.map { .init(100 * $0) } }),
          LineSeries(
            "does: \(one.spec.metric)",
            points: points { place in
              let estimate = place.does
              guard estimate.result.difference.isFinite else { return nil }
              return .init(
                100 * estimate.result.difference,
                interval: estimate.interval.map { (100 * $0.lowerBound)...(100 * $0.upperBound) })
            }),
        ], references: [ReferenceLine("nothing", at: 0)])
    }
    let single = layers.allSatisfy { $0.count == 1 } ? layers.joined().map { $0 } : []
    return try Figures.lineChart(
      title: title, panels: panels,
      positions: single.isEmpty ? ChartPositions("layers", layers.map { ranges($0) }) : LayerChart.positions(single),
      vertical: "points",
      note: "Bars: \(Readable.percent(SweepEffects.confidence)) intervals of what is done. \(Self.size(windows))")
  }

  private func scatter(_ title: String, _ one: KnowsAgainstDoes, _ windows: [KnowsAgainstDoes.Window]) throws -> Picture
  {
    let scale = one.isOfShares ? 100.0 : 1
    let lines = windows.map { window in
      TradeoffLine(
        "calls \(ranges(window.calls))",
        points: window.places.compactMap { place in
          guard let knows = place.knows, place.does.result.difference.isFinite else { return nil }
          let isClear = place.does.interval.map { $0.lowerBound > 0 || $0.upperBound < 0 } ?? false
          return TradeoffLine.Point(
            kept: 100 * knows, gained: scale * place.does.result.difference, isFilled: isClear, label: place.name)
        }, isJoined: false)
    }
    return try Figures.tradeoffChart(
      title: title, lines: lines.filter { !$0.points.isEmpty },
      horizontal: "knows: \(one.spec.probe) over \(one.spec.over), points",
      vertical: "does: \(one.spec.metric)" + (one.isOfShares ? ", points" : ""),
      note: "A mark a place, with its layers. Filled: the interval of what is done excludes 0. \(Self.size(windows))")
  }

  /// Of how many edits what is done is measured: `n = 48 to 52 edits a place.`
  package static func size(_ windows: [KnowsAgainstDoes.Window]) -> String {
    let counts = windows.flatMap { $0.places.map(\.does.result.count) }
    return "n = \(extent(of: counts.filter { $0 > 0 })) edits a place."
  }

  // MARK: - The table

  package var csv: CSVTable {
    var table = CSVTable([
      "probe", "from", "over", "sweep", "metric", "layers", "calls", "knows", "cells", "does", "low", "high",
      "clusters", "n",
    ])
    for one in all {
      for window in one.windows {
        for place in window.places {
          let does = place.does
          table.append(
            [
              one.spec.probe, one.spec.from, one.spec.over, one.spec.sweep, one.spec.metric, place.name,
              ranges(window.calls),
            ]
              + [CSVTable.number(place.knows), "\(place.cells)", CSVTable.number(does.result.difference)]
              + [CSVTable.number(does.interval?.lowerBound), CSVTable.number(does.interval?.upperBound)]
              + ["\(does.result.clusters)", "\(does.result.count)"])
        }
      }
    }
    return table
  }
}
