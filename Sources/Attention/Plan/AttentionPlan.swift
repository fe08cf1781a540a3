import Tensors

/// A part of a denoising batch: a run of a group, in one half of classifier-free guidance.
public struct Lane: Codable, Hashable, Sendable {
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

/// What every attention does at every step of a group: compiled before the first step, looked up in the loop.
///
/// Steps at which the same operations act share what is compiled of them, and a record's maps are the same at each of its
/// steps, so that the plan of a thousand steps is hardly larger than that of one.
public struct AttentionPlan: Sendable {
  public let sites: [AttentionSite]
  public let lanes: [Lane]
  public let stepCount: Int
  /// What is changed of encoded prompts. A denoising is told before its first step.
  public let promptChanges: [PromptChange]
  /// The runs that start from their source's picture. A denoising is told before its first step.
  public let starts: [NoisedStart]
  /// Steps of the whole schedule, of which a run may make fewer.
  private let scheduledSteps: Int
  /// The random UNets that are run beside the model, where a record keeps their attention.
  public let observers: [RandomObserver]

  /// What differs between steps, and at step which of them it is.
  private var changes: [Changes] = []
  private var changesOfStep: [Int] = []
  fileprivate var recorded: [Recorded] = []

  /// What is changed at a step.
  fileprivate struct Changes {
    /// The lanes that are computed; lanes below are places among them.
    let batch: LaneBatch
    /// At site: the fills of all lanes, or none where every lane keeps its own.
    var fills: [[ProbabilityFill]]
    /// At site: what else is changed, in order.
    var edits: [[AttentionEdit]]
    /// At site, by lane: the lane whose queries are read in what is recorded; empty where there is none at any site.
    var queries: [[Int: Int]] = []
    /// By path, what is changed of residual features, in order.
    var residuals: [String: [AttentionEdit]] = [:]
    /// The objects whose masks edits ask for.
    var objects: [ObjectQuery] = []
    /// At site: what is kept for later steps; empty where nothing is at any site.
    var holds: [[HeldAttention]] = []
  }

  /// What a record keeps at each of its steps.
  fileprivate struct Recorded {
    let steps: Set<Int>
    /// At site: the observations and the maps they become.
    let observations: [[PlannedObservation]]

    /// The sum of a size over the maps of a step.
    func atEachStep(_ size: (PlannedMap) -> Int) -> Int {
      saturatingSum(observations.map { saturatingSum($0.map { size($0.map) }) })
    }
  }

  /// - Parameters:
  ///   - sites: of the model, at the size of the group's latents.
  ///   - stepCount: of the steps that runs make.
  ///   - scheduledSteps: of the whole schedule; nil: as many.
  ///   - tokens: positions of a prompt.
  ///   - origins: of each run; those of one prompt and one start noise have the same, and are computed once as long as they
  ///     do not differ. nil: every run is computed by itself.
  /// - Throws: `SelectionError` if an operation needs a source that does not compute its own probabilities.
  public init(
    sites: [AttentionSite], lanes: [Lane], stepCount: Int, scheduledSteps: Int? = nil, tokens: Int,
    operations: [PlannedOperation], records: [PlannedRecord], origins: [Int]? = nil
  ) throws(SelectionError) {
    self.sites = sites
    self.lanes = lanes
    self.stepCount = stepCount
    self.scheduledSteps = scheduledSteps ?? stepCount
    promptChanges = Self.promptChanges(operations, lanes)
    starts = operations.compactMap { operation in
      guard case .noisedSource(let strength) = operation.change.effect, let source = operation.sources.first else {
        return nil
      }
      // The decimal number of the file: 20 steps at 0.7 are 14, and the nearest float lies below 0.7.
      return NoisedStart(run: operation.run, source: source, strength: Double("\(strength)") ?? Double(strength))
    }
    observers = try RandomObserver.all(of: records, sites: sites, lanes: lanes, stepCount: stepCount, tokens: tokens)
    let records = records.filter { $0.randomUNet == nil }
    let operations = operations.filter { !$0.isNothing }
    for operation in operations { try operation.checkSteps() }
    let steps = operations.map { Set($0.steps) }
    let heldCalls = operations.map(\.heldCall)
    var same = SameRuns(origins: origins ?? Array(0...(lanes.map(\.run).max() ?? 0)), promptChanges, operations)
    var known: [[[Int]]: Int] = [:]
    for step in 0..<stepCount {
      let active = operations.indices.filter { steps[$0].contains(step) }
      let holding = operations.indices.filter { heldCalls[$0] == step }
      same.call(active, starts.filter { $0.firstStep(of: self.scheduledSteps) == step })
      let key = [active, holding, same.firstRuns]
      if let index = known[key] {
        changesOfStep.append(index)
      } else {
        known[key] = changes.count
        changesOfStep.append(changes.count)
        var made = try Self.changes(
          active.map { operations[$0] }, sites, lanes, LaneBatch(lanes, firstRuns: same.firstRuns), tokens)
        made.holds = HeldAttention.all(of: holding.map { operations[$0] }, sites: sites.count, lanes: lanes)
        changes.append(made)
      }
    }
    recorded = records.map { record in
      var observations: [[PlannedObservation]] = Array(repeating: [], count: sites.count)
      for (place, site) in record.sites.enumerated() {
        let recorded = RecordedSite(record, at: place, sites[site])
        for (index, lane) in lanes.enumerated()
        where record.branches.contains(lane.branch) && record.tokens.indices.contains(lane.run) {
          // A run may have none of the words that are asked for; what has no words is kept all the same.
          if record.quantity.hasTokens, sites[site].keys.isText, record.tokens[lane.run].isEmpty { continue }
          observations[site].append(recorded.observation(of: lane, at: index))
        }
      }
      return Recorded(steps: Set(record.steps), observations: observations)
    }
  }

  private static func promptChanges(_ operations: [PlannedOperation], _ lanes: [Lane]) -> [PromptChange] {
    lanes.compactMap { lane in
      var roles: [PromptTokens.Role] = []
      var random: PromptChange.RandomWords?
      for operation in operations where operation.run == lane.run && operation.branches.contains(lane.branch) {
        switch operation.change.effect {
        case .emptyPrompt(let more): roles += more.filter { !roles.contains($0) }
        case .randomWords(let seed):
          let positions = Set(operation.tokens ?? []).union(random?.positions ?? [])
          random = PromptChange.RandomWords(positions: positions.sorted(), seed: seed)
        default: continue
        }
      }
      if random?.positions.isEmpty == true { random = nil }
      return roles.isEmpty && random == nil ? nil : PromptChange(lane: lane, roles: roles, random: random)
    }
  }

  /// What operations, in the order of the file, do at a step.
  /// - Parameters:
  ///   - all: lanes of the group.
  ///   - batch: of the step.
  private static func changes(
    _ operations: [PlannedOperation], _ sites: [AttentionSite], _ all: [Lane], _ batch: LaneBatch, _ tokens: Int
  ) throws(SelectionError) -> Changes {
    var changes = Changes(
      batch: batch, fills: Array(repeating: [], count: sites.count), edits: Array(repeating: [], count: sites.count))
    let lanes = batch.lanes.map { all[$0] }
    let laneOf = Dictionary(uniqueKeysWithValues: zip(all, batch.places))
    let laneOfGroup = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1, $0) })
    var asked: [[[PlannedOperation]]] = Array(
      repeating: operations.isEmpty ? [] : Array(repeating: [], count: lanes.count), count: sites.count)
    for operation in operations {
      for branch in operation.branches {
        // What a run takes from another one is done there.
        let own = Lane(run: operation.run, branch: branch)
        guard let lane = laneOf[own], lanes[lane] == own else { continue }
        for site in operation.sites { asked[site][lane].append(operation) }
        for path in operation.residuals {
          changes.residuals[path, default: []].append(
            AttentionEdit(
              lane: lane, sources: try sources(of: operation, lane, lanes, laneOf), place: operation.place,
              change: operation.change))
        }
      }
    }
    for edits in changes.residuals.values { try checkSources([], edits, []) }
    for site in sites.indices {
      for (lane, all) in asked[site].enumerated() where !all.isEmpty {
        let sources = { (operation: PlannedOperation) throws(SelectionError) -> [Int] in
          try Self.sources(of: operation, lane, lanes, laneOf)
        }
        let operations = all.filter { !$0.change.operation.onlyObserves }
        for operation in all where operation.change.operation.onlyObserves {
          if changes.queries.isEmpty { changes.queries = Array(repeating: [:], count: sites.count) }
          changes.queries[site][lane] = try sources(operation)[0]
        }
        if operations.isEmpty { continue }
        let takesTokens = sites[site].keys.isText && lanes[lane].branch == .conditional
        if let fill = try fill(operations, takesTokens: takesTokens, sources) {
          if changes.fills[site].isEmpty { changes.fills[site] = Array(repeating: .own, count: lanes.count) }
          changes.fills[site][lane] = fill
          continue
        }
        for operation in operations {
          let alignment = takesTokens && operation.place.hasTokens ? operation.alignment : nil
          var edit = AttentionEdit(
            lane: lane, sources: try sources(operation), place: operation.place, change: operation.change,
            heads: operation.heads, tokens: operation.partnered(by: alignment, of: tokens),
            renormalizes: operation.renormalizes, alignment: alignment)
          edit.objectQuery = changes.query(of: operation, laneOf)
          edit.heldFrom = operation.held(site: site, lane: lanes[lane], laneOfGroup)
          changes.edits[site].append(edit)
        }
      }
      let read = changes.queries.isEmpty ? [] : Array(changes.queries[site].values)
      try checkSources(changes.fills[site], changes.edits[site], read)
    }
    return changes
  }

  /// The lanes that an operation takes from, of the same half of guidance.
  private static func sources(
    of operation: PlannedOperation, _ lane: Int, _ lanes: [Lane], _ laneOf: [Lane: Int]
  ) throws(SelectionError) -> [Int] {
    guard operation.change.operation.takesFrom.isOfLanes else { return [] }
    let found = operation.sources.compactMap { laneOf[Lane(run: $0, branch: lanes[lane].branch)] }
    guard !found.isEmpty, found.count == operation.sources.count else {
      throw SelectionError(
        operation.change.operation.name, problem: "a prompt that stands alone has no source run to take from",
        hint: "make it the target of one of `pairs`, or take it out of `prompts`"
      )
    }
    return found
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
        !operation.renormalizes, !takesTokens || operation.alignment == nil,
        case .matrix(let whole?, _) = operation.change.effect
      else { return nil }
      switch whole {
      case .source:
        let found = try sources(operation)
        guard found.count == 1 else { return nil }
        fill = .source(found[0])
      case .zero: fill = .zero
      case .uniform: fill = .uniform
      }
    }
    return fill
  }

  /// A source computes what it gives: nothing may be changed in it where it is taken from.
  /// - Parameter read: lanes whose queries are read.
  private static func checkSources(
    _ fills: [ProbabilityFill], _ edits: [AttentionEdit], _ read: [Int]
  ) throws(SelectionError) {
    var sources = edits.flatMap(\.sources) + read
    for case .source(let source) in fills { sources.append(source) }
    let changed = Set(edits.map(\.lane))
    if sources.contains(where: { changed.contains($0) || (!fills.isEmpty && fills[$0] != .own) }) {
      throw SelectionError(problem: "the source of a swap is itself changed at the same attention")
    }
  }

  /// The maps that a step leaves, in the order of sites: the model's own, then those of random UNets.
  public func maps(step: Int) -> [PlannedMap] {
    observations(step: step).flatMap { $0.map(\.map) } + observers.flatMap { $0.plan.maps(step: step) }
  }

  /// At site, what is kept of a step, maps before vectors: by record, then by lane.
  private func observations(step: Int) -> [[PlannedObservation]] {
    let active = recorded.filter { $0.steps.contains(step) }
    let (queries, batch) = (changes[changesOfStep[step]].queries, changes[changesOfStep[step]].batch)
    return sites.indices.map { site in
      var all = active.flatMap { $0.observations[site] }
      if !batch.isWhole { all = all.map { $0.placed(in: batch) } }
      if !queries.isEmpty { all = all.map { $0.reading(queriesOf: queries[site]) } }
      return all.filter(\.isMap) + all.filter { !$0.isMap }
    }
  }

  /// Lanes of the batch that go through a random UNet too at a step: of each such UNet its own.
  public func observedLanes(step: Int) -> Int {
    observers.reduce(0) { $0 + ($1.observes(step: step) ? $1.lanes.count : 0) }
  }

  /// At each step, how many runs are not computed since they are still the same as another one; empty where there are none.
  public var sharedRuns: [Int] {
    let branches = Set(lanes.map(\.branch)).count
    let shared = changesOfStep.map { (lanes.count - changes[$0].batch.lanes.count) / max(1, branches) }
    return shared.contains { $0 > 0 } ? shared : []
  }

  /// Whether a record keeps something of a step.
  func keeps(step: Int) -> Bool { recorded.contains { $0.steps.contains(step) } }

  /// The runs that take attention from a run at a step or a later one, ascending.
  public func takers(from run: Int, step: Int) -> [Int] {
    var takers: Set<Int> = []
    for index in Set(changesOfStep[step...]) {
      let batch = changes[index].batch
      let isOfRun = { (place: Int) in batch.all(at: place).contains { lanes[$0].run == run } }
      func take(_ place: Int) { takers.formUnion(batch.all(at: place).map { lanes[$0].run }) }
      for fills in changes[index].fills {
        for (lane, fill) in fills.enumerated() {
          if case .source(let source) = fill, isOfRun(source) { take(lane) }
        }
      }
      let residuals = changes[index].residuals.values.joined()
      for edit in Array(changes[index].edits.joined()) + residuals where edit.sources.contains(where: isOfRun) {
        take(edit.lane)
      }
      for queries in changes[index].queries {
        for (lane, source) in queries where isOfRun(source) { take(lane) }
      }
    }
    takers.formUnion(starts.filter { $0.source == run && $0.firstStep(of: scheduledSteps) >= step }.map(\.run))
    return takers.subtracting([run]).sorted()
  }

  /// Stored maps (one a head, or one of the mean) of the whole group; at most the largest whole number, as `mapBytes`.
  public var mapCount: Int { total(\.heads) }

  /// Bytes of the maps of the whole group.
  public var mapBytes: Int { total(\.bytes) }

  /// Bytes that the maps of the largest step take while they are in memory, as fp32.
  public var largestStepBytes: Int {
    let all = recorded + observers.flatMap(\.plan.recorded)
    let sizes = all.map { $0.atEachStep(\.cells) }
    return (0..<stepCount).reduce(0) { largest, step in
      let cells = saturatingSum(zip(all, sizes).filter { $0.0.steps.contains(step) }.map(\.1))
      return max(largest, saturatingProduct(cells, MemoryLayout<Float>.size))
    }
  }

  /// Bytes of the maps that are kept for later steps, as fp32; at most the largest whole number.
  public var heldBytes: Int {
    saturatingSum(changes.flatMap { $0.holds.joined() }.map { $0.mapBytes(at: sites[$0.site]) })
  }

  /// The sum of a size over the maps of the whole group; at most the largest whole number.
  package func total(_ size: (PlannedMap) -> Int) -> Int {
    saturatingSum(
      recorded.map { saturatingProduct($0.steps.count, $0.atEachStep(size)) } + observers.map { $0.plan.total(size) })
  }

  /// The probe of one step.
  public func probe(step: Int) -> StepProbe {
    let changes = changes[changesOfStep[step]]
    return StepProbe(
      lanes: changes.batch, sites: sites, fills: changes.fills, edits: changes.edits, residuals: changes.residuals,
      objects: changes.objects,
      holds: changes.holds, observations: observations(step: step),
      observers: observers.filter { $0.observes(step: step) }.map {
        ObserverProbe(seed: $0.seed, lanes: $0.lanes, probe: $0.plan.probe(step: step))
      })
  }
}

extension AttentionPlan.Changes {
  /// The index of the query that tells an operation where its object is; nil for one that does not ask.
  fileprivate mutating func query(of operation: PlannedOperation, _ laneOf: [Lane: Int]) -> Int? {
    guard let object = operation.object, let source = operation.sources.first,
      let sourceLane = laneOf[Lane(run: source, branch: .conditional)],
      let targetLane = laneOf[Lane(run: operation.run, branch: .conditional)]
    else { return nil }
    let query = ObjectQuery(
      sourceLane: sourceLane, targetLane: targetLane, tokens: object, threshold: operation.change.number("threshold"))
    if let known = objects.firstIndex(of: query) { return known }
    objects.append(query)
    return objects.count - 1
  }
}
