import Analysis

extension [Comparison.Row] {
  /// Gives the rows what a request asks for beside intervals: sign flips of all rows of a metric together, and the test
  /// within the metric's bound.
  /// - Returns: The signs of each metric's family, by its name.
  mutating func test(_ request: ComparisonRequest) -> [String: PermutationFamily.Signs] {
    for index in indices {
      if let bound = request.equivalence[self[index].metric.name] {
        self[index].equivalence = EquivalenceTest(self[index].measurements, bounds: -bound...bound)
      }
    }
    guard let permutations = request.permutations else { return [:] }
    let test = PermutationTest(permutations: permutations, seed: request.seed)
    var signs: [String: PermutationFamily.Signs] = [:]
    for metric in map(\.metric).uniqued {
      let family = indices.filter { self[$0].metric == metric }
      let found = test(family.map { self[$0].measurements })
      for (index, comparison) in zip(family, found.comparisons) { self[index].permutation = comparison }
      signs[metric.name] = found.signs
    }
    return signs
  }
}

extension Comparison {
  /// How rows were tested, in a sentence; nil where they were not.
  var testText: String? {
    guard !signs.isEmpty else { return nil }
    let used = metrics.compactMap { signs[$0.name]?.description }.uniqued.joined(separator: "; ")
    return "two-sided, all differences of a cluster turned at once: \(used); corrected p for all rows of a metric by "
      + "step-down maxima"
  }

  /// How equivalence was tested, in a sentence; nil where it was not.
  var equivalenceText: String? {
    guard let test = rows.lazy.compactMap(\.equivalence).first else { return nil }
    let level = Int((test.level * 100).rounded())
    return
      "two one-sided t tests (TOST) at \(level) % of the clusters' mean differences, with their \(100 - 2 * level) % "
      + "interval; a small p speaks for a difference within the bound"
  }
}

/// How far two metrics rise and fall together over all runs of an intervention.
struct MetricCorrelation: Sendable {
  let metrics: MetricPair
  /// As the comparison names it.
  let intervention: String
  let spearman: RankCorrelation
  let kendall: RankCorrelation
  /// Runs that are not done, or lack one of the metrics.
  let missing: Int

  init(_ named: NamedColumn, _ metrics: MetricPair) {
    let column = named.column
    let found = column.keys.compactMap { key -> (Double, Double)? in
      guard let run = column.runs[key], run.status == "done", let first = run.metrics[metrics.first],
        let second = run.metrics[metrics.second]
      else { return nil }
      return (first, second)
    }
    self.metrics = metrics
    intervention = named.name
    spearman = RankCorrelation(.spearman, found.map(\.0), found.map(\.1))
    kendall = RankCorrelation(.kendall, found.map(\.0), found.map(\.1))
    missing = column.keys.count - found.count
  }

  /// Both, for a table.
  var coefficients: [RankCorrelation] { [spearman, kendall] }
}
