import Formatting
import Foundation
import MapProbes
import Plotting
import Probing
import Tensors

/// A figure of an experiment's probes.
package struct ProbeFigure {
  /// An index into the probes; nil for one of several.
  package let probe: Int?
  /// In the folder of figures.
  package let file: String
  package let title: String
  /// Whether a page shows it at once, or on a click.
  let isOpen: Bool
  /// The seeds of the pictures that it is about.
  package let seeds: [Seed]
  /// - Throws: `PlottingError`.
  package let draw: () throws -> Picture
}

/// Draws what probes found: accuracy by layer, grids of layers by calls and by heads, confusions, curves, and what probes say
/// of other maps.
package struct ProbeFigures {
  /// The beginning of the figures' names.
  package static let kind = "probes"

  private let probes: [ProbeResult]

  package init(_ findings: ProbeFindings) { probes = findings.probes }

  /// In the order of a page.
  package var all: [ProbeFigure] {
    together
      + probes.indices.flatMap { index in
        let probe = probes[index]
        return [
          layers(of: probe, index), layersByCalls(of: probe, index), confusion(of: probe, index),
          curve(of: probe, index),
        ].compactMap { $0 } + layersByHeads(of: probe, index) + applications(of: probe, index)
      }
  }

  private func figure(
    _ name: String, of probe: Int?, _ title: String, isOpen: Bool = true, _ draw: @escaping () throws -> Picture
  ) -> ProbeFigure {
    let number = probe.map { "-\($0 + 1)" } ?? ""
    let seeds = (probe.map { probes[$0].seeds } ?? probes.flatMap(\.seeds)).uniqued
    return ProbeFigure(
      probe: probe, file: "\(Self.kind)\(number)-\(name).png", title: title, isOpen: isOpen, seeds: seeds, draw: draw)
  }

  // MARK: - Accuracy by layer

  /// Probes that tell the same label in one chart, where there are several.
  private var together: [ProbeFigure] {
    let labels = probes.map(\.label).uniqued
    return labels.enumerated().compactMap { number, label in
      let all = probes.filter { $0.label == label && $0.classes == self.probes.first { $0.label == label }?.classes }
      // One that asks of each head too would be drawn over one that does not.
      let probes = all.filter { probe in !all.contains { probe.isByHead && !$0.isByHead && $0.readsAs(probe) } }
      guard probes.count > 1 else { return nil }
      let title = "Telling \(label): accuracy by layer, all probes"
      return figure("layers-\(number + 1)", of: nil, title) {
        let chart = LayerChart(probes)
        let sizes = probes.map { "\($0.name) n = \($0.count)" }.joined(separator: ", ")
        return try chart.drawn(title: title, hasControls: false, size: sizes)
      }
    }
  }

  private func layers(of probe: ProbeResult, _ index: Int) -> ProbeFigure? {
    let chart = LayerChart([probe])
    guard chart.positions.count > 1 else { return nil }
    let title = "\(probe.name): telling \(probe.label) by layer"
    return figure("layers", of: index, title) {
      try chart.drawn(title: title, hasControls: true, size: probe.size)
    }
  }

  // MARK: - Grids

  private func layersByCalls(of probe: ProbeResult, _ index: Int) -> ProbeFigure? {
    let cells = probe.cells.filter { $0.head == nil }
    guard cells.map(\.layer).uniqued.count > 1, cells.map(\.call).uniqued.count > 1 else { return nil }
    let title = "\(probe.name): telling \(probe.label) by layer and call"
    return figure("calls", of: index, title) {
      let layers = cells.map(\.layer).uniqued.sorted()
      let panels = cells.map(\.kind).uniqued.map { kind in
        let own = cells.filter { $0.kind == kind }
        return panel(kind, own, of: probe, layers, columns: own.map(\.call).uniqued.sorted(), name: String.init) {
          $0.call
        }
      }
      return try grid(title, layers, panels, columnTitle: "call", of: probe)
    }
  }

  private func layersByHeads(of probe: ProbeResult, _ index: Int) -> [ProbeFigure] {
    let cells = probe.cells.filter { $0.head != nil }
    guard !cells.isEmpty else { return [] }
    return cells.map(\.kind).uniqued.map { kind in
      let own = cells.filter { $0.kind == kind }
      let title = "\(probe.name): telling \(probe.label) by layer and head, \(kind)"
      return figure("heads-\(kind)", of: index, title) {
        let layers = own.map(\.layer).uniqued.sorted()
        let panels = own.map(\.call).uniqued.sorted().map { call in
          let some = own.filter { $0.call == call }
          let heads = some.compactMap(\.head).uniqued.sorted()
          return panel("call \(call)", some, of: probe, layers, columns: heads, name: { "\($0 + 1)" }) { $0.head ?? -1 }
        }
        return try grid(title, layers, panels, columnTitle: "head", of: probe)
      }
    }
  }

  private func panel(
    _ label: String, _ cells: [ProbeCell], of probe: ProbeResult, _ layers: [Int], columns: [Int],
    name: (Int) -> String, column: (ProbeCell) -> Int
  ) -> GridPanel {
    GridPanel(
      label, columns: columns.map(name),
      cells: layers.map { layer in
        columns.map { wanted in
          let cell = cells.first { $0.layer == layer && column($0) == wanted }
          return GridCell(cell.map { 100 * $0.accuracy.mean }, isMarked: cell.map(probe.isFound) ?? false)
        }
      })
  }

  private func grid(
    _ title: String, _ layers: [Int], _ panels: [GridPanel], columnTitle: String, of probe: ProbeResult
  ) throws -> Picture {
    try Figures.valueGrid(
      title: title, rows: layers.map(String.init), panels: panels, range: 0...100, columnTitle: columnTitle,
      unit: "Percent right",
      note:
        "\(probe.size), each \(ProbeText.held(probe.grouping)) held out in turn; chance \(ProbeText.percent(probe.chance)) %. "
        + "Framed: family-wise p at most \(ProbeText.level(probe.level)) over \(counted(probe.cells.count, "place")) "
        + "(\(probe.permutations) permutations).")
  }

  // MARK: - The best place

  private func confusion(of probe: ProbeResult, _ index: Int) -> ProbeFigure? {
    guard let cell = probe.bestCell else { return nil }
    let title = "\(probe.name): what is taken for what, \(cell.name)"
    return figure("confusion", of: index, title) {
      try Figures.confusionMatrix(
        title: title, classes: probe.confusion.classes, counts: probe.confusion.counts,
        note:
          "n = \(counted(probe.confusion.count, "picture")), each \(ProbeText.held(probe.grouping)) held out in turn.")
    }
  }

  private func curve(of probe: ProbeResult, _ index: Int) -> ProbeFigure? {
    guard let cell = probe.bestCell, probe.curve.count > 1 else { return nil }
    // Whatever the probe's own classifier, the curve is ridge's.
    let ridge = probe.classifier == "ridge" ? "" : " of ridge"
    let title = "\(probe.name): accuracy\(ridge) by training seeds, \(cell.name)"
    return figure("curve", of: index, title) {
      let series = LineSeries(
        ridge.isEmpty ? probe.name : "ridge", points: probe.curve.map { LayerChart.point($0.accuracy.share) })
      return try Figures.lineChart(
        title: title,
        panels: [LinePanel(series: [series], references: [ReferenceLine("chance", at: 100 * probe.chance)])],
        positions: ChartPositions("training seeds", probe.curve.map { "\($0.trainingSeeds)" }),
        vertical: "percent right", range: 0...100,
        note:
          "n = \(counted(probe.curve.last?.accuracy.share.count ?? 0, "picture")). Bars: \(LayerChart.intervals(probe))."
      )
    }
  }

  // MARK: - Other maps

  /// How often a probe says what the word names, and how often what the picture shows: one figure for each set of maps.
  private func applications(of probe: ProbeResult, _ index: Int) -> [ProbeFigure] {
    let sets = probe.applied.map { [$0.to, $0.intervention] }.uniqued
    return sets.enumerated().compactMap { number, set in
      let applied = probe.applied.filter { [$0.to, $0.intervention] == set && probe.cells.indices.contains($0.cell) }
      let layers = applied.map { probe.cells[$0.cell].layer }.uniqued.sorted()
      guard !layers.isEmpty else { return nil }
      let name = set.filter { !$0.isEmpty }.joined(separator: ", ")
      let title = "\(probe.name) asked about \(name): which label does it say?"
      return figure("applied-\(number + 1)", of: index, title) {
        let calls = applied.map { probe.cells[$0.cell].call }.uniqued.sorted()
        let labels = applied.flatMap { $0.toward.map(\.label) }.uniqued
        let panels = calls.map { call in
          LinePanel(
            calls.count > 1 ? "call \(call)" : "",
            series: labels.map { label in
              LineSeries(
                "says the label of the \(label)",
                points: layers.map { layer in
                  applied.first { probe.cells[$0.cell].layer == layer && probe.cells[$0.cell].call == call }
                    .flatMap { $0.toward.first { $0.label == label } }.map { LayerChart.point($0.share) }
                })
            }, references: [ReferenceLine("chance", at: 100 * probe.chance)])
        }
        let counts = applied.map { "\($0.samples)" }.uniqued.joined(separator: ", ")
        return try Figures.lineChart(
          title: title, panels: panels, positions: LayerChart.positions(layers), vertical: "percent of answers",
          range: 0...100,
          note:
            "n = \(counts) maps; the probe was trained on \(counted(probe.samples, "picture")) of \(probe.from). What is missing to 100 % "
            + "names another class. Bars: \(LayerChart.intervals(probe)).")
      }
    }
  }
}
