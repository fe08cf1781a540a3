import Attention
import Pipelines
import Tensors
import TestSupport
import Testing

/// `cross_read` on a whole model: against hooks on diffusers' layers, and without a trace in what the target predicts.
@Suite struct CrossReadParityTests {
  struct Reference: Decodable {
    let prompts: [String]
    let seed: Seed
    let steps: Int
    let guidanceScale: Double
    let step, layer: Int
  }

  private static let quantities: [RecordedQuantity] = [.probabilities, .scores, .logRatio]

  /// Final latents, and what the step of the reference left of the target.
  private func run(
    _ reference: Reference, reads: Bool
  ) throws -> (latents: Tensor, maps: [(map: PlannedMap, values: Tensor)]) {
    let model = try Bundled.model
    let prompts = reference.prompts.map(model.tokenizer.encode)
    let settings = DenoisingSettings(
      seed: reference.seed, steps: reference.steps, guidanceScale: reference.guidanceScale, negativePrompt: "",
      scheduler: .ddim, height: 128, width: 128)
    var denoising = try Denoising(model, prompts: prompts, settings: settings)
    let sites = model.unet.sites(latentHeight: 16, latentWidth: 16, tokens: 77)
    let own = sites.filter { $0.layer == reference.layer && $0.kind == .cross }.map(\.index)
    let records = try Self.quantities.enumerated().map { index, quantity in
      PlannedRecord(
        record: index, of: quantity, sites: own, steps: [reference.step], branches: [.conditional], meanOfHeads: false,
        tokens: try prompts.map { try TokenSelector.all.resolve($0) }, pool: nil, type: .float32)
    }
    let operation = PlannedOperation(
      operation: .crossRead, run: 1, sources: [0], sites: own, steps: Array(0..<reference.steps),
      branches: [.conditional])
    let plan = try AttentionPlan(
      sites: sites, lanes: denoising.lanes, stepCount: reference.steps, tokens: 77,
      operations: reads ? [operation] : [],
      records: records)
    var maps: [(map: PlannedMap, values: Tensor)] = []
    while !denoising.isDone {
      let probe = plan.probe(step: denoising.step)
      try denoising.advance(probe: probe)
      maps += probe.maps.filter { $0.map.run == 1 }
    }
    return (denoising.latents, maps)
  }

  @Test func agreesWithDiffusers() throws {
    let reference = try Fixtures.json("cross_read", as: Reference.self)
    let file = try Fixtures.safetensors("cross_read")
    let (read, plain) = (try run(reference, reads: true), try run(reference, reads: false))
    #expect(read.latents == plain.latents, "the target's prediction is another")
    #expect(read.maps.count == Self.quantities.count)
    for ((map, values), own) in zip(read.maps, plain.maps) {
      let quantity = Self.quantities[map.record]
      let expected = try file.tensor(named: quantity.rawValue)
      expectClose(try values.reshaped(expected.shape), expected, tolerance: 1e-4, quantity.rawValue)
      #expect(values != own.values, "\(quantity.rawValue) is the target's own")
    }
  }
}
