import Attention
import Foundation
import Pipelines
import Schedulers
import Tensors
import TestSupport
import Testing

/// `cache` at every place that it may have, against attention processors in PyTorch; and over stops.
@Suite struct CachingParityTests {
  private struct Caching: Decodable {
    struct Edit: Decodable {
      let op, of, kind, branch: String
      let halves: String?
      let layers, steps: [Int]
      let heads, tokens: [Int]?
    }
    let steps: Int
    let guidanceScale: Double
    let pairs: [OperationParityTests.Operations.Pair]
    let cases: [String: [Edit]]
  }

  private func planned(_ edit: Caching.Edit, run: Int, _ sites: [AttentionSite]) throws -> PlannedOperation {
    PlannedOperation(
      operation: try #require(OperationRegistry.named(edit.op)),
      values: edit.halves.map { ["halves": .name($0)] } ?? [:],
      place: try #require(AttentionEdit.Place(rawValue: edit.of)), run: run, sources: [0],
      sites: sites.filter { $0.kind.rawValue == edit.kind && edit.layers.contains($0.layer) }.map(\.index),
      steps: edit.steps,
      branches: edit.branch == "both"
        ? [.conditional, .unconditional] : [try #require(GuidanceBranch(rawValue: edit.branch))],
      heads: edit.heads.map(Set.init), tokens: edit.tokens)
  }

  /// All cases in one group with their source, as experiments run them.
  @Test func finalLatents() throws {
    let model = try Bundled.model
    let file = try Fixtures.safetensors("caching")
    let caching = try Fixtures.json("caching", as: Caching.self)
    let names = caching.cases.keys.sorted()
    let places = Set(caching.cases.values.joined().filter { $0.op == "cache" }.map(\.of))
    #expect(places == Set(AttentionOperation.cache.places.map(\.rawValue)))
    let sites = model.unet.sites(latentHeight: 16, latentWidth: 16, tokens: 77)
    for (index, pair) in caching.pairs.enumerated() {
      let settings = DenoisingSettings(
        seed: pair.seed, steps: caching.steps, guidanceScale: caching.guidanceScale, negativePrompt: "",
        scheduler: .ddim, height: 128, width: 128)
      let prompts = ([pair.source] + names.map { _ in pair.target }).map(model.tokenizer.encode)
      let operations = try names.enumerated().flatMap { run, name in
        try (caching.cases[name] ?? []).map { try planned($0, run: run + 1, sites) }
      }
      let plan = try AttentionPlan(
        sites: sites, lanes: Lane.batch(runs: prompts.count, guided: true), stepCount: caching.steps, tokens: 77,
        operations: operations, records: [])
      var denoising = try Denoising(model, prompts: prompts, settings: settings)
      while !denoising.isDone { try denoising.advance(probe: plan.probe(step: denoising.step)) }
      for (run, name) in names.enumerated() {
        let expected = try file.tensor(named: "\(index).\(name)").channelsLast()
        expectClose(try denoising.latents(of: run + 1), expected, tolerance: 1e-3, "pair \(index), \(name)")
      }
    }
  }

  /// A group that was stopped goes on with the same bits: calls of which something is kept are made again. Others in its batch
  /// are not touched.
  @Test(arguments: [SchedulerKind.ddim, .pndm, .euler])
  func stopped(scheduler: SchedulerKind) throws {
    let model = try Bundled.model
    let sites = model.unet.sites(latentHeight: 8, latentWidth: 8, tokens: 77)
    let settings = DenoisingSettings(
      seed: 6, steps: 5, guidanceScale: 5, negativePrompt: "", scheduler: scheduler, height: 64, width: 64)
    let prompts = ["a red car", "a blue car", "a blue car"].map(model.tokenizer.encode)
    func cache(_ place: AttentionEdit.Place, _ kind: AttentionKind, _ steps: [Int], halves: OperationValue)
      -> PlannedOperation
    {
      PlannedOperation(
        operation: .cache, values: ["halves": halves], place: place, run: 1,
        sites: sites.filter { $0.kind == kind }.map(\.index), steps: steps, branches: [.conditional, .unconditional])
    }
    let plan = try AttentionPlan(
      sites: sites, lanes: Lane.batch(runs: 3, guided: true), stepCount: try settings.callCount(model), tokens: 77,
      operations: [
        cache(.output, .cross, [1, 2, 3, 4], halves: "own"), cache(.output, .cross, [3, 4], halves: "mean"),
        cache(.probabilities, .selfAttention, [2, 3], halves: "own"),
      ], records: [])
    var whole = try Denoising(model, prompts: prompts, settings: settings)
    var plain = whole
    var states = [try whole.state()]
    while !whole.isDone {
      try whole.advance(probe: plan.probe(step: whole.step))
      try plain.advance()
      states.append(try whole.state())
    }
    #expect(try whole.latents(of: 2) == plain.latents(of: 2) && whole.latents(of: 1) != plain.latents(of: 1))
    for (step, state) in states.enumerated() {
      var resumed = try Denoising(model, prompts: prompts, settings: settings)
      try resumed.restore(state, probe: plan.probe(step:))
      while !resumed.isDone { try resumed.advance(probe: plan.probe(step: resumed.step)) }
      #expect(resumed.latents == whole.latents, "\(scheduler), from step \(step)")
    }
    // The latents of three calls and what the scheduler keeps, and not what all attentions had in them.
    #expect(states[5].count < 9 * states[0].count)
  }

  /// Without guidance there is one half, and its mean is itself.
  @Test func oneHalf() throws {
    let model = try Bundled.model
    let sites = model.unet.sites(latentHeight: 8, latentWidth: 8, tokens: 77)
    let settings = DenoisingSettings(
      seed: 5, steps: 3, guidanceScale: 1, negativePrompt: "", scheduler: .ddim, height: 64, width: 64)
    let prompts = Array(repeating: model.tokenizer.encode("a red car"), count: 3)
    let operations = ["own", "mean"].enumerated().map { run, halves in
      PlannedOperation(
        operation: .cache, values: ["halves": .name(halves)], place: .output, run: run + 1,
        sites: sites.filter { $0.keys.isText }.map(\.index), steps: [1, 2], branches: [.conditional, .unconditional])
    }
    let plan = try AttentionPlan(
      sites: sites, lanes: Lane.batch(runs: 3, guided: false), stepCount: 3, tokens: 77, operations: operations,
      records: [])
    var denoising = try Denoising(model, prompts: prompts, settings: settings)
    try denoising.advance(probe: plan.probe(step: 0))
    let state = try denoising.state()
    while !denoising.isDone { try denoising.advance(probe: plan.probe(step: denoising.step)) }
    let latents = try (0..<3).map { try denoising.latents(of: $0) }
    expectSameInABatch(latents[1], latents[2], tolerance: 2e-5)
    #expect(zip(latents[0].values, latents[1].values).contains { abs($0 - $1) > 0.01 })
    // What was kept is made again by the plan's probes, and not without them.
    var resumed = try Denoising(model, prompts: prompts, settings: settings)
    try resumed.restore(state)
    let error = #expect(throws: MissingCall.self) { try resumed.advance(probe: plan.probe(step: 1)) }
    #expect(
      error?.description
        == "an operation takes what an attention had in call 0, which this denoising has not made: take its calls one after "
        + "another, and give `restore` the plan's probes")
  }
}

extension DenoisingSettings {
  /// Calls of the model that a run makes.
  fileprivate func callCount(_ model: StableDiffusion) throws -> Int {
    try makeScheduler(model.schedulerConfiguration).timesteps.count
  }
}
