import Analysis
import ExperimentFiles
import Generation
import Measures
import Planning
import Tensors

/// Interventions of one or several experiments against a baseline, metric by metric, over the same prompts and seeds.
///
/// Runs are matched by source prompt, target prompt, seed and settings; a run without its partner is in no number, and named in
/// `unmatched`. Each row is a `PairedDifference`. Its interval is a BCa bootstrap over clusters: the pairs of prompts, where
/// there are five or more and no two share a seed; else the seeds, where the row has five or more of them, since runs of one
/// seed share their start noise; else each pair and seed by itself, since fewer than five clusters say too little.
public struct Comparison: Sendable {
  /// From how many pairs or seeds on they are the clusters.
  public static let enoughSeeds = 5
  /// Of fewer clusters intervals are noticeably too short: 92 % instead of 95 are covered at 20.
  public static let fewClusters = 20

  /// What the clusters of a row are.
  public enum Clustering: String, Codable, Hashable, Sendable {
    /// Pairs of prompts, or single prompts, that have their seeds to themselves.
    case pairs
    case seeds
    case runs

    /// What the clusters of finite values are, given the run of each.
    init(of keys: [RunKey]) {
      let pairs = Dictionary(grouping: keys, by: \.seed).mapValues { Set($0.map(\.prompts)) }
      if pairs.values.allSatisfy({ $0.count == 1 }), Set(pairs.values).count >= Comparison.enoughSeeds {
        self = .pairs
      } else {
        self = pairs.count >= Comparison.enoughSeeds ? .seeds : .runs
      }
    }
  }

  /// One metric of one intervention; of one seed or pair of prompts where the comparison is grouped so.
  public struct Row: Sendable {
    public let metric: Metric
    public let intervention: String
    /// The layers, the steps, the seed, the pair or the settings; nil without a grouping.
    public let group: String?
    public let result: PairedDifference
    public let clustering: Clustering
    /// Runs without a partner, or without the metric.
    public let unmatched: Int
    /// What `result` is made of; clusters have the same numbers in all rows of the comparison.
    let measurements: [PairedMeasurement]
    /// Among all rows of the metric; nil where the request asks for none.
    public internal(set) var permutation: PermutationFamily.Comparison?
    /// Within the bound that the request has for the metric; nil where it has none.
    public internal(set) var equivalence: EquivalenceTest?
  }

  /// A run that is in no row.
  public struct UnmatchedRun: Hashable, Codable, Sendable {
    public let intervention: String
    public let sourcePrompt: String
    public let targetPrompt: String
    public let seed: Seed
    /// Of a sweep over `generate`; empty without one.
    public let settings: String
    /// Such as `not begun`, or `the baseline has no run of this pair and seed`.
    public let reason: String
  }

  let request: ComparisonRequest
  /// As columns are named: `intervention`, or `experiment/intervention` where there are several experiments.
  public let baseline: String
  /// Without the baseline, in the order of the rows.
  public let interventions: [String]
  public let metrics: [Metric]
  /// By metric, then by intervention.
  public let rows: [Row]
  public let unmatched: [UnmatchedRun]
  /// In what the experiments were made differently, a line a key, as `guidance_scale: 5.0 in one, 7.5 in other`. Runs are matched
  /// all the same.
  public let unequalSettings: [String]
  let bootstrap: Bootstrap
  /// The signs that the rows of each metric were tested with, by its name; empty where the request asks for no test.
  let signs: [String: PermutationFamily.Signs]
  /// Of each intervention and the baseline, which comes first; empty where the request asks for none.
  let correlations: [MetricCorrelation]

  /// Whether there is no run with a partner.
  public var isEmpty: Bool { rows.allSatisfy { $0.result.count + $0.result.excluded == 0 } }

  /// - Parameter results: one or more experiments of different names.
  /// - Throws: `ExperimentError` with every name that does not fit.
  public init(_ results: [ComparableResults], _ request: ComparisonRequest) throws {
    let chosen = try ComparisonChoice(results, request)
    let bootstrap = Bootstrap(resamples: request.resamples, seed: request.seed)
    var treatments = chosen.treatments
    switch request.grouping {
    case .layer:
      treatments.sort { $0.column.selection.allLayers.lexicographicallyPrecedes($1.column.selection.allLayers) }
    case .step: treatments.sort { $0.column.selection.steps.lexicographicallyPrecedes($1.column.selection.steps) }
    default: break
    }
    let matched = treatments.map { MatchedRuns($0, with: chosen.baseline.column) }
    self.request = request
    self.bootstrap = bootstrap
    unequalSettings = Self.unequalSettings(results)
    baseline = chosen.baseline.name
    interventions = treatments.map(\.name)
    metrics = chosen.metrics
    unmatched = matched.flatMap { runs in chosen.metrics.flatMap { runs.unmatched($0) } }.uniqued
    let clusters = ClusterNumbers(matched.flatMap(\.keys))
    var rows = chosen.metrics.flatMap { metric in
      matched.flatMap { $0.rows(metric, by: request.grouping, bootstrap, clusters) }
    }
    signs = rows.test(request)
    self.rows = rows
    correlations =
      request.correlation.map { pair in
        ([chosen.baseline] + treatments).map { MetricCorrelation($0, pair) }
      } ?? []
  }

  private static func unequalSettings(_ results: [ComparableResults]) -> [String] {
    (results.first?.settings ?? []).enumerated().compactMap { place, setting in
      let values = results.map { $0.settings[place].value }
      guard values.uniqued.count > 1 else { return nil }
      return "\(setting.key): " + zip(results, values).map { "\($1) in \($0.name)" }.joined(separator: ", ")
    }
  }
}

/// The runs of an intervention beside those of the baseline.
private struct MatchedRuns {
  let treatment: NamedColumn
  let baseline: ComparisonColumn
  /// Of either side, in the order of the baseline's file.
  let keys: [RunKey]

  init(_ treatment: NamedColumn, with baseline: ComparisonColumn) {
    self.treatment = treatment
    self.baseline = baseline
    keys = (baseline.keys + treatment.column.keys).uniqued
  }

  /// Why a run has no partner; nil if it has one.
  private func reason(_ key: RunKey, _ metric: Metric) -> String? {
    switch (treatment.column.runs[key], baseline.runs[key]) {
    case (nil, _): return "only the baseline has a run of this pair, seed and settings"
    case (_, nil): return "the baseline has no run of this pair, seed and settings"
    case (let run?, let base?):
      if run.status != "done" { return run.status }
      if base.status != "done" { return "the baseline's run: \(base.status)" }
      if run.metrics[metric.name] == nil { return "no \(metric.name) was stored" }
      if base.metrics[metric.name] == nil { return "the baseline's run: no \(metric.name) was stored" }
      return nil
    }
  }

  func unmatched(_ metric: Metric) -> [Comparison.UnmatchedRun] {
    keys.compactMap { key in
      reason(key, metric).map {
        Comparison.UnmatchedRun(
          intervention: treatment.name, sourcePrompt: key.source ?? "", targetPrompt: key.prompt, seed: key.seed,
          settings: key.settings, reason: $0)
      }
    }
  }

  func rows(
    _ metric: Metric, by grouping: ComparisonRequest.Grouping?, _ bootstrap: Bootstrap, _ clusters: ClusterNumbers
  ) -> [Comparison.Row] {
    let groups: [(name: String?, keys: [RunKey])]
    switch grouping {
    case nil: groups = [(nil, keys)]
    case .layer: groups = [(treatment.column.selection.layerText, keys)]
    case .step: groups = [(treatment.column.selection.stepText, keys)]
    case .seed: groups = grouped { "\($0.seed)" }
    case .settings: groups = grouped { $0.settings.isEmpty ? "one setting" : $0.settings }
    case .prompt: groups = grouped { PromptPair(source: ($0.source ?? ""), target: $0.prompt).label }
    }
    return groups.map { row(metric, $0.name, $0.keys, bootstrap, clusters) }
  }

  private func grouped(_ name: (RunKey) -> String) -> [(name: String?, keys: [RunKey])] {
    keys.map(name).uniqued.map { group in (group, keys.filter { name($0) == group }) }
  }

  private func row(
    _ metric: Metric, _ group: String?, _ keys: [RunKey], _ bootstrap: Bootstrap, _ clusters: ClusterNumbers
  ) -> Comparison.Row {
    let pairs = keys.compactMap { key -> (RunKey, Double, Double)? in
      guard reason(key, metric) == nil, let value = treatment.column.runs[key]?.metrics[metric.name],
        let base = baseline.runs[key]?.metrics[metric.name]
      else { return nil }
      return (key, base, value)
    }
    // What is excluded carries no cluster: only the seeds of finite values count.
    let finite = pairs.filter { $0.1.isFinite && $0.2.isFinite }
    let clustering = Comparison.Clustering(of: finite.map(\.0))
    let measurements = pairs.map { key, base, value in
      PairedMeasurement(baseline: base, treatment: value, cluster: clusters.number(of: key, clustering))
    }
    return Comparison.Row(
      metric: metric, intervention: treatment.name, group: group,
      result: PairedDifference(measurements, bootstrap: bootstrap), clustering: clustering,
      unmatched: keys.count - pairs.count, measurements: measurements)
  }
}
