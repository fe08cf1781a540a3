import Analysis
import ExperimentFiles
import Generation
import Measures
import Planning
import Results
import Tensors

/// The runs that claims are judged by.
struct ClaimRuns {
  /// One picture.
  struct Run: Hashable {
    let key: RunKey
    /// By name; nil where the run is not done.
    let metrics: [String: Double]?
  }

  /// A metric of one run, or of two that belong together.
  struct Value: Hashable {
    /// Of the run, without its intervention.
    let key: RunKey
    let of: Double
    /// 0 where nothing is taken off.
    let against: Double
    /// The runs, by their places among all.
    let runs: [Int]
  }

  let runs: [Run]
  /// nil where the file compares none.
  let methods: MethodCurves?
  /// The interventions of each average.
  private let averages: [String: [String]]
  /// Metrics whose means are shares.
  private let shares: Set<String>
  /// Places of runs that do not count, as their source is not as it should be.
  private var leftOut: Set<Int> = []
  /// Those of them whose source has no value of what is asked.
  private var withoutValue: Set<Int> = []
  /// The first place of each key.
  private let places: [RunKey: Int]

  /// - Parameters:
  ///   - runs: In the order of the file; of equal ones the first counts.
  ///   - shares: metrics whose means are shares, by the first scene reader.
  init(_ runs: [Run], methods: MethodCurves? = nil, averages: [AverageSpec] = [], shares: Set<String> = []) {
    self.runs = runs
    self.methods = methods
    self.averages = Dictionary(averages.map { ($0.name, $0.interventions) }, uniquingKeysWith: { first, _ in first })
    self.shares = shares.union(shares.map(Metric.nameBySecondReader))
    places = Dictionary(runs.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The runs that decide the claims of an experiment.
  init(_ data: StoredResults, seeds: [Seed]?) {
    self.init(
      data.expected.filter { seeds?.contains($0.key.seed) ?? true }.map { expected in
        Run(key: expected.key, metrics: expected.run.flatMap { $0.isDone ? $0.metrics : nil })
      }, methods: data.spec.methods.map { MethodCurves($0, interventions: data.spec.interventions.map(\.name)) },
      averages: data.spec.claims?.averages ?? [],
      shares: Set(data.spec.metrics.filter(\.isShare).map(\.name)))
  }

  /// The same without edits whose source does not have what a rule asks for, and without such sources.
  func counting(_ rule: SourceRule) -> ClaimRuns {
    var new = self
    for (index, run) in runs.enumerated() {
      let isSource = run.key.intervention == InterventionSpec.sourceName
      // A run without a source has none that is wrong.
      guard let source = isSource ? index : run.key.ofSource.flatMap({ places[$0] }) else { continue }
      let value = runs[source].metrics?[rule.metric] ?? .nan
      guard !(value >= rule.atLeast) else { continue }
      new.leftOut.insert(index)
      if value.isNaN { new.withoutValue.insert(index) }
    }
    return new
  }

  /// The same without runs in other settings.
  func within(settings: String) -> ClaimRuns {
    var new = self
    new.leftOut.formUnion(runs.indices.filter { runs[$0].key.settings != settings })
    return new
  }

  var editsLeftOut: EditsLeftOut {
    func edits(_ indices: some Sequence<Int>) -> Int {
      Set(indices.map { runs[$0].key }.filter { $0.source != nil }.map(\.subject)).count
    }
    let without = edits(withoutValue)
    return EditsLeftOut(below: edits(leftOut) - without, withoutValue: without, of: edits(runs.indices))
  }

  /// A metric of every run of an intervention, of an average or of the sources.
  /// - Returns: What there is of it, and how many runs lack it: those that are not done, and those without the metric.
  func values(_ metric: String, of name: String) -> (found: [Value], missing: Int) {
    guard averages[name] == nil else {
      let subjects = subjects(of: [name])
      let found = subjects.compactMap { subject in
        value(metric, of: name, subject).map { Value(key: subject, of: $0.mean, against: 0, runs: $0.runs) }
      }
      return (found, subjects.count - found.count)
    }
    let column = runs.indices.filter { runs[$0].key.intervention == name && !leftOut.contains($0) }
    let found = column.compactMap { place in
      runs[place].metrics?[metric].map { Value(key: runs[place].key.subject, of: $0, against: 0, runs: [place]) }
    }
    return (found, column.count - found.count)
  }

  /// A metric of two columns, run by run; a source stands beside each of its targets.
  /// - Returns: What there is on both sides, and how many lack a side.
  func values(_ metric: String, of name: String, against other: String) -> (found: [Value], missing: Int) {
    let subjects = subjects(of: [name, other])
    let found = subjects.compactMap { subject -> Value? in
      guard let of = value(metric, of: name, subject), let against = value(metric, of: other, subject) else {
        return nil
      }
      return Value(key: subject, of: of.mean, against: against.mean, runs: of.runs + against.runs)
    }
    return (found, subjects.count - found.count)
  }

  /// A metric of a column's run of a subject, or its mean over all runs of an average; nil where one lacks it.
  private func value(_ metric: String, of name: String, _ subject: RunKey) -> (mean: Double, runs: [Int])? {
    let places = (averages[name] ?? [name]).map { place($0, subject) }
    let values = places.map { place in place.flatMap { runs[$0].metrics?[metric] } }
    guard !values.contains(nil) else { return nil }
    return (values.reduce(0) { $0 + ($1 ?? 0) } / Double(values.count), places.compactMap { $0 })
  }

  /// The mean of a metric, or its mean difference to another column.
  func estimate(_ metric: String, of name: String, against other: String? = nil, _ bootstrap: Bootstrap)
    -> ClaimEstimate
  {
    let values = other.map { self.values(metric, of: name, against: $0) } ?? self.values(metric, of: name)
    return ClaimEstimate(values, bootstrap, within: range(of: metric, against: other))
  }

  /// Where a value of a metric lies, or its difference to another column; nil where it has no ends.
  func range(of metric: String, against other: String?) -> ClosedRange<Double>? {
    isShare(metric) ? (other == nil ? 0...1 : -1...1) : nil
  }

  /// Whether the mean of a metric is a share.
  func isShare(_ metric: String) -> Bool { shares.contains(metric) }

  /// Whether any run has the metric.
  func has(_ metric: String) -> Bool { runs.contains { $0.metrics?[metric] != nil } }

  /// What the runs of some interventions and averages are of, in the order of the file, without what does not count.
  func subjects(of columns: Set<String>) -> [RunKey] {
    let names = Set(columns.flatMap { averages[$0] ?? [$0] })
    return runs.indices.filter { index in
      let intervention = runs[index].key.intervention
      return names.contains(intervention) && intervention != InterventionSpec.sourceName && !leftOut.contains(index)
    }
    .map { runs[$0].key.subject }.uniqued
  }

  func place(_ name: String, _ subject: RunKey) -> Int? {
    let key = name == InterventionSpec.sourceName ? subject.ofSource : subject.with(intervention: name)
    return key.flatMap { places[$0] }
  }
}
