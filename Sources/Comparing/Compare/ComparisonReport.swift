import Analysis
import Measures

/// A comparison as `compare` prints it in JSON.
package struct ComparisonReport: Encodable {
  struct Row: Encodable {
    let metric: String
    let unit: String?
    let direction, intervention: String
    let group: String?
    let n, clusters: Int
    let clusteredBy: String
    let excluded, unmatched: Int
    let baselineMean, mean, difference, low, high: Double?
    /// Of the permutation test, by itself and for all rows of the metric.
    let p, correctedP: Double?
    let equivalence: Equivalence?
  }

  struct Equivalence: Encodable {
    /// Differences from `-bound` to `bound` do not matter.
    let bound: Double
    let n, clusters: Int
    let low, high, p: Double?
    let equivalent: Bool?
    let problem: String?
  }

  struct Correlation: Encodable {
    let intervention, first, second, coefficient: String
    let n, excluded, missing: Int
    let value, low, high, p: Double?
    let distribution, problem: String?
  }

  let baseline: String
  let groupedBy: String?
  let method: String
  let confidence: Double
  let resamples: Int
  let seed: UInt64
  let clusterRule, exclusionRule: String
  /// Of the permutation test and the test of equivalence; nil where there is none.
  let testMethod, equivalenceMethod: String?
  let rows: [Row]
  /// nil where none were asked for.
  let correlations: [Correlation]?
  let unmatchedRuns: [Comparison.UnmatchedRun]
  /// In what the experiments were made differently; empty for one experiment.
  let unequalSettings: [String]

  static let clusterRule =
    "resampled by pair where there are \(Comparison.enoughSeeds) or more of which no two share a seed; else by seed where there are "
    + "\(Comparison.enoughSeeds) or more, since runs of one seed share their start noise; else by pair x seed, since fewer "
    + "clusters say too little"
  static let exclusionRule =
    "a pair of values of which one is infinite or no number is excluded from all means and counted"

  package init(_ comparison: Comparison) {
    baseline = comparison.baseline
    groupedBy = comparison.request.grouping?.rawValue
    method = "bca"
    confidence = comparison.bootstrap.confidence
    resamples = comparison.bootstrap.resamples
    seed = comparison.bootstrap.seed
    clusterRule = Self.clusterRule
    exclusionRule = Self.exclusionRule
    testMethod = comparison.testText
    equivalenceMethod = comparison.equivalenceText
    unmatchedRuns = comparison.unmatched
    unequalSettings = comparison.unequalSettings
    let pairs = comparison.correlations.flatMap { found in found.coefficients.map { Correlation($0, of: found) } }
    correlations = pairs.isEmpty ? nil : pairs
    rows = comparison.rows.map { row in
      let result = row.result
      let isEmpty = result.count == 0
      return Row(
        metric: row.metric.name, unit: row.metric.unit, direction: row.metric.direction,
        intervention: row.intervention, group: row.group, n: result.count, clusters: result.clusters,
        clusteredBy: row.clustering.rawValue, excluded: result.excluded, unmatched: row.unmatched,
        baselineMean: isEmpty ? nil : result.baselineMean, mean: isEmpty ? nil : result.treatmentMean,
        difference: isEmpty ? nil : result.difference, low: result.interval?.lowerBound,
        high: result.interval?.upperBound, p: row.permutation?.p, correctedP: row.permutation?.correctedP,
        equivalence: row.equivalence.map { test in
          Equivalence(
            bound: test.bounds.upperBound, n: test.count, clusters: test.clusters, low: test.interval?.lowerBound,
            high: test.interval?.upperBound, p: test.p, equivalent: test.isEquivalent,
            problem: test.unanswered.map { "\($0)" })
        })
    }
  }
}

extension ComparisonReport.Correlation {
  init(_ correlation: RankCorrelation, of found: MetricCorrelation) {
    self.init(
      intervention: found.intervention, first: found.metrics.first, second: found.metrics.second,
      coefficient: correlation.coefficient.rawValue, n: correlation.count, excluded: correlation.excluded,
      missing: found.missing, value: correlation.value, low: correlation.interval?.lowerBound,
      high: correlation.interval?.upperBound, p: correlation.p, distribution: correlation.distribution?.rawValue,
      problem: correlation.unanswered.map { "\($0)" })
  }
}
