import ExperimentFiles
import Formatting
import MapProbes
import Plotting
import Probing
import Tensors

extension ProbeResult {
  /// Whether it asks of each head too, so that it has a figure of layers and heads.
  var isByHead: Bool { cells.contains { $0.head != nil } }

  /// Whether it is shown what another probe is shown, in the same way.
  func readsAs(_ other: ProbeResult) -> Bool { features == other.features && classifier == other.classifier }

  /// Whether the text's embedding alone tells every label, as it does by construction where prompts name the label and each
  /// is trained on with other seeds than it is asked about with: the ceiling of what a word's map can tell.
  var isToldByText: Bool { tested == nil && grouping == .seeds && !ProbeSpec.ownLabels.contains(label) }
}

/// Accuracy by layer of one or several probes, a panel for each call.
struct LayerChart {
  private let probes: [ProbeResult]
  /// Layers, rising.
  let positions: [Int]

  init(_ probes: [ProbeResult]) {
    self.probes = probes
    positions = probes.flatMap { $0.cells.filter { $0.head == nil }.map(\.layer) }.uniqued.sorted()
  }

  static func point(_ estimate: SeedEstimate, isFilled: Bool = true) -> LineSeries.Point {
    LineSeries.Point(
      100 * estimate.mean, interval: estimate.interval.map { (100 * $0.lowerBound)...(100 * $0.upperBound) },
      isFilled: isFilled)
  }

  static func intervals(_ probe: ProbeResult) -> String {
    "\(Readable.percent(probe.confidence)) intervals over seeds"
  }

  /// Stable Diffusion's sixteen layers with the three ways of the UNet; other numbers without.
  static func positions(_ layers: [Int]) -> ChartPositions {
    let groups: [ChartPositions.Group] =
      layers == Array(1...16) ? [.init("down", 0...5), .init("mid", 6...6), .init("up", 7...15)] : []
    return ChartPositions("layer", layers.map(String.init), groups: groups)
  }

  func drawn(title: String, hasControls: Bool, size: String) throws -> Picture {
    let calls = probes.flatMap { $0.cells.filter { $0.head == nil }.map(\.call) }.uniqued.sorted()
    let panels = calls.map { call in
      LinePanel(
        calls.count > 1 ? "call \(call)" : "",
        series: probes.flatMap { series(of: $0, call: call) + (hasControls ? controls(of: $0, call: call) : []) },
        references: references)
    }
    return try Figures.lineChart(
      title: title, panels: panels, positions: Self.positions(positions), vertical: "percent right", range: 0...100,
      note: note(hasControls: hasControls, size: size))
  }

  /// Chance, where it is the same for all, and the ceiling.
  private var references: [ReferenceLine] {
    let chances = probes.map(\.chance).uniqued
    return (chances.count == 1 ? [ReferenceLine("chance", at: 100 * chances[0])] : [])
      + (probes.allSatisfy(\.isToldByText) ? [ReferenceLine("the text alone", at: 100)] : [])
  }

  func note(hasControls: Bool, size: String) -> String {
    let draws = probes.map { "\($0.permutations)" }.uniqued.joined(separator: ", ")
    let others = hasControls ? probes.flatMap(otherSizes) : []
    return
      "\(size)\(others.map { "; \($0)" }.joined()). Bars: \(Self.intervals(probes[0])). Open marks: family-wise p above "
      + "\(ProbeText.level(probes[0].level)) (\(draws) permutations)."
  }

  /// `n = 336 pictures, 8 seeds of random UNet 1`: for controls that have a line and are of other pictures than the probe.
  private func otherSizes(of probe: ProbeResult) -> [String] {
    let others = probe.controls.compactMap { control -> (name: String, size: String)? in
      guard let cell = Self.drawn(control, of: probe).first else { return nil }
      let size = ProbeText.size(cell.accuracy)
      guard size != ProbeText.size(probe.cells[cell.cell].accuracy) else { return nil }
      return (ProbeText.control(control.name), size)
    }
    return others.map(\.size).uniqued.map { size in
      let names = others.filter { $0.size == size }.map(\.name)
      return "\(size) of \(names.count > 3 ? counted(names.count, "control") : listed(names))"
    }
  }

  /// One for each kind of attention that the probe sees.
  private func series(of probe: ProbeResult, call: Int) -> [LineSeries] {
    let cells = probe.cells.filter { $0.head == nil }
    let kinds = cells.map(\.kind).uniqued
    return kinds.map { kind in
      LineSeries(
        kinds.count > 1 ? "\(probe.name), \(kind)" : probe.name,
        points: positions.map { layer in
          cells.first { $0.layer == layer && $0.call == call && $0.kind == kind }
            .map { Self.point($0.accuracy, isFilled: probe.isFound($0)) }
        })
    }
  }

  /// The cells of a control's line; none for a control of one place alone, as the null cell.
  private static func drawn(_ control: ProbeControl, of probe: ProbeResult) -> [ProbeControl.Cell] {
    let cells = control.cells.filter { probe.cells.indices.contains($0.cell) && probe.cells[$0.cell].head == nil }
    return cells.map { probe.cells[$0.cell].layer }.uniqued.count > 1 ? cells : []
  }

  private func controls(of probe: ProbeResult, call: Int) -> [LineSeries] {
    probe.controls.flatMap { control -> [LineSeries] in
      let cells = Self.drawn(control, of: probe)
      let kinds = cells.map { probe.cells[$0.cell].kind }.uniqued
      return kinds.map { kind in
        let name = ProbeText.control(control.name)
        return LineSeries(
          kinds.count > 1 ? "\(name), \(kind)" : name, role: .control,
          points: positions.map { layer in
            cells.first {
              let cell = probe.cells[$0.cell]
              return cell.layer == layer && cell.call == call && cell.kind == kind
            }.map { LineSeries.Point(100 * $0.accuracy.mean) }
          })
      }
    }
  }
}
