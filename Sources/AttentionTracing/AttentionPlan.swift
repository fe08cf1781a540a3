import Tensors

/// An element of a denoising batch: a run of a group, in one half of classifier-free guidance.
public struct Lane: Hashable, Sendable {
  /// Index of the run in its group.
  public let run: Int
  public let branch: GuidanceBranch

  public init(run: Int, branch: GuidanceBranch) {
    self.run = run
    self.branch = branch
  }

  /// The batch of a group: all unconditional halves, then all conditional ones; the latter alone without guidance.
  public static func batch(runs: Int, guided: Bool) -> [Lane] {
    let branches: [GuidanceBranch] = guided ? [.unconditional, .conditional] : [.conditional]
    return branches.flatMap { branch in (0..<runs).map { Lane(run: $0, branch: branch) } }
  }
}

/// One map that a step leaves.
public struct PlannedMap: Hashable, Sendable {
  public let record: Int
  public let run: Int
  public let branch: GuidanceBranch
  public let site: Int
  /// Heads stored one by one; 1 for their mean.
  public let heads: Int
  public let isMean: Bool
  /// The stored grid, in cells.
  public let height: Int
  public let width: Int
  public let keys: Int
  public let type: MapType

  /// Bytes of all its heads.
  public var bytes: Int { heads * height * width * keys * type.bytes }
}

/// What every attention does at every step of a group: compiled before the first step, looked up in the loop.
public struct AttentionPlan: Sendable {
  public let sites: [AttentionSite]
  public let lanes: [Lane]
  public let stepCount: Int

  /// At step and site: the fills of all lanes, or none where every lane keeps its own.
  private var fills: [[[ProbabilityFill]]]
  /// At step and site: what else is changed, in order.
  private var edits: [[[AttentionEdit]]]
  /// At step: for each site the observations and the maps they become.
  private var observations: [[[(observation: ProbabilityObservation, map: PlannedMap)]]]

  /// - Parameters:
  ///   - sites: of the model, at the size of the group's latents.
  ///   - tokens: positions of a prompt.
  /// - Throws: `SelectionError` if an operation needs a source that does not compute its own probabilities.
  public init(
    sites: [AttentionSite], lanes: [Lane], stepCount: Int, tokens: Int, operations: [PlannedOperation],
    records: [PlannedRecord]
  ) throws(SelectionError) {
    self.sites = sites
    self.lanes = lanes
    self.stepCount = stepCount
    fills = Array(repeating: Array(repeating: [], count: sites.count), count: stepCount)
    edits = Array(repeating: Array(repeating: [], count: sites.count), count: stepCount)
    observations = Array(repeating: Array(repeating: [], count: sites.count), count: stepCount)
    let laneOf = Dictionary(uniqueKeysWithValues: lanes.enumerated().map { ($1, $0) })

    // Operations at each step, site and lane, in the order of the file.
    var asked: [Place: [PlannedOperation]] = [:]
    for operation in operations where !operation.isNothing {
      for branch in operation.branches {
        guard let lane = laneOf[Lane(run: operation.run, branch: branch)] else { continue }
        for step in operation.steps {
          for site in operation.sites {
            asked[Place(step: step, site: site, lane: lane), default: []].append(operation)
          }
        }
      }
    }
    for (place, operations) in asked {
      let sources = { (operation: PlannedOperation) throws(SelectionError) -> [Int] in
        guard operation.change.needsSource else { return [] }
        let found = operation.sources.compactMap { laneOf[Lane(run: $0, branch: lanes[place.lane].branch)] }
        guard !found.isEmpty, found.count == operation.sources.count else {
          throw SelectionError(
            "\(operation.operation.rawValue): there is no source run to take from; give `pairs` of prompts")
        }
        return found
      }
      let takesTokens = sites[place.site].kind == .cross && lanes[place.lane].branch == .conditional
      if let fill = try Self.fill(operations, takesTokens: takesTokens, sources) {
        if fills[place.step][place.site].isEmpty {
          fills[place.step][place.site] = Array(repeating: .own, count: lanes.count)
        }
        fills[place.step][place.site][place.lane] = fill
      } else {
        for operation in operations {
          let alignment = takesTokens && operation.place.hasTokens ? operation.alignment : nil
          edits[place.step][place.site].append(
            AttentionEdit(
              element: place.lane, sources: try sources(operation), place: operation.place, change: operation.change,
              heads: operation.heads, tokens: operation.partnered(by: alignment, of: tokens),
              renormalises: operation.renormalises, alignment: alignment))
        }
      }
    }
    try checkSources()
    for record in records {
      for (index, lane) in lanes.enumerated()
      where record.branches.contains(lane.branch) && record.tokens.indices.contains(lane.run) {
        for site in record.sites {
          let entry = Self.observation(record, lane, index, sites[site], tokens)
          for step in record.steps { observations[step][site].append(entry) }
        }
      }
    }
  }

  /// Where one lane's attention is asked for.
  private struct Place: Hashable {
    let step, site, lane: Int
  }

  /// The fill that operations of one lane come to: nil if one of them changes only a part, or something else than the
  /// whole of the probabilities. Each whole one overrides those before it.
  private static func fill(
    _ operations: [PlannedOperation], takesTokens: Bool,
    _ sources: (PlannedOperation) throws(SelectionError) -> [Int]
  ) throws(SelectionError) -> ProbabilityFill? {
    var fill: ProbabilityFill?
    for operation in operations {
      guard operation.place == .probabilities, operation.heads == nil, operation.tokens == nil,
        !operation.renormalises, !takesTokens || operation.alignment == nil
      else { return nil }
      switch operation.change {
      case .mix(strength: 1):
        let found = try sources(operation)
        guard found.count == 1 else { return nil }
        fill = .source(found[0])
      case .zero: fill = .zero
      case .uniform: fill = .uniform
      default: return nil
      }
    }
    return fill
  }

  /// A source computes what it gives: nothing may be changed in it where it is taken from.
  private func checkSources() throws(SelectionError) {
    for step in fills.indices {
      for site in fills[step].indices {
        let fills = fills[step][site]
        let edits = edits[step][site]
        var sources = edits.flatMap(\.sources)
        for case .source(let source) in fills { sources.append(source) }
        let changed = Set(edits.map(\.element))
        if sources.contains(where: { changed.contains($0) || (!fills.isEmpty && fills[$0] != .own) }) {
          throw SelectionError("the source of a swap is itself changed at the same attention")
        }
      }
    }
  }

  private static func observation(
    _ record: PlannedRecord, _ lane: Lane, _ element: Int, _ site: AttentionSite, _ tokens: Int
  ) -> (ProbabilityObservation, PlannedMap) {
    let height = min(site.height, record.pool ?? site.height)
    let width = min(site.width, record.pool ?? site.width)
    let keyMap: [Int32]?
    let keys: Int
    switch site.kind {
    case .cross:
      let chosen = record.tokens[lane.run]
      keys = chosen.count
      let isWhole = chosen.count == tokens && chosen.enumerated().allSatisfy { $1.positions == [$0] }
      var map = [Int32](repeating: -1, count: tokens)
      for (index, key) in chosen.enumerated() {
        for position in key.positions { map[position] = Int32(index) }
      }
      keyMap = isWhole ? nil : map
    case .selfAttention:
      keys = height * width
      keyMap =
        (height, width) == (site.height, site.width)
        ? nil
        : (0..<site.queries).map { key in
          let (y, x) = (key / site.width, key % site.width)
          return Int32(y * height / site.height * width + x * width / site.width)
        }
    }
    let observation = ProbabilityObservation(
      element: element, meanOfHeads: record.meanOfHeads, height: site.height, width: site.width, outHeight: height,
      outWidth: width, keyMap: keyMap, outKeys: keys)
    let map = PlannedMap(
      record: record.record, run: lane.run, branch: lane.branch, site: site.index,
      heads: record.meanOfHeads ? 1 : site.heads, isMean: record.meanOfHeads, height: height, width: width, keys: keys,
      type: record.type)
    return (observation, map)
  }

  /// The maps that a step leaves, in the order of sites.
  public func maps(step: Int) -> [PlannedMap] { observations[step].flatMap { $0.map(\.map) } }

  /// Stored maps (one a head, or one of the mean) of the whole group.
  public var mapCount: Int {
    observations.reduce(0) { $0 + $1.reduce(0) { $0 + $1.reduce(0) { $0 + $1.map.heads } } }
  }

  /// The runs that take attention from a run at a step or a later one, ascending.
  public func takers(from run: Int, step: Int) -> [Int] {
    var takers: Set<Int> = []
    let isOfRun = { (element: Int) in lanes[element].run == run }
    for site in sites.indices {
      for step in step..<stepCount {
        for (element, fill) in fills[step][site].enumerated() {
          if case .source(let source) = fill, isOfRun(source) { takers.insert(lanes[element].run) }
        }
        for edit in edits[step][site] where edit.sources.contains(where: isOfRun) {
          takers.insert(lanes[edit.element].run)
        }
      }
    }
    return takers.subtracting([run]).sorted()
  }

  /// Bytes of the maps of the whole group.
  public var mapBytes: Int {
    observations.reduce(0) { $0 + $1.reduce(0) { $0 + $1.reduce(0) { $0 + $1.map.bytes } } }
  }

  /// The probe of one step.
  public func probe(step: Int) -> StepProbe {
    StepProbe(fills: fills[step], edits: edits[step], observations: observations[step])
  }
}

/// One step's look-ups, and the maps that it left.
public final class StepProbe: AttentionProbe {
  /// A map and its values: `[height, width, keys]` of the mean, or `[heads, height, width, keys]`.
  public private(set) var maps: [(map: PlannedMap, values: Tensor)] = []

  private let fills: [[ProbabilityFill]]
  private let edits: [[AttentionEdit]]
  private let observations: [[(observation: ProbabilityObservation, map: PlannedMap)]]

  init(
    fills: [[ProbabilityFill]], edits: [[AttentionEdit]],
    observations: [[(observation: ProbabilityObservation, map: PlannedMap)]]
  ) {
    self.fills = fills
    self.edits = edits
    self.observations = observations
  }

  public func request(site: Int) -> AttentionRequest {
    AttentionRequest(
      fills: fills[site], edits: edits[site], observations: observations[site].map(\.observation))
  }

  public func receive(site: Int, observed: [Tensor]) {
    for (entry, values) in zip(observations[site], observed) { maps.append((entry.map, values)) }
  }
}
