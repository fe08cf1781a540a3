import Planning
import Results

/// The runs that claims are judged by.
struct ClaimRuns {
  /// One picture.
  struct Run: Hashable {
    /// Of the file, or `source` for a source.
    let intervention: String
    /// The source's prompt, for a target of a pair.
    let source: String?
    let prompt: String
    let seed: UInt64
    /// Empty where the experiment has but one.
    let settings: String
    /// By name; nil where the run is not done.
    let metrics: [String: Double]?
  }

  /// A metric of one run, or of two that belong together.
  struct Value: Hashable {
    let seed: UInt64
    let of: Double
    /// 0 where nothing is taken off.
    let against: Double
    /// The runs, by their places among all.
    let runs: [Int]
  }

  /// What is to be matched: the same prompts, the same start noise, the same settings.
  private struct Key: Hashable {
    let source: String?
    let prompt: String
    let seed: UInt64
    let settings: String
  }

  let runs: [Run]
  private let places: [String: [Key: Int]]

  /// - Parameter runs: In the order of the file; of equal ones the first counts.
  init(_ runs: [Run]) {
    self.runs = runs
    var places: [String: [Key: Int]] = [:]
    for (place, run) in runs.enumerated() where places[run.intervention]?[Self.key(run)] == nil {
      places[run.intervention, default: [:]][Self.key(run)] = place
    }
    self.places = places
  }

  /// The runs that decide the claims of an experiment.
  init(_ data: ReportData, seeds: [UInt64]?) {
    self.init(
      data.expected.filter { seeds?.contains($0.seed) ?? true }.map { expected in
        let run = expected.run.flatMap { $0.isDone ? $0 : nil }
        return Run(
          intervention: expected.intervention, source: expected.source, prompt: expected.prompt, seed: expected.seed,
          settings: expected.settings.label, metrics: run?.metrics)
      })
  }

  private static func key(_ run: Run) -> Key {
    Key(source: run.source, prompt: run.prompt, seed: run.seed, settings: run.settings)
  }

  /// A metric of every run of an intervention or of the sources.
  /// - Returns: What there is of it, and how many runs lack it: those that are not done, and those without the metric.
  func values(_ metric: String, of name: String) -> (found: [Value], missing: Int) {
    let column = runs.indices.filter { runs[$0].intervention == name }
    let found = column.compactMap { place in
      runs[place].metrics?[metric].map { Value(seed: runs[place].seed, of: $0, against: 0, runs: [place]) }
    }
    return (found, column.count - found.count)
  }

  /// A metric of two columns, run by run; a source stands beside each of its targets.
  /// - Returns: What there is on both sides, and how many lack a side.
  func values(_ metric: String, of name: String, against other: String) -> (found: [Value], missing: Int) {
    let keys = runs.filter {
      [name, other].contains($0.intervention) && $0.intervention != InterventionSpec.sourceName
    }
    .map(Self.key).uniqued
    let found = keys.compactMap { key -> Value? in
      guard let first = place(name, key), let second = place(other, key), let of = runs[first].metrics?[metric],
        let against = runs[second].metrics?[metric]
      else { return nil }
      return Value(seed: key.seed, of: of, against: against, runs: [first, second])
    }
    return (found, keys.count - found.count)
  }

  private func place(_ name: String, _ key: Key) -> Int? {
    guard name == InterventionSpec.sourceName else { return places[name]?[key] }
    guard let source = key.source else { return nil }
    return places[name]?[Key(source: nil, prompt: source, seed: key.seed, settings: key.settings)]
  }
}
