import Attention
import DiffusionModels
import Foundation
import Pipelines
import Schedulers
import Tensors
import TestSupport
import Testing

/// A random UNet that looks on: what it is, what is kept of it, and that the model does not notice.
@Suite struct RandomUNetTests {
  private static let steps = 2

  private func run(
    _ prompts: [String], _ records: [PlannedRecord], scheduler: SchedulerKind = .ddim
  ) throws -> (inputs: [Tensor], latents: Tensor, maps: [(map: PlannedMap, values: Tensor)]) {
    let model = try Bundled.model
    let settings = DenoisingSettings(
      seed: 5, steps: Self.steps, guidanceScale: 5, negativePrompt: "", scheduler: scheduler, height: 128, width: 128)
    var denoising = try Denoising(model, prompts: prompts.map(model.tokenizer.encode), settings: settings)
    let plan = try AttentionPlan(
      sites: model.unet.sites(latentHeight: 16, latentWidth: 16, tokens: 77), lanes: denoising.lanes,
      stepCount: Self.steps, tokens: 77, operations: [], records: records)
    var (inputs, maps): ([Tensor], [(map: PlannedMap, values: Tensor)]) = ([], [])
    while !denoising.isDone {
      let probe = plan.probe(step: denoising.step)
      inputs.append(denoising.modelInput)
      try denoising.advance(probe: probe)
      maps += probe.maps
    }
    return (inputs, denoising.latents, maps)
  }

  private func record(_ prompts: [String], _ index: Int, random: Seed?, steps: [Int]) throws -> PlannedRecord {
    let model = try Bundled.model
    return PlannedRecord(
      record: index, sites: Array(0..<32), steps: steps, branches: [.conditional], meanOfHeads: false,
      tokens: try prompts.map { try TokenSelector.words.resolve(model.tokenizer.encode($0)) }, pool: 4, type: .float32,
      randomUNet: random)
  }

  @Test func itLooksOnAndChangesNothing() throws {
    let prompts = ["a red car", "a blue dog"]
    let own = try record(prompts, 0, random: nil, steps: [0, 1])
    let plain = try run(prompts, [own], scheduler: .euler)
    let observed = try run(
      prompts, [own, try record(prompts, 1, random: 1, steps: [1]), try record(prompts, 2, random: 2, steps: [1])],
      scheduler: .euler)
    #expect(observed.latents == plain.latents, "the model's predictions are others")
    let ofModel = observed.maps.filter { $0.map.record == 0 }
    #expect(ofModel.map(\.map) == plain.maps.map(\.map) && ofModel.map(\.values) == plain.maps.map(\.values))
    let first = observed.maps.filter { $0.map.record == 1 }
    let second = observed.maps.filter { $0.map.record == 2 }
    #expect(first.count == 64 && second.count == 64)
    #expect(zip(first, second).allSatisfy { $0.values != $1.values }, "two seeds give the same")

    // The same UNet, called by hand on the latents of the call and the text.
    let model = try Bundled.model
    let unet = try UNet(random: model.unet.configuration, seed: 1)
    let text = try Tensor.stacked(prompts.map { try model.textEncoder.encode(model.tokenizer.encode($0)) })
    let lanes = Lane.batch(runs: 2, guided: false)
    let plan = try AttentionPlan(
      sites: unet.sites(latentHeight: 16, latentWidth: 16, tokens: 77), lanes: lanes, stepCount: 2, tokens: 77,
      operations: [], records: [try record(prompts, 0, random: nil, steps: [1])])
    let settings = DenoisingSettings(
      seed: 5, steps: Self.steps, guidanceScale: 5, negativePrompt: "", scheduler: .euler, height: 128, width: 128)
    let timestep = try settings.makeScheduler(model.schedulerConfiguration).timesteps[1]
    let probe = plan.probe(step: 1)
    _ = try unet(plain.inputs[1], timestep: Double(timestep), context: unet.context(text), probe: probe)
    #expect(probe.maps.map(\.values) == first.map(\.values))
  }

  /// The law of PyTorch's first weights, by what random numbers of it give.
  @Test func weightsFollowTheLaw() throws {
    var generator = TorchGenerator(seed: 7)
    let values = generator.uniform([10_000], bound: 0.25).values
    let variance = values.reduce(0) { $0 + $1 * $1 } / Float(values.count)
    #expect(values.allSatisfy { (-0.25..<0.25).contains($0) } && abs(variance * 3 / 0.0625 - 1) < 0.05)
    // torch.empty(4).uniform_(-0.25, 0.25, generator=torch.Generator().manual_seed(7))
    let expected: [Float] = [0.01746127, -0.150598407, 0.079605848, 0.078445137]
    for (value, expected) in zip(values, expected) { #expect(abs(value - expected) < 3e-8) }

    // A network of one seed is one network; its predictions are small and finite, and differ from another's.
    let configuration = try Bundled.model.unet.configuration
    let text = generator.randn([1, 77, configuration.crossAttentionDim])
    let latents = generator.randn([1, 16, 16, configuration.inChannels])
    func prediction(_ seed: Seed) throws -> Tensor {
      let unet = try UNet(random: configuration, seed: seed)
      return try unet(latents, timestep: 500, context: unet.context(text))
    }
    let first = try prediction(1)
    #expect(try first == prediction(1) && first != prediction(2))
    #expect(first.values.allSatisfy { $0.isFinite && abs($0) < 10 })
  }
}
