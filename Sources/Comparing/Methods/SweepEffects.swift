import Analysis
import ExperimentFiles
import Measures
import Results

/// What each intervention of a sweep does to a metric, against the intervention that does nothing.
package struct SweepEffects: Sendable {
  package struct Effect: Sendable {
    package let intervention: String
    /// The mean difference, with its interval.
    package let estimate: ClaimEstimate
  }

  /// In the order of the file.
  package let effects: [Effect]
  /// Whether differences are of shares, of which points can be lost.
  package let isOfShares: Bool
  /// Edits that do not count, as their source is not as it should be, and how many edits there are.
  package let leftOut: EditsLeftOut

  /// Of all intervals.
  package static let confidence = 0.95

  package init(_ spec: KnowsAgainstDoesSpec, _ data: StoredResults) {
    let all = ClaimRuns(data, seeds: nil)
    let runs = spec.sources.map(all.counting) ?? all
    let bootstrap = Bootstrap(confidence: Self.confidence)
    let untouched = data.untouched?.name
    effects = spec.interventions(among: data.spec.interventions.map(\.name)).map { name in
      Effect(intervention: name, estimate: runs.estimate(spec.metric, of: name, against: untouched, bootstrap))
    }
    isOfShares = runs.isShare(spec.metric)
    leftOut = runs.editsLeftOut
  }
}
