import Tensors

/// One step's look-ups, and the maps that it left.
public final class StepProbe: AttentionProbe {
  /// A map and its values: `[height, width, keys]` of the mean, or `[heads, height, width, keys]`; of vectors too the latter.
  /// The model's own first, then those of random UNets.
  public var maps: [(map: PlannedMap, values: Tensor)] { own + observers.flatMap(\.probe.maps) }
  public let observers: [ObserverProbe]

  private var own: [(map: PlannedMap, values: Tensor)] = []
  private let sites: [AttentionSite]
  private let fills: [[ProbabilityFill]]
  private let edits: [[AttentionEdit]]
  private let residuals: [String: [AttentionEdit]]
  private let observations: [[PlannedObservation]]
  /// The objects whose masks edits ask for, and their maps so far.
  private let objects: [ObjectQuery]
  private var objectMaps: [ObjectMaps]

  init(
    sites: [AttentionSite], fills: [[ProbabilityFill]], edits: [[AttentionEdit]], residuals: [String: [AttentionEdit]],
    objects: [ObjectQuery], observations: [[PlannedObservation]], observers: [ObserverProbe]
  ) {
    self.observers = observers
    self.sites = sites
    self.fills = fills
    self.edits = edits
    self.residuals = residuals
    self.objects = objects
    self.observations = observations
    objectMaps = objects.map { _ in ObjectMaps() }
  }

  public func request(site: Int) -> AttentionRequest {
    let observations = observations[site].map(\.kind)
    return AttentionRequest(
      fills: fills[site], edits: edits[site].compactMap { located($0, sites[site]) },
      observations: objectObservations(site)
        + observations.compactMap { if case .map(let observation) = $0 { observation } else { nil } },
      vectors: observations.compactMap { if case .vectors(let observation) = $0 { observation } else { nil } })
  }

  public func receive(site: Int, observed: [Tensor]) {
    let ofObjects = objectObservations(site).count
    for index in 0..<(ofObjects / 2) {
      objectMaps[index].add(source: observed[2 * index], target: observed[2 * index + 1])
    }
    for (entry, values) in zip(observations[site], observed.dropFirst(ofObjects)) { own.append((entry.map, values)) }
  }

  public func residualEdits(path: String) -> [AttentionEdit] { residuals[path] ?? [] }

  /// Two for each object, where a site's maps tell where objects are.
  private func objectObservations(_ site: Int) -> [MapObservation] {
    guard !objects.isEmpty, ObjectQuery.looks(at: sites[site]) else { return [] }
    return objects.flatMap { $0.observations(at: sites[site]) }
  }

  /// The edit with the masks of its object; nil for one that asks for masks of which the step has no map yet.
  private func located(_ edit: AttentionEdit, _ site: AttentionSite) -> AttentionEdit? {
    guard let query = edit.objectQuery else { return edit }
    var edit = edit
    edit.objects = objectMaps[query].masks(
      height: site.height, width: site.width, threshold: objects[query].threshold)
    return edit.objects == nil ? nil : edit
  }
}
