import Experimenting
import Foundation
import Measures

/// A comparison as `compare` prints it.
struct ComparisonReport: Encodable {
  struct Row: Encodable {
    let metric: String
    let unit: String?
    let direction, intervention: String
    let group: String?
    let n, clusters: Int
    let clusteredBy: String
    let excluded, unmatched: Int
    let baselineMean, mean, difference, low, high: Double?
  }

  let baseline: String
  let groupedBy: String?
  let method: String
  let confidence: Double
  let resamples: Int
  let seed: UInt64
  let clusterRule, exclusionRule: String
  let rows: [Row]
  let unmatchedRuns: [Comparison.UnmatchedRun]

  static let clusterRule =
    "resampled by seed where there are \(Comparison.enoughSeeds) or more, since runs of one seed share their start noise; "
    + "else by pair x seed, since fewer clusters say too little"
  static let exclusionRule =
    "a pair of values of which one is infinite or no number is excluded from all means and counted"

  init(_ comparison: Comparison) {
    baseline = comparison.baseline
    groupedBy = comparison.request.grouping?.rawValue
    method = "bca"
    confidence = comparison.bootstrap.confidence
    resamples = comparison.bootstrap.resamples
    seed = comparison.bootstrap.seed
    clusterRule = Self.clusterRule
    exclusionRule = Self.exclusionRule
    unmatchedRuns = comparison.unmatched
    rows = comparison.rows.map { row in
      let result = row.result
      let isEmpty = result.count == 0
      return Row(
        metric: row.metric.name, unit: row.metric.unit, direction: row.metric.direction,
        intervention: row.intervention, group: row.group, n: result.count, clusters: result.clusters,
        clusteredBy: row.clustering.rawValue, excluded: result.excluded, unmatched: row.unmatched,
        baselineMean: isEmpty ? nil : result.baselineMean, mean: isEmpty ? nil : result.treatmentMean,
        difference: isEmpty ? nil : result.difference, low: result.interval?.lowerBound,
        high: result.interval?.upperBound)
    }
  }
}

extension Comparison {
  /// Below this the intervals are noticeably too short: 92 % instead of 95 are covered at 20.
  private static let fewClusters = 20
  private static let namedRuns = 10

  /// Tables and notes for a reader at a terminal.
  var text: String {
    var facts = [("baseline", baseline), ("matched by", "source prompt, target prompt and seed")]
    facts.append(("interval", methodText))
    facts.append(("clusters", clusteringText))
    return list(facts) + metrics.map { "\n" + table($0) }.joined() + notes
  }

  private var clusteringText: String {
    let used = Set(rows.filter { $0.result.count > 0 }.map(\.clustering))
    let seeds = "seeds, as runs of one seed share their start noise"
    let runs = "pairs x seeds, as there are fewer than \(Self.enoughSeeds) seeds"
    switch (used.contains(.seeds), used.contains(.runs)) {
    case (true, true): return "\(seeds); \(runs) in rows marked *"
    case (true, false): return seeds
    default: return runs
    }
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
    var table = Table(
      first + ["n", "clusters", "baseline", "mean", "difference", "95 % interval", "excluded", "unmatched"],
      right: Set(first.count..<first.count + 8))
    let isMixed = Set(self.rows.filter { $0.result.count > 0 }.map(\.clustering)).count > 1
    for row in rows {
      let result = row.result
      let mark = isMixed && row.clustering == .runs && result.count > 0 ? "*" : ""
      let interval =
        result.interval.map { "[\(signed($0.lowerBound, metric)), \(signed($0.upperBound, metric))]" } ?? "-"
      table.add(
        [row.intervention] + (group == nil ? [] : [row.group ?? ""]) + [
          "\(result.count)", "\(result.clusters)\(mark)", number(result.baselineMean, metric),
          number(result.treatmentMean, metric), signed(result.difference, metric), interval, "\(result.excluded)",
          "\(row.unmatched)",
        ])
    }
    let unit = metric.unit.map { " in \($0)" } ?? ""
    return "\(metric.title)\(unit); \(metric.direction)\n" + table.text
  }

  private var notes: String {
    var notes: [String] = []
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
      notes.append("\(Readable.number(unmatched.count, "run")) without a partner, in no number:")
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
