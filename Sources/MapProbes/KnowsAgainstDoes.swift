import Analysis
import Comparing
import ExperimentFiles
import Formatting
import Foundation
import Planning
import Results

/// What layers know beside what they do: at each place that a sweep changes, the gain of another experiment's probe beside what the
/// change does to a metric, and whether the two rise and fall together from layer to layer.
package struct KnowsAgainstDoes: Sendable {
  /// An intervention of the sweep, whose layers and calls are a place in the network.
  package struct Place: Sendable {
    package let layers: [Int]
    /// The mean gain of the probe's cells there, a share; nil where the probe has none.
    package let knows: Double?
    /// How many cells these are.
    package let cells: Int
    package let does: ClaimEstimate

    package var name: String { ranges(layers) }
  }

  /// The places that are changed at the same calls.
  package struct Window: Sendable {
    /// From 0.
    package let calls: [Int]
    /// In the order of the file.
    package let places: [Place]
    /// Spearman's, over the places.
    package let correlation: RankCorrelation
    /// What is known and done at the places; no number where the probe has no cell.
    fileprivate let values: MeanRankCorrelation.Window

    init(calls: [Int], places: [Place]) {
      self.calls = calls
      self.places = places
      values = MeanRankCorrelation.Window(places.map { $0.knows ?? .nan }, places.map(\.does.result.difference))
      correlation = RankCorrelation(.spearman, values.x, values.y, confidence: SweepEffects.confidence)
    }
  }

  package let spec: KnowsAgainstDoesSpec
  /// Why there is nothing to set side by side; nil otherwise.
  package let problem: String?
  /// In the order of the file.
  package let windows: [Window]
  /// Over all windows; nil where they have not the same places, or none has a correlation.
  package let together: MeanRankCorrelation?
  package let isOfShares: Bool
  /// Edits that do not count, and how many there are.
  package let leftOut: EditsLeftOut

  /// All that an experiment asks.
  package static func all(of data: StoredResults) -> [KnowsAgainstDoes] {
    let root = data.results.url.deletingLastPathComponent()
    return (data.spec.knowsAgainstDoes ?? []).map { spec in
      let gains = Result { () throws(MissingGains) in try ProbeGains(spec, in: root) }
      return KnowsAgainstDoes(spec, gains, SweepEffects(spec, data)) { data.plan.places(of: $0) }
    }
  }

  /// - Parameter places: where an intervention acts.
  init(
    _ spec: KnowsAgainstDoesSpec, _ gains: Result<ProbeGains, MissingGains>, _ effects: SweepEffects,
    _ places: (String) -> ProbeGains.Region
  ) {
    self.spec = spec
    isOfShares = effects.isOfShares
    leftOut = effects.leftOut
    switch gains {
    case .failure(let missing):
      problem = missing.found
      windows = []
      together = nil
    case .success(let gains):
      problem = nil
      let all = effects.effects.map { effect in
        let region = places(effect.intervention)
        let known = gains.cells(in: region)
        return (
          calls: region.calls,
          place: Place(
            layers: Set(region.sites.map(\.layer)).sorted(),
            knows: known.isEmpty ? nil : known.reduce(0, +) / Double(known.count), cells: known.count,
            does: effect.estimate)
        )
      }
      let windows = all.map(\.calls).uniqued.map { calls in
        Window(calls: calls, places: all.filter { $0.calls == calls }.map(\.place))
      }
      self.windows = windows
      let isWhole = windows.allSatisfy { $0.places.map(\.layers) == windows[0].places.map(\.layers) }
      together = isWhole ? MeanRankCorrelation(windows.map(\.values)) : nil
    }
  }
}
