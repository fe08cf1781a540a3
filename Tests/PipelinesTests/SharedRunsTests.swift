import Attention
import Foundation
import Pipelines
import Schedulers
import Tensors
import TestSupport
import Testing

/// Runs that are the same for a while are computed once, and come to what they come to by themselves.
@Suite struct SharedRunsTests {
  private let prompts = ["a red car"] + Array(repeating: "a blue car", count: 6)

  /// Swaps that begin and end at other steps, an attention that is kept, a start from the source's picture, and nothing.
  private func plan(_ sites: [AttentionSite], guided: Bool, calls: Int, shares: Bool, starts: Bool) throws
    -> AttentionPlan
  {
    let all: Set<GuidanceBranch> = [.conditional, .unconditional]
    let (own, cross) = (sites.filter { $0.kind == .selfAttention }, sites.filter { $0.kind == .cross })
    func swap(_ run: Int, _ steps: ClosedRange<Int>) -> PlannedOperation {
      PlannedOperation(
        operation: .replace, run: run, sources: [0], sites: own.map(\.index), steps: Array(steps), branches: all)
    }
    var operations = [
      swap(2, 0...1), swap(3, 0...3), swap(4, 2...4),
      PlannedOperation(
        operation: .cache, place: .output, run: 5, sites: cross.map(\.index), steps: Array(3..<calls), branches: all),
    ]
    if starts {
      operations.append(
        PlannedOperation(
          operation: .noisedSource, values: ["strength": .number(0.4)], run: 6, sources: [0], sites: [], steps: [],
          branches: all))
    }
    let record = PlannedRecord(
      record: 0, sites: [cross[3].index, own[3].index], steps: Array(0..<calls), branches: all, meanOfHeads: true,
      tokens: Array(repeating: try TokenSelector.words.resolve(Bundled.model.tokenizer.encode("a red car")), count: 7),
      pool: 4, type: .float32)
    return try AttentionPlan(
      sites: sites, lanes: Lane.batch(runs: 7, guided: guided), stepCount: calls, tokens: 77, operations: operations,
      records: [record], origins: shares ? [0, 1, 1, 1, 1, 1, 1] : nil)
  }

  /// Denoising with schedulers that keep nothing and some of what was, PNDM with its additional call; with guidance and without.
  @Test(arguments: [SchedulerKind.ddim, .pndm, .dpmPlusPlus], [1.0, 5.0])
  func sameAsAlone(scheduler: SchedulerKind, guidance: Double) throws {
    let model = try Bundled.model
    let sites = model.unet.sites(latentHeight: 8, latentWidth: 8, tokens: 77)
    let settings = DenoisingSettings(
      seed: 11, steps: 5, guidanceScale: guidance, negativePrompt: "", scheduler: scheduler, height: 64, width: 64)
    let calls = try settings.makeScheduler(model.schedulerConfiguration).timesteps.count
    func denoise(shares: Bool) throws -> (
      plan: AttentionPlan, latents: [Tensor], maps: [[(map: PlannedMap, values: Tensor)]]
    ) {
      let plan = try plan(sites, guided: guidance > 1, calls: calls, shares: shares, starts: scheduler.beginsAnywhere)
      var denoising = try Denoising(
        model, prompts: prompts.map(model.tokenizer.encode), settings: settings, starts: plan.starts)
      var (latents, maps) = ([Tensor](), [[(map: PlannedMap, values: Tensor)]]())
      while !denoising.isDone {
        let probe = plan.probe(step: denoising.step)
        try denoising.advance(probe: probe)
        latents.append(denoising.latents)
        maps.append(probe.maps)
      }
      return (plan, latents, maps)
    }
    // A step of PNDM is a sum of four outputs whose weights, 55, -59, 37 and -9 of 24, come to 6.7 times what one output adds.
    let tolerance = scheduler == .pndm ? 1.3e-4 : 2e-5
    let (shared, alone) = (try denoise(shares: true), try denoise(shares: false))
    #expect(alone.plan.sharedRuns.isEmpty && shared.plan.sharedRuns.first ?? 0 > 2)
    for call in 0..<calls {
      expectSameInABatch(shared.latents[call], alone.latents[call], tolerance: tolerance, "call \(call)")
      #expect(shared.maps[call].map(\.map) == alone.maps[call].map(\.map))
      for (a, b) in zip(shared.maps[call], alone.maps[call]) {
        expectSameInABatch(a.values, b.values, tolerance: tolerance, "call \(call), run \(a.map.run)")
      }
    }
    // Runs that are the same have the same bits; and they do part.
    let first = shared.latents[0]
    #expect(try first.slice(1..<2) == first.slice(4..<5) && first.slice(1..<2) != first.slice(2..<3))
    let last = shared.latents[calls - 1]
    for run in 2..<6 { #expect(try last.slice(1..<2) != last.slice(run..<(run + 1)), "run \(run)") }
  }

  /// A group that was stopped goes on with the same bits.
  @Test func stopped() throws {
    let model = try Bundled.model
    let sites = model.unet.sites(latentHeight: 8, latentWidth: 8, tokens: 77)
    let settings = DenoisingSettings(
      seed: 12, steps: 5, guidanceScale: 5, negativePrompt: "", scheduler: .ddim, height: 64, width: 64)
    let plan = try plan(sites, guided: true, calls: 5, shares: true, starts: true)
    let begun = try Denoising(
      model, prompts: prompts.map(model.tokenizer.encode), settings: settings, starts: plan.starts)
    var whole = begun
    var states = [try whole.state()]
    while !whole.isDone {
      try whole.advance(probe: plan.probe(step: whole.step))
      states.append(try whole.state())
    }
    for (step, state) in states.enumerated() {
      var resumed = begun
      try resumed.restore(state, probe: plan.probe(step:))
      while !resumed.isDone { try resumed.advance(probe: plan.probe(step: resumed.step)) }
      #expect(resumed.latents == whole.latents, "from step \(step)")
    }
  }
}
