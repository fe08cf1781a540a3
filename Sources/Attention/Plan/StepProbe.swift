import Tensors

/// One step's look-ups, and the maps that it left.
public final class StepProbe: AttentionProbe {
  /// A map and its values: `[height, width, keys]` of the mean, or `[heads, height, width, keys]`; of vectors too the latter.
  /// The model's own first, then those of random UNets.
  public var maps: [(map: PlannedMap, values: Tensor)] { own + observers.flatMap(\.probe.maps) }
  public let observers: [ObserverProbe]

  private var own: [(map: PlannedMap, values: Tensor)] = []
  private let fills: [[ProbabilityFill]]
  private let edits: [[AttentionEdit]]
  private let observations: [[PlannedObservation]]

  init(
    fills: [[ProbabilityFill]], edits: [[AttentionEdit]], observations: [[PlannedObservation]],
    observers: [ObserverProbe]
  ) {
    self.observers = observers
    self.fills = fills
    self.edits = edits
    self.observations = observations
  }

  public func request(site: Int) -> AttentionRequest {
    let observations = observations[site].map(\.kind)
    return AttentionRequest(
      fills: fills[site], edits: edits[site],
      observations: observations.compactMap { if case .map(let observation) = $0 { observation } else { nil } },
      vectors: observations.compactMap { if case .vectors(let observation) = $0 { observation } else { nil } })
  }

  public func receive(site: Int, observed: [Tensor]) {
    for (entry, values) in zip(observations[site], observed) { own.append((entry.map, values)) }
  }
}
