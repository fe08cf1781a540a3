import Tensors

/// What one lane's attention has in a call of the model, kept whole for later calls.
public struct HeldAttention: Hashable, Sendable {
  /// Index of the site.
  public let site: Int
  /// Of the group.
  public let lane: Int
  public let place: AttentionEdit.Place
  /// The call, from 0.
  public let call: Int

  /// The observation that keeps it.
  /// - Parameter batch: of the call.
  func observation(at site: AttentionSite, in batch: LaneBatch) -> PlannedObservation.Kind {
    let lane = batch.places[lane]
    guard !place.isMap else {
      return .map(
        MapObservation(
          lane: lane, meanOfHeads: false, height: site.height, width: site.width, outHeight: site.height,
          outWidth: site.width, keyMap: nil, outKeys: site.keys.count))
    }
    let rows = [.keys, .values].contains(place) ? site.keys.count : site.queries.count
    return .vectors(
      VectorObservation(
        lane: lane, place: place, outHeight: 1, outWidth: rows, cellOfRow: (0..<Int32(clamping: rows)).map { $0 },
        areTokens: false))
  }

  /// At site, what operations take from the call before their steps, each once; empty without operations.
  static func all(of operations: [PlannedOperation], sites: Int, lanes: [Lane]) -> [[HeldAttention]] {
    guard !operations.isEmpty else { return [] }
    let laneOf = Dictionary(uniqueKeysWithValues: lanes.enumerated().map { ($1, $0) })
    var all: [[HeldAttention]] = Array(repeating: [], count: sites)
    for operation in operations {
      let changed = lanes.filter { $0.run == operation.run && operation.branches.contains($0.branch) }
      for site in operation.sites {
        for held in changed.flatMap({ operation.held(site: site, lane: $0, laneOf) }) where !all[site].contains(held) {
          all[site].append(held)
        }
      }
    }
    return all
  }

  /// Bytes of a map; 0 for vectors, which are little beside what a call takes.
  func mapBytes(at site: AttentionSite) -> Int {
    guard place.isMap else { return 0 }
    return saturatingProduct(site.heads, site.queries.count, site.keys.count, MemoryLayout<Float>.size)
  }
}

/// The values that an edit takes from an earlier call.
public struct HeldValues: Hashable, Sendable {
  /// `[heads, rows, columns]`; one head for an output.
  private let values: Tensor
  private let heads: Int
  private let columns: Int

  /// - Parameter all: what was kept, in the shape in which it was observed: its mean, where there are several.
  init?(_ all: [Tensor]) {
    guard var mean = all.first, let columns = mean.shape.last, let heads = mean.shape.first else { return nil }
    for other in all.dropFirst() {
      guard other.shape == mean.shape else { return nil }
      mean.withUnsafeMutableValues { sum in other.withUnsafeValues { for i in $0.indices { sum[i] += $0[i] } } }
    }
    let share = 1 / Float(all.count)
    if all.count > 1 { mean.withUnsafeMutableValues { for i in $0.indices { $0[i] *= share } } }
    values = mean
    self.heads = heads
    self.columns = columns
  }

  /// Whether it has a matrix of a size for each head.
  func fits(heads: Int, rows: Int, columns: Int) -> Bool {
    self.heads == heads && self.columns == columns && values.count == heads * rows * columns
  }

  /// Lends the matrix of a head, whose rows follow one another.
  func withMatrix(ofHead head: Int, _ body: (UnsafePointer<Float>, Int) -> Void) {
    values.withUnsafeValues { all in
      if let base = all.baseAddress { body(base + head * (all.count / heads), columns) }
    }
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(values.shape) }
}

/// A call takes from an earlier one that was not made.
public struct MissingCall: Error, Hashable, Sendable, CustomStringConvertible {
  /// From 0.
  let missing: Int

  public var description: String {
    "an operation takes what an attention had in call \(missing), which this denoising has not made: take its calls one "
      + "after another, and give `restore` the plan's probes"
  }
}

extension AttentionOperation {
  /// Why it may not be used in steps, or on residual features; nil if it may.
  package func refusal(ofSteps steps: [Int], residuals: [String]) -> String? {
    guard takesFrom == .earlierCall else { return nil }
    if !residuals.isEmpty { return "\(name) is of attentions, and not of residual features" }
    guard steps.contains(0) else { return nil }
    return
      "\(name) takes from the call before the first of its steps, and before step 0 there is none; write steps that "
      + "begin later, as { fraction: [0.4, 1] }"
  }
}

extension PlannedOperation {
  func checkSteps() throws(SelectionError) {
    if let problem = change.operation.refusal(ofSteps: steps, residuals: residuals) {
      throw SelectionError(problem: problem)
    }
  }

  /// The call from which it takes; nil for one that takes from none.
  var heldCall: Int? { change.operation.takesFrom == .earlierCall ? steps.min().map { $0 - 1 } : nil }

  /// What it takes for a lane at a site.
  func held(site: Int, lane: Lane, _ laneOf: [Lane: Int]) -> [HeldAttention] {
    guard let call = heldCall else { return [] }
    let branches = change.name("halves") == "mean" ? GuidanceBranch.allCases : [lane.branch]
    return branches.compactMap { laneOf[Lane(run: run, branch: $0)] }.map {
      HeldAttention(site: site, lane: $0, place: place, call: call)
    }
  }
}
