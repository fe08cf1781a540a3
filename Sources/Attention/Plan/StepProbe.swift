import Tensors

/// One step's look-ups, and the maps that it left.
public final class StepProbe: AttentionProbe {
  /// A map and its values: `[height, width, keys]` of the mean, or `[heads, height, width, keys]`; of vectors too the latter.
  /// The model's own first, then those of random UNets.
  public var maps: [(map: PlannedMap, values: Tensor)] { own + observers.flatMap(\.probe.maps) }
  public let observers: [ObserverProbe]
  public var batch: LaneBatch? { lanes }

  /// What is kept of this step for later ones.
  public private(set) var held: [HeldAttention: Tensor] = [:]

  private var own: [(map: PlannedMap, values: Tensor)] = []
  private let sites: [AttentionSite]
  private let fills: [[ProbabilityFill]]
  private var edits: [[AttentionEdit]]
  private let residuals: [String: [AttentionEdit]]
  private let observations: [[PlannedObservation]]
  /// The objects whose masks edits ask for, and their maps so far.
  private let objects: [ObjectQuery]
  private var objectMaps: [ObjectMaps]
  /// At site: what is to be kept, maps before vectors.
  private let holds: [[HeldAttention]]
  private let lanes: LaneBatch

  /// - Parameter lanes: of the call, those that edits, observations and holds are of.
  init(
    lanes: LaneBatch, sites: [AttentionSite], fills: [[ProbabilityFill]], edits: [[AttentionEdit]],
    residuals: [String: [AttentionEdit]],
    objects: [ObjectQuery], holds: [[HeldAttention]], observations: [[PlannedObservation]], observers: [ObserverProbe]
  ) {
    self.lanes = lanes
    self.observers = observers
    self.sites = sites
    self.fills = fills
    self.edits = edits
    self.residuals = residuals
    self.objects = objects
    self.observations = observations
    objectMaps = objects.map { _ in ObjectMaps() }
    self.holds = holds.map { all in all.filter(\.place.isMap) + all.filter { !$0.place.isMap } }
  }

  public func recall(_ held: [HeldAttention: Tensor]) throws(MissingCall) {
    for site in edits.indices {
      for index in edits[site].indices where !edits[site][index].heldFrom.isEmpty {
        let from = edits[site][index].heldFrom
        guard let values = HeldValues(from.compactMap { held[$0] }), from.allSatisfy({ held[$0] != nil }) else {
          throw MissingCall(missing: from[0].call)
        }
        edits[site][index].held = values
      }
    }
  }

  public func request(site: Int) -> AttentionRequest {
    let observations =
      held(at: site).map { $0.observation(at: sites[site], in: lanes) } + observations[site].map(\.kind)
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
    // Maps of both kinds, then vectors of both kinds.
    let held = held(at: site)
    var left = observed.dropFirst(ofObjects)
    for isMap in [true, false] {
      for (entry, values) in zip(held.filter { $0.place.isMap == isMap }, left) { self.held[entry] = values }
      left = left.dropFirst(held.count { $0.place.isMap == isMap })
      let entries = observations[site].filter { $0.isMap == isMap }
      for (entry, values) in zip(entries, left) { own.append((entry.map, values)) }
      left = left.dropFirst(entries.count)
    }
  }

  public func residualEdits(path: String) -> [AttentionEdit] { residuals[path] ?? [] }

  private func held(at site: Int) -> [HeldAttention] { holds.isEmpty ? [] : holds[site] }

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
