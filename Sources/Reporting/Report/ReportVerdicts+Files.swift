import Analysis
import Comparing
import ExperimentFiles
import Formatting
import Plotting
import Results
import Tensors

extension ReportVerdicts {
  static let figure = "claims"

  /// A line a gate and a test, gates first. Numbers that do not exist are empty.
  var csv: CSVTable {
    var table = CSVTable([
      "kind", "claim", "claim_verdict", "says", "metric", "of", "against", "side", "threshold", "n", "clusters",
      "clustered_by", "excluded", "missing", "mean_of", "mean_against", "difference", "confidence", "low", "high",
      "placebo", "placebo_n", "placebo_clusters", "placebo_clustered_by", "placebo_excluded", "placebo_missing",
      "placebo_difference", "placebo_low", "placebo_high", "verdict", "reason",
    ])
    for gate in judgement.gates { table.append(row(gate)) }
    for claim in judgement.claims {
      for removal in claim.removals { table.append(row(removal, claim)) }
      for test in claim.tests { table.append(row(test, claim)) }
    }
    return table
  }

  private func row(_ gate: ClaimsJudgement.Gate) -> [String] {
    let named: (metric: String, of: String, against: String, side: String, threshold: Double?) =
      switch gate.spec.condition {
      case .mean(let metric, let of, let atLeast): (metric, of, "", "at_least", atLeast)
      case .difference(let metric, let of, let against): (metric, of, against, "differs", 0)
      case .instrument(let name, let atLeast): ("", name, "", "at_least", atLeast)
      }
    let estimate = gate.estimate
    let numbers =
      estimate.map { cells($0, isDifference: !named.against.isEmpty, judgement.spec.confidence) }
      ?? ["", "", "", "", "", CSVTable.number(gate.accuracy), "", "", "", "", ""]
    return ["gate", "", "", gate.spec.says, named.metric, named.of, named.against, named.side]
      + [CSVTable.number(named.threshold)] + numbers + Array(repeating: "", count: 9)
      + [gate.holds ? "holds" : "fails", gate.problem ?? ""]
  }

  private func row(_ removal: ClaimsJudgement.Removal, _ claim: ClaimsJudgement.Claim) -> [String] {
    [
      "gate", claim.spec.name, "", "removing the attention matters", removal.metric, removal.spec.against,
      removal.spec.removed, "at_least", CSVTable.number(RemovalGate.fall),
    ] + cells(removal.estimate, isDifference: true, judgement.spec.confidence) + Array(repeating: "", count: 9)
      + [removal.holds ? "holds" : "fails", removal.estimate.problem ?? ""]
  }

  private func row(_ test: ClaimsJudgement.Test, _ claim: ClaimsJudgement.Claim) -> [String] {
    let spec = test.spec
    let placebo = test.placebo.map { placebo in
      let cells = cells(placebo, isDifference: true, test.confidence)
      return Array(cells[0..<5]) + [cells[7], cells[9], cells[10]]
    }
    return [
      "test", claim.spec.name, claim.verdict.rawValue, spec.says, spec.metric, spec.of, spec.against ?? "",
      spec.threshold.side, CSVTable.number(spec.threshold.value),
    ] + cells(test.estimate, isDifference: spec.against != nil, test.confidence) + [spec.placebo ?? ""]
      + (placebo ?? Array(repeating: "", count: 8)) + [test.verdict.rawValue, test.reason ?? ""]
  }

  /// n, clusters, clustered_by, excluded, missing, mean_of, mean_against, difference, confidence, low, high.
  private func cells(_ estimate: ClaimEstimate, isDifference: Bool, _ confidence: Double) -> [String] {
    let result = estimate.result
    return [
      "\(result.count)", "\(result.clusters)", estimate.clustering.rawValue, "\(result.excluded)",
      "\(estimate.missing)",
    ]
      + [
        result.treatmentMean, isDifference ? result.baselineMean : nil, isDifference ? result.difference : nil,
        confidence, estimate.interval?.lowerBound, estimate.interval?.upperBound,
      ].map { CSVTable.number($0) }
  }

  // MARK: - The figure

  /// Bars of all tests with their intervals and thresholds, a panel a metric; below a test its difference to the
  /// placebo. nil where no test has a finite value.
  func picture() throws -> Picture? {
    let note =
      "intervals are corrected for all tests of a claim together, at \(ClaimText.percent(judgement.spec.confidence))"
    let pictures = try panels.map { metric, axis, bars in
      try Figures.barChart(title: "\(metric): what the claims are tested by", axis: axis, bars: bars, note: note)
    }
    return pictures.isEmpty ? nil : try Picture.stacked(pictures)
  }

  var panels: [(metric: String, axis: String, bars: [Bar])] {
    let all = judgement.claims.flatMap { claim in claim.tests.flatMap { bars($0, claim.spec.name) } }
    return all.map(\.metric).uniqued.map { metric in
      let own = all.filter { $0.metric == metric }
      let differences = own.count { $0.isDifference }
      let axis = differences < own.count ? "\(metric), or a difference of it" : "difference of \(metric)"
      return (metric: metric, axis: differences == 0 ? metric : axis, bars: own.map(\.bar))
    }
  }

  private func bars(_ test: ClaimsJudgement.Test, _ claim: String) -> [(metric: String, isDifference: Bool, bar: Bar)] {
    let own = bar(test.estimate, "\(claim): \(test.spec.says)", test.spec.threshold, test.verdict.rawValue)
    let placebo = test.placebo.flatMap { placebo in
      bar(placebo, "\(claim): the same, less the placebo (\(test.spec.placebo ?? ""))", test.spec.threshold.ofZero, "")
    }
    return [(own, test.spec.against != nil), (placebo, true)].compactMap { bar, isDifference in
      bar.map { (metric: test.spec.metric, isDifference: isDifference, bar: $0) }
    }
  }

  private func bar(_ estimate: ClaimEstimate, _ label: String, _ threshold: ClaimThreshold, _ verdict: String) -> Bar? {
    let ends = estimate.interval.map { [$0.lowerBound, $0.upperBound] } ?? []
    guard ([estimate.result.difference] + ends).allSatisfy({ abs($0) <= 1e300 }) else { return nil }
    return Bar(
      label, mean: estimate.result.difference, interval: estimate.interval,
      threshold: Bar.Threshold(threshold.value, isBelowWhatCounts: threshold.side == "above"),
      remark: "n \(estimate.result.count)" + (verdict.isEmpty ? "" : "  \(verdict)"))
  }

  /// Writes the figure.
  /// - Returns: nil where there is nothing to draw.
  func write(_ writer: FigureWriter, _ data: StoredResults) throws -> FigureFile? {
    guard let picture = try picture() else { return nil }
    return try writer.write(
      picture, as: "\(Self.figure).png", title: "\(data.spec.name): the tests of its claims",
      prompts: data.spec.generate.pairs.map(\.label) + data.spec.generate.prompts, seeds: data.spec.generate.allSeeds,
      hashes: [data.experiment.modelHash])
  }
}
