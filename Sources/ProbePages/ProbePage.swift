import Comparing
import Formatting
import Foundation
import MapProbes
import Probing

/// What a report says of an experiment's probes: three plain lines at its head, and a section with verdicts, controls,
/// figures, confusions, curves and methods. Values in, Markdown out.
package struct ProbePage {
  package let findings: ProbeFindings
  /// The experiment's name, for the commands that repeat it.
  let experiment: String

  package init(_ findings: ProbeFindings, experiment: String) {
    self.findings = findings
    self.experiment = experiment
  }

  private var probes: [ProbeResult] { findings.probes }
  private var tests: [ProbeTestResult] { findings.tests }

  // MARK: - Three lines at the top

  /// What was asked, what came out, and what the controls say, for a reader who knows no statistics.
  package var summary: String {
    [("Asked", asked), ("Found", found), ("How sure", sure)].map { "- **\($0.0).** \($0.1)" }.joined(separator: "\n")
  }

  private var asked: String {
    let questions = probes.map(\.says).filter { !$0.isEmpty }.uniqued.map(Markdown.text)
    let what = questions.isEmpty ? "Can a program that sees nothing but attention tell what the picture is of?" : ""
    return
      "\(what)\(Self.first(questions, "question").joined(separator: " ")) A *probe* is a small program that sees nothing but "
      + "attention, learns from some pictures what it looks like, and is asked about others."
  }

  private var found: String {
    guard !tests.isEmpty else { return best.isEmpty ? "Nothing is stored yet." : best.joined(separator: " ") }
    func said(_ verdict: Verdict) -> String? {
      let tests = tests.filter { $0.verdict == verdict }
      guard !tests.isEmpty else { return nil }
      return "**\(verdict.rawValue.prefix(1).uppercased() + verdict.rawValue.dropFirst())**: "
        + listed(Self.first(tests.map { "“\(Markdown.text($0.says))”" }, nil)) + "."
    }
    return ([.shown, .refuted, .undecided, .notTestable].compactMap(said) + best).joined(separator: " ")
  }

  /// So many are named at the head of a page; tables below have them all.
  private static let named = 2

  /// The first ones, and how many more there are.
  /// - Parameter what: nil: the number stands for itself, as the last of a list.
  private static func first(_ all: [String], _ what: String?) -> [String] {
    guard all.count > named else { return all }
    let more = all.count - named
    return all.prefix(named) + [what.map { "And \(more) more \($0)\(more == 1 ? "" : "s") below." } ?? "\(more) more"]
  }

  /// How well probes do at their best places.
  private var best: [String] {
    probes.prefix(Self.named).compactMap { probe in
      guard let cell = probe.bestCell else { return nil }
      return
        "\(Markdown.code(probe.name)) tells \(Markdown.text(probe.label)) right in \(ProbeText.percent(cell.accuracy.mean)) % "
        + "of \(counted(cell.accuracy.count, "picture")) (\(Markdown.text(cell.name))); guessing gives \(ProbeText.percent(probe.chance)) %."
    }
  }

  private var sure: String {
    guard let first = probes.first else { return "Nothing can be said: no probe has a result." }
    let held = probes.map(\.grouping).uniqued.map { "\(ProbeText.held($0))s" }
    let size = Self.first(probes.map(\.size).uniqued, nil).joined(separator: "; ")
    let told = controlled ?? "No control was made, so nothing says what of this the maps alone would give."
    return "Each probe is asked only about \(listed(held)) that it never learned from (\(size)). \(told) "
      + "The margins of error below are such that each should hold in \(Readable.percent(first.confidence)) of such experiments, with this model and pictures like these."
  }

  /// What the controls of the first probes reach: of each probe the control that does best where it is compared, and the one that
  /// does best at any place, if that is more. nil where there is no control.
  private var controlled: String? {
    var (here, elsewhere): ([String], [String]) = ([], [])
    for probe in probes.filter({ !$0.controls.isEmpty }).prefix(Self.named) {
      let compared = probe.controls.map { (name: $0.name, cells: probe.compared($0).map { [$0.control] } ?? []) }
      let all = probe.controls.map { (name: $0.name, cells: $0.cells) }
      guard let best = strongest(of: compared, probe), let most = strongest(of: all, probe) else { continue }
      here.append(best.text)
      if most.share > best.share { elsewhere.append(most.text) }
    }
    guard !here.isEmpty else { return nil }
    return "At these places, probes that were kept from what is asked about reach: \(here.joined(separator: ", ")). "
      + (elsewhere.isEmpty ? "" : "At other places they reach more: \(elsewhere.joined(separator: ", ")). ")
      + "What a probe tells beyond them at the same place is the finding."
  }

  /// The most that one of some controls reaches in a cell, in words; nil where there is no cell.
  private func strongest(
    of controls: [(name: String, cells: [ProbeControl.Cell])], _ probe: ProbeResult
  ) -> (share: Double, text: String)? {
    let reached = controls.flatMap { control in
      control.cells.filter { probe.cells.indices.contains($0.cell) }.map { (name: control.name, cell: $0) }
    }
    guard let best = reached.max(by: { $0.cell.accuracy.mean < $1.cell.accuracy.mean }) else { return nil }
    let share = best.cell.accuracy.mean
    let probeName = probes.count > 1 ? "\(Markdown.code(probe.name)), " : ""
    let place = probeName + Markdown.text(probe.cells[best.cell.cell].name)
    return (share, "\(Markdown.text(ProbeText.control(best.name))) \(ProbeText.percent(share)) % (\(place))")
  }

  // MARK: - The section

  /// - Parameter figures: Those that were written; their names stand beside the folder's.
  package func section(_ figures: [ProbeFigure]) -> String {
    var parts = ["## Probes"]
    if !findings.missing.isEmpty {
      parts.append(
        "**Not done yet**: \(Markdown.codes(findings.missing)). `attnlab run` with the experiment's file goes on with them."
      )
    }
    if !tests.isEmpty { parts += ["### Verdicts of the probes", verdicts] }
    for figure in figures where figure.probe == nil { parts.append(markdown(figure)) }
    for (index, probe) in probes.enumerated() {
      parts += ["### \(Markdown.text(probe.name))", text(of: probe)]
      parts += figures.filter { $0.probe == index }.map(markdown)
    }
    if !probes.isEmpty { parts += ["### How the probes were made", ProbeMethods(findings).text, again] }
    return parts.joined(separator: "\n\n")
  }

  private func markdown(_ figure: ProbeFigure) -> String {
    let picture = "![\(Markdown.text(figure.title))](figures/\(figure.file))"
    return figure.isOpen ? picture : Markdown.details(figure.title, picture)
  }

  private var verdicts: String {
    let rows = tests.map { test in
      let interval = ProbeText.interval(test.interval) { ProbeText.value($0, of: test) }
      let n = test.estimate == nil ? "–" : "\(test.samples) (\(counted(test.seeds, "seed")))"
      return [
        Markdown.text(test.says), "\(Markdown.code(test.probe)), \(Markdown.text(test.cells))",
        Markdown.text(ProbeText.estimand(test)),
        Markdown.text("\(test.side) \(ProbeText.value(test.threshold, of: test))"),
        ProbeText.value(test.estimate, of: test), interval, n, ProbeText.p(test.correctedP),
        "**\(test.verdict.rawValue)**" + Markdown.text(test.problem.map { ": \($0)" } ?? ""),
      ]
    }
    let table = Markdown.table(
      ["test", "where", "what", "threshold:", "estimate:", "interval:", "n:", "p:", "verdict"], rows)
    return
      "*Shown*: the whole interval lies beyond the threshold. *Refuted*: the whole interval lies on the other side of it. Both need a "
      + "p that agrees, of at most 1 less the file's confidence. *Undecided*: anything else. Intervals are so wide that all of them together hold at the confidence of the file. p is of a "
      + "mean at the threshold, by turning the signs of seeds, corrected by Holm's method for "
      + "\(counted(tests.count, "test")).\n\n\(table)\n\nThe numbers: [tables/\(Self.testsTable)](tables/\(Self.testsTable))."
  }

  private func text(of probe: ProbeResult) -> String {
    var parts: [String] = []
    if !probe.says.isEmpty { parts.append("> \(Markdown.text(probe.says))") }
    if let cell = probe.bestCell {
      let interval = ProbeText.shares(cell.accuracy.interval)
      parts.append(
        "\(Markdown.text(cell.name)) is \(probe.cells.contains(where: \.isRegistered) ? "the best of the places that the file names" : "the best place"): "
          + "\(ProbeText.percent(cell.accuracy.mean)) % right, interval \(interval), n = \(cell.accuracy.count), family-wise p "
          + "\(ProbeText.p(cell.familyWiseP)) over \(counted(probe.cells.count, "place"))\(probe.isRefitted ? "" : ", answers kept"). Chance is "
          + "\(ProbeText.percent(probe.chance)) %. Told at a family-wise p of at most "
          + "\(ProbeText.level(probe.level)): \(probe.cells.count(where: probe.isFound)) of \(probe.cells.count) places."
      )
    }
    if !probe.controls.isEmpty { parts += [controls(of: probe)] }
    if !probe.information.isEmpty { parts += [bits(of: probe)] }
    parts.append("The numbers: [tables/\(Self.cellsTable)](tables/\(Self.cellsTable)).")
    return parts.joined(separator: "\n\n")
  }

  /// The gain over each control apart.
  private func controls(of probe: ProbeResult) -> String {
    let rows = probe.controls.compactMap { control -> [String]? in
      guard let at = probe.compared(control) else { return nil }
      return [
        Markdown.text(ProbeText.control(control.name)), Markdown.text(at.cell.name), "\(at.control.gain.count)",
        "\(control.seeds)", ProbeText.percent(at.control.accuracy.mean + at.control.gain.mean),
        ProbeText.percent(at.control.accuracy.mean), ProbeText.points(at.control.gain.mean),
        ProbeText.interval(at.control.gain.interval, ProbeText.points),
      ]
    }
    let meanings = probe.controls.map {
      "- *\(Markdown.text(ProbeText.control($0.name)))*: \(Markdown.text($0.says))"
    }
    let table = Markdown.table(
      ["control", "where", "n:", "seeds:", "probe, %:", "control, %:", "gain:", "interval:"], rows)
    return "\(table)\n\n\(meanings.joined(separator: "\n"))"
  }

  private func bits(of probe: ProbeResult) -> String {
    let rows = probe.information.compactMap { bits -> [String]? in
      guard probe.cells.indices.contains(bits.cell) else { return nil }
      let gain = bits.information.gain
      return [
        Markdown.text(probe.cells[bits.cell].name), Markdown.text(bits.classifier), "\(gain.count)",
        ProbeText.bits(gain.mean), ProbeText.interval(gain.interval, ProbeText.bits),
        ProbeText.percent(bits.information.share), ProbeText.percent(bits.accuracy.mean),
      ]
    }
    return "In bits, of the \(String(format: "%.2f", log2(Double(probe.classes.count)))) that tell "
      + "\(counted(probe.classes.count, "class", "classes")) apart:\n\n"
      + Markdown.table(
        ["where", "classifier", "n:", "bits:", "interval:", "% of all bits:", "right, %:"], rows)
  }

  private var again: String {
    let name = shellLine(["attnlab", "probe", experiment])
    return
      "All numbers with every digit are in `tables/\(Self.json)`, which is written anew with this page. \(Markdown.code(name)) prints them."
  }
}
