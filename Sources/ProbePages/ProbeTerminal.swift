import Comparing
import Formatting
import Foundation
import MapProbes
import Probing

/// What `attnlab probe NAME` prints: values in, text out.
package struct ProbeTerminal {
  private let findings: ProbeFindings

  package init(_ findings: ProbeFindings) { self.findings = findings }

  /// Verdicts, then each probe by layer and call, with its controls.
  package var text: String {
    var parts: [String] = []
    if !findings.tests.isEmpty { parts.append(tests) }
    parts += findings.probes.map(text)
    if !findings.missing.isEmpty {
      parts.append("not done yet: \(listedNames(findings.missing)); attnlab run with the file goes on with them\n")
    }
    return parts.joined(separator: "\n")
  }

  private var tests: String {
    var table = TextTable(
      ["test", "probe", "what", "threshold", "estimate", "interval", "n", "seeds", "p (Holm)", "verdict"],
      right: [3, 4, 5, 6, 7, 8])
    for test in findings.tests {
      table.add([
        test.says, test.probe, ProbeText.estimand(test),
        "\(test.side) \(ProbeText.value(test.threshold, of: test))",
        ProbeText.value(test.estimate, of: test),
        ProbeText.interval(test.interval) { ProbeText.value($0, of: test) }, "\(test.samples)", "\(test.seeds)",
        ProbeText.p(test.correctedP), test.verdict.rawValue + (test.problem.map { ": \($0)" } ?? ""),
      ])
    }
    return table.text
  }

  private func text(of probe: ProbeResult) -> String {
    var parts = [
      "\(printable(probe.name)): \(printable(probe.label)) of \(counted(probe.classes.count, "class", "classes")), \(probe.size), chance \(ProbeText.percent(probe.chance)) %\n"
    ]
    if let cell = probe.bestCell {
      parts.append(
        "best: \(printable(cell.name)), \(ProbeText.percent(cell.accuracy.mean)) % "
          + "\(ProbeText.shares(cell.accuracy.interval)), family-wise p \(ProbeText.p(cell.familyWiseP))\(probe.isRefitted ? "" : " (answers kept)"), "
          + "\(probe.classifier), each \(ProbeText.held(probe.grouping)) held out in turn\n")
    }
    parts += cells(of: probe)
    if !probe.controls.isEmpty { parts.append(controls(of: probe)) }
    parts += applied(of: probe)
    return parts.joined(separator: "\n")
  }

  /// A table of layers by calls or heads, percent right; a star where the family-wise p is at most the level.
  private func cells(of probe: ProbeResult) -> [String] {
    let kinds = probe.cells.map(\.kind).uniqued
    return kinds.flatMap { kind -> [String] in
      let cells = probe.cells.filter { $0.kind == kind }
      let together = cells.filter { $0.head == nil }
      let apart = cells.filter { $0.head != nil }
      var tables: [String] = []
      if !together.isEmpty {
        tables.append(
          "\(kind), percent right by layer and call; * family-wise p at most \(ProbeText.level(probe.level))\n"
            + grid(together, probe, columns: together.map(\.call).uniqued.sorted(), heading: { "call \($0)" }) {
              $0.call
            })
      }
      for call in apart.map(\.call).uniqued.sorted() {
        let cells = apart.filter { $0.call == call }
        tables.append(
          "\(kind), call \(call), percent right by layer and head\n"
            + grid(cells, probe, columns: cells.compactMap(\.head).uniqued.sorted(), heading: { "head \($0 + 1)" }) {
              $0.head ?? -1
            })
      }
      return tables
    }
  }

  private func grid(
    _ cells: [ProbeCell], _ probe: ProbeResult, columns: [Int], heading: (Int) -> String, column: (ProbeCell) -> Int
  ) -> String {
    var table = TextTable(["layer"] + columns.map(heading), right: Set(0...columns.count))
    for layer in cells.map(\.layer).uniqued.sorted() {
      table.add(
        ["\(layer)"]
          + columns.map { wanted in
            guard let cell = cells.first(where: { $0.layer == layer && column($0) == wanted }) else { return "–" }
            return ProbeText.percent(cell.accuracy.mean) + (probe.isFound(cell) ? "*" : " ")
          })
    }
    return table.text
  }

  private func controls(of probe: ProbeResult) -> String {
    var table = TextTable(
      ["control", "where", "n", "seeds", "control, %", "gain", "interval"], right: [2, 3, 4, 5, 6])
    for control in probe.controls {
      guard let at = probe.compared(control) else { continue }
      table.add([
        ProbeText.control(control.name), at.cell.name, "\(at.control.gain.count)", "\(control.seeds)",
        ProbeText.percent(at.control.accuracy.mean), ProbeText.points(at.control.gain.mean),
        ProbeText.interval(at.control.gain.interval, ProbeText.points),
      ])
    }
    return table.text
  }

  /// Of applications to other maps: what the probe says of them, in percent.
  private func applied(of probe: ProbeResult) -> [String] {
    guard !probe.applied.isEmpty else { return [] }
    var table = TextTable(["applied to", "where", "n", "says", "percent", "interval"], right: [2, 4, 5])
    for applied in probe.applied where probe.cells.indices.contains(applied.cell) {
      for toward in applied.toward {
        table.add([
          [applied.to, applied.intervention].filter { !$0.isEmpty }.joined(separator: ", "),
          probe.cells[applied.cell].name, "\(toward.share.count)", toward.label,
          ProbeText.percent(toward.share.mean), ProbeText.shares(toward.share.interval),
        ])
      }
    }
    return [table.text]
  }
}
