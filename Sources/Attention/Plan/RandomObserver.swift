import Tensors

/// A random UNet that is run on the model's latents, text and time, and whose attention is kept.
///
/// Its weights are drawn, never trained, and its predictions are not used. Operations do not act in it, but for those on
/// the encoded prompt, which is the text that it is given.
public struct RandomObserver: Sendable {
  /// Of its weights.
  public let seed: Seed
  /// The lanes of the model's batch that it is run on.
  public let lanes: [Int]
  /// What is kept of it: a plan over these lanes.
  let plan: AttentionPlan

  /// Those that records ask for, by the first record of each.
  static func all(
    of records: [PlannedRecord], sites: [AttentionSite], lanes: [Lane], stepCount: Int, tokens: Int
  ) throws(SelectionError) -> [RandomObserver] {
    var observers: [RandomObserver] = []
    for case let seed? in records.map(\.randomUNet) where !observers.contains(where: { $0.seed == seed }) {
      let own = records.filter { $0.randomUNet == seed }
      // Only what is recorded is computed: not the other half of guidance, nor runs beside the group.
      let chosen = lanes.indices.filter { index in
        own.contains { $0.branches.contains(lanes[index].branch) && $0.tokens.indices.contains(lanes[index].run) }
      }
      let plan = try AttentionPlan(
        sites: sites, lanes: chosen.map { lanes[$0] }, stepCount: stepCount, tokens: tokens, operations: [],
        records: own.map(\.ofTheModel))
      observers.append(RandomObserver(seed: seed, lanes: chosen, plan: plan))
    }
    return observers
  }

  /// Whether anything is kept of it at a step.
  func observes(step: Int) -> Bool { plan.keeps(step: step) }
}

/// What a random UNet is asked at one step.
public struct ObserverProbe {
  public let seed: Seed
  /// The lanes of the model's batch that it is run on.
  public let lanes: [Int]
  public let probe: StepProbe
}

extension PlannedRecord {
  /// The same entry as if the UNet that it is of were the model's own.
  fileprivate var ofTheModel: PlannedRecord {
    PlannedRecord(
      record: record, of: quantity, sites: sites, channels: channels, steps: steps, branches: branches,
      meanOfHeads: meanOfHeads, tokens: tokens, pool: pool, type: type)
  }
}
