import Attention
import Pipelines
import Tensors
import TestSupport
import Testing

/// What is recorded of an attention, against hooks on diffusers' layers; and after operations, against its processors.
@Suite struct QuantityParityTests {
  struct Quantities: Decodable {
    let prompts: [String]
    let seed: Seed
    let steps: Int
    let guidanceScale: Double
    let step, layer: Int
    let edits: [OperationParityTests.Operations.Edit]
  }

  @Test(arguments: ["plain", "edited"]) func agreesWithDiffusers(_ name: String) throws {
    let model = try Bundled.model
    let reference = try Fixtures.json("quantities", as: Quantities.self)
    let file = try Fixtures.safetensors("quantities")
    let isEdited = name == "edited"
    let prompts = reference.prompts.prefix(isEdited ? 2 : 1).map(model.tokenizer.encode)
    let settings = DenoisingSettings(
      seed: reference.seed, steps: reference.steps, guidanceScale: reference.guidanceScale, negativePrompt: "",
      scheduler: .ddim, height: 128, width: 128)
    var denoising = try Denoising(model, prompts: prompts, settings: settings)
    let sites = model.unet.sites(latentHeight: 16, latentWidth: 16, tokens: 77)
    let chosen = sites.filter { $0.layer == reference.layer }
    let channels = model.description.unet.siteChannels
    let tokens = try prompts.map { try TokenSelector.all.resolve($0) }
    let quantities = RecordedQuantity.allCases
    let records = quantities.enumerated().map { index, quantity in
      let own = chosen.filter { quantity.refusal(at: $0) == nil }.map(\.index)
      return PlannedRecord(
        record: index, of: quantity, sites: own, channels: own.map { channels[$0] }, steps: [reference.step],
        branches: [.conditional], meanOfHeads: quantity == .output, tokens: tokens, pool: nil, type: .float32)
    }
    let operations = try reference.edits.map { try $0.planned(run: 1, sources: [0], sites: sites) }
    let plan = try AttentionPlan(
      sites: sites, lanes: denoising.lanes, stepCount: reference.steps, tokens: 77,
      operations: isEdited ? operations : [], records: records)
    for step in 0..<reference.step { try denoising.advance(probe: plan.probe(step: step)) }
    let probe = plan.probe(step: reference.step)
    try denoising.advance(probe: probe)
    let kept = probe.maps.filter { $0.map.run == prompts.count - 1 }
    #expect(kept.count == 2 * quantities.count - 1)
    for (map, values) in kept {
      let (site, quantity) = (sites[map.site], quantities[map.record])
      let expected = try file.tensor(named: "\(name).\(site.kind.rawValue).\(quantity.rawValue)")
      #expect(values.count == map.cells)
      let isRow = site.kind == .cross && [.keys, .values].contains(quantity)
      let found = isRow ? try Self.tokensFirst(values) : try values.reshaped(expected.shape)
      expectClose(found, expected, tolerance: 1e-4, "\(name) \(site.shortName) \(quantity.rawValue)")
    }
  }

  /// `[heads, 1, headDim, tokens]` as `[heads, tokens, headDim]`.
  private static func tokensFirst(_ values: Tensor) throws -> Tensor {
    let (heads, dim, tokens) = (values.shape[0], values.shape[2], values.shape[3])
    let from = values.values
    return try Tensor(
      (0..<(heads * tokens * dim)).map { i in
        from[i / (tokens * dim) * tokens * dim + i % dim * tokens + i / dim % tokens]
      }, shape: [heads, tokens, dim])
  }
}
