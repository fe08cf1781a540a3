import Attention
import Foundation
import Pipelines
import Tensors
import TestSupport
import Testing

/// What recording and interventions promise, on the bundled model.
@Suite struct TracingTests {
  private let steps = 4

  private func settings(seed: Seed = 21, steps: Int? = nil) -> DenoisingSettings {
    DenoisingSettings(
      seed: seed, steps: steps ?? self.steps, guidanceScale: 5, negativePrompt: "", scheduler: .ddim, height: 128,
      width: 128)
  }

  /// Final latents of a group, and all maps left on the way.
  private func run(
    _ prompts: [String], operations: [PlannedOperation] = [], records: [PlannedRecord] = [], seed: Seed = 21
  ) throws -> (latents: Tensor, maps: [(map: PlannedMap, values: Tensor)]) {
    let model = try Bundled.model
    var denoising = try Denoising(model, prompts: prompts.map(model.tokenizer.encode), settings: settings(seed: seed))
    let plan = try AttentionPlan(
      sites: model.unet.sites(latentHeight: 16, latentWidth: 16, tokens: 77), lanes: denoising.lanes, stepCount: steps,
      tokens: 77,
      operations: operations, records: records)
    var maps: [(map: PlannedMap, values: Tensor)] = []
    while !denoising.isDone {
      let probe = plan.probe(step: denoising.step)
      try denoising.advance(probe: probe)
      maps += probe.maps
      #expect(probe.maps.map(\.map) == plan.maps(step: denoising.step - 1), "what was recorded is not what was planned")
    }
    #expect(maps.reduce(0) { $0 + $1.map.heads } == plan.mapCount)
    return (denoising.latents, maps)
  }

  private func everything(
    _ prompts: [String], mean: Bool, pool: Int? = nil, of quantity: RecordedQuantity = .probabilities
  ) throws -> PlannedRecord {
    let model = try Bundled.model
    let sites = quantity == .logRatio ? Array(stride(from: 1, to: 32, by: 2)) : Array(0..<32)
    return PlannedRecord(
      record: 0, of: quantity, sites: sites, channels: sites.map { model.description.unet.siteChannels[$0] },
      steps: Array(0..<steps), branches: [.conditional, .unconditional],
      meanOfHeads: mean, tokens: try prompts.map { try TokenSelector.all.resolve(model.tokenizer.encode($0)) },
      pool: pool, type: .float32)
  }

  @Test func recordingLeavesTheBits() throws {
    let prompts = ["a red car", "a blue car"]
    let swap = PlannedOperation(
      operation: .replace, run: 1, sources: [0], sites: Array(stride(from: 6, to: 28, by: 2)), steps: [0, 1, 2],
      branches: [.conditional])
    let plain = try run(prompts, operations: [swap])
    for (mean, pool) in [(false, nil), (true, nil), (true, 8)] {
      let recorded = try run(prompts, operations: [swap], records: [everything(prompts, mean: mean, pool: pool)])
      #expect(recorded.latents == plain.latents)
    }
    let quantities = try RecordedQuantity.allCases.map { try everything(prompts, mean: $0 == .output, of: $0) }
    #expect(try run(prompts, operations: [swap], records: quantities).latents == plain.latents)
  }

  /// Swapped with a run of the same prompt, a run stays what it is: for every site alone it would be the same test.
  @Test func swappingARunWithItself() throws {
    let prompts = ["a red car", "a red car", "a red car"]
    let swaps = (1...2).map { run in
      PlannedOperation(
        operation: .replace, run: run, sources: [0], sites: run == 1 ? Array(0..<32) : [0, 7, 13], steps: [0, 1, 2, 3],
        branches: [.conditional, .unconditional])
    }
    let result = try run(prompts, operations: swaps).latents
    let first = try result.slice(0..<1)
    for (place, other) in [
      ("run 1", try result.slice(1..<2)), ("run 2", try result.slice(2..<3)), ("alone", try run(["a red car"]).latents),
    ] {
      expectSameInABatch(other, first, tolerance: Self.rounding, place)
    }
  }

  /// Of the largest value: what another order of sums may make of four guided steps. The step itself agrees between
  /// engines within 5e-5; a swap from another prompt moves latents by 1e-3 and more.
  private static let rounding = 2e-5

  /// A swap that matters must change the bits, or the test above would pass with swaps left out.
  @Test func swappingWithAnotherChangesTheBits() throws {
    let prompts = ["a red car", "a blue car"]
    for site in [0, 1, 12, 13, 31] {
      let swap = PlannedOperation(
        operation: .replace, run: 1, sources: [0], sites: [site], steps: [1], branches: [.conditional])
      let (plain, swapped) = (try run(prompts).latents, try run(prompts, operations: [swap]).latents)
      #expect(try plain.slice(0..<1) == swapped.slice(0..<1), "the source changed")
      #expect(try plain.slice(1..<2) != swapped.slice(1..<2), "site \(site) had no effect")
    }
  }

  @Test func probabilitiesSumToOne() throws {
    let prompts = ["a dog in the snow"]
    for (mean, pool) in [(false, nil), (true, 5)] {
      for (map, values) in try run(prompts, records: [everything(prompts, mean: mean, pool: pool)]).maps {
        var worst = 0.0
        for row in 0..<(values.count / map.keys) {
          let sum = values.withUnsafeValues { p in
            (0..<map.keys).reduce(0.0) { $0 + Double(p[row * map.keys + $1]) }
          }
          worst = max(worst, abs(sum - 1))
        }
        #expect(worst < 1e-5, "site \(map.site): \(worst)")
      }
    }
  }

  struct Maps: Decodable {
    struct Entry: Decodable {
      let name, kind: String
      let step, layer: Int
    }
    let prompt: String
    let seed: Seed
    let steps: Int
    let maps: [Entry]
  }

  /// Probabilities of single heads against those that diffusers' attention processors compute.
  @Test func probabilitiesAgreeWithDiffusers() throws {
    let model = try Bundled.model
    let reference = try Fixtures.json("maps", as: Maps.self)
    let file = try Fixtures.safetensors("maps")
    let prompt = model.tokenizer.encode(reference.prompt)
    var denoising = try Denoising(
      model, prompts: [prompt], settings: settings(seed: reference.seed, steps: reference.steps))
    let sites = model.unet.sites(latentHeight: 16, latentWidth: 16, tokens: 77)
    let record = PlannedRecord(
      record: 0, sites: Array(0..<32), steps: Array(Set(reference.maps.map(\.step))).sorted(), branches: [.conditional],
      meanOfHeads: false, tokens: [try TokenSelector.all.resolve(prompt)], pool: nil, type: .float32)
    let plan = try AttentionPlan(
      sites: sites, lanes: denoising.lanes, stepCount: reference.steps, tokens: 77, operations: [], records: [record])
    var compared = 0
    while denoising.step <= reference.maps.map(\.step).max() ?? 0 {
      let step = denoising.step
      let probe = plan.probe(step: step)
      try denoising.advance(probe: probe)
      for entry in reference.maps where entry.step == step {
        let found = try #require(
          probe.maps.first { sites[$0.map.site].kind.rawValue == entry.kind && sites[$0.map.site].layer == entry.layer }
        )
        let expected = try file.tensor(named: entry.name)
        expectClose(try found.values.reshaped(expected.shape), expected, tolerance: 1e-4, entry.name)
        compared += 1
      }
    }
    #expect(compared == reference.maps.count && compared >= 9)
  }

  /// A stopped group goes on with the same bits, for every scheduler and from every step.
  @Test func resuming() throws {
    let model = try Bundled.model
    for scheduler in [try model.defaultScheduler, .pndm, .euler, .dpmPlusPlus] {
      var settings = settings()
      settings.scheduler = scheduler
      // Seventy calls of the model: a quarter of the size says the same.
      (settings.height, settings.width) = (64, 64)
      let prompts = ["a red car", "a blue car"].map(model.tokenizer.encode)
      var whole = try Denoising(model, prompts: prompts, settings: settings)
      var states = [try whole.state()]
      while !whole.isDone {
        try whole.advance()
        states.append(try whole.state())
      }
      for state in states {
        var resumed = try Denoising(model, prompts: prompts, settings: settings)
        try resumed.restore(state)
        while !resumed.isDone { try resumed.advance() }
        #expect(resumed.latents == whole.latents, "\(scheduler), from step \(resumed.step)")
      }
    }
  }
}
