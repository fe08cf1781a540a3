import Analysis
import Formatting
import Foundation
import Measures

extension Comparison {
  private static let namedRuns = 10

  /// Tables and notes for a reader at a terminal.
  package var text: String {
    var facts = [("baseline", baseline), ("matched by", "source prompt, target prompt, seed and settings")]
    facts.append(("interval", methodText))
    facts.append(("clusters", clusteringText))
    if let testText { facts.append(("test", testText)) }
    if let equivalenceText { facts.append(("equivalence", equivalenceText)) }
    return TextTable.facts(facts) + metrics.map { "\n" + table($0) }.joined() + correlationText + notes
  }

  private var clusteringText: String {
    let used = Set(rows.filter { $0.result.count > 0 }.map(\.clustering))
    let whole = [
      used.contains(.pairs) ? "pairs, as no two of them share a seed" : nil,
      used.contains(.seeds) ? "seeds, as runs of one seed share their start noise" : nil,
    ].compactMap { $0 }
    let runs = "pairs x seeds, as there are fewer than \(Self.enoughSeeds) seeds"
    if whole.isEmpty { return runs }
    return (whole + (used.contains(.runs) ? ["\(runs) in rows marked *"] : [])).joined(separator: "; ")
  }

  private func table(_ metric: Metric) -> String {
    let rows = rows.filter { $0.metric == metric }
    let group = request.grouping.map { grouping in
      switch grouping {
      case .layer: "layers"
      case .step: "steps"
      case .seed: "seed"
      case .prompt: "pair"
      case .settings: "settings"
      }
    }
    let first = ["intervention"] + (group.map { [$0] } ?? [])
    let bound = request.equivalence[metric.name]
    let numbers =
      ["n", "clusters", "baseline", "mean", "difference", "95 % interval"]
      + (request.permutations == nil ? [] : ["p", "corrected p"])
      + (bound.map { ["90 % interval", "TOST p", "within \($0)"] } ?? []) + ["excluded", "unmatched"]
    var table = TextTable(first + numbers, right: Set(first.count..<first.count + numbers.count))
    let isMixed = Set(self.rows.filter { $0.result.count > 0 }.map(\.clustering)).count > 1
    for row in rows {
      let result = row.result
      let mark = isMixed && row.clustering == .runs && result.count > 0 ? "*" : ""
      let interval = interval(result.interval, metric)
      let tested = request.permutations == nil ? [] : [row.permutation?.p, row.permutation?.correctedP].map(share)
      let equivalent =
        bound == nil
        ? []
        : [
          self.interval(row.equivalence?.interval, metric), share(row.equivalence?.p),
          row.equivalence?.isEquivalent.map { $0 ? "yes" : "no" } ?? "-",
        ]
      table.add(
        [row.intervention] + (group == nil ? [] : [row.group ?? ""]) + [
          "\(result.count)", "\(result.clusters)\(mark)", number(result.baselineMean, metric),
          number(result.treatmentMean, metric), signed(result.difference, metric), interval,
        ] + tested + equivalent + ["\(result.excluded)", "\(row.unmatched)"])
    }
    let unit = metric.unit.map { " in \($0)" } ?? ""
    return printable("\(metric.title)\(unit); \(metric.direction)") + "\n" + table.text
  }

  /// A table of the correlations; empty where there are none.
  private var correlationText: String {
    guard let pair = correlations.first?.metrics else { return "" }
    var table = TextTable(
      ["intervention", "n", "Spearman", "95 % interval", "p", "Kendall", "95 % interval", "p", "excluded", "missing"],
      right: Set(1..<10))
    for found in correlations {
      let coefficients = found.coefficients.flatMap { coefficient in
        [
          coefficient.value.map { String(format: "%+.3f", $0) } ?? "-",
          coefficient.interval.map { String(format: "[%+.3f, %+.3f]", $0.lowerBound, $0.upperBound) } ?? "-",
          share(coefficient.p),
        ]
      }
      table.add(
        [found.intervention, "\(found.spearman.count)"] + coefficients
          + ["\(found.spearman.excluded)", "\(found.missing)"])
    }
    return
      "\n\(pair.first) and \(pair.second): rank correlation over the runs of an intervention, which p and interval take "
      + "to be independent\n" + table.text
  }

  /// A p-value.
  private func share(_ value: Double?) -> String {
    value.map { String(format: $0 < 0.001 ? "%.1e" : "%.4f", $0) } ?? "-"
  }

  private func interval(_ interval: ClosedRange<Double>?, _ metric: Metric) -> String {
    interval.map { "[\(signed($0.lowerBound, metric)), \(signed($0.upperBound, metric))]" } ?? "-"
  }

  /// Why runs have no partner, each reason once with the number of its runs.
  package var reasons: String {
    let reasons = unmatched.map(\.reason)
    return reasons.uniqued.map { reason in "\(counted(reasons.count { $0 == reason }, "run")): \(reason)" }
      .joined(separator: "; ")
  }

  private var notes: String {
    var notes =
      unequalSettings.isEmpty ? [] : ["the experiments were not made alike, so that differences may be due to"]
    notes += unequalSettings.map { "  \($0)" }
    let excluded = rows.reduce(0) { $0 + $1.result.excluded }
    if excluded > 0 {
      notes.append(
        "excluded: pairs of values of which one is infinite (equal pictures) or no number; in none of the means")
    }
    let clusters = rows.filter { $0.result.count > 0 }.map(\.result.clusters).min()
    if let clusters, clusters < Self.fewClusters {
      notes.append(
        clusters < 2
          ? "a row of one cluster has no interval"
          : "few clusters (\(clusters)): such intervals are too short; 95 % ones cover about 84 % of the time with 5 "
            + "clusters, 89 % with 10, 92 % with 20")
    }
    if !unmatched.isEmpty {
      notes.append("\(counted(unmatched.count, "run")) without a partner, in no number:")
      notes += unmatched.prefix(Self.namedRuns).map { run in
        "  \(run.intervention): \"\(run.sourcePrompt)\" -> \"\(run.targetPrompt)\", seed \(run.seed)"
          + (run.settings.isEmpty ? "" : ", \(run.settings)") + ": \(run.reason)"
      }
      if unmatched.count > Self.namedRuns {
        notes.append("  and \(unmatched.count - Self.namedRuns) more; --json names all")
      }
    }
    return notes.isEmpty ? "" : "\n" + notes.map { printable($0) + "\n" }.joined()
  }

  private func number(_ value: Double, _ metric: Metric) -> String {
    value.isNaN ? "-" : String(format: "%.\(metric.digits)f", value)
  }

  private func signed(_ value: Double, _ metric: Metric) -> String {
    value.isNaN ? "-" : String(format: "%+.\(metric.digits)f", value)
  }
}
