import Attention
import ExperimentFiles
import Foundation
import Generation
import Pipelines
import Planning
import Tensors
import TestSupport
import Testing

/// Every editing method against the same written after its paper and released code in PyTorch, without a word of our operations:
/// `Tests/Fixtures/oracle/methods.py`.
@Suite struct MethodParityTests {
  private struct Methods: Decodable {
    struct Pair: Decodable {
      let source, target: String
      let seed: Seed
      let object: [String]
    }
    let steps: Int
    let guidanceScale: Double
    let methods: [String]
    let pairs: [Pair]
  }

  @Test func finalLatents() throws {
    let methods = try Fixtures.json("methods", as: Methods.self)
    let file = try Fixtures.safetensors("methods")
    #expect(Set(methods.methods) == Set(EditingMethods.all.map(\.name)))
    let model = try FirstEdition()
    for (index, pair) in methods.pairs.enumerated() {
      let interventions = try EditingMethods.all.map { method in
        try method.intervention(MethodSettings(object: method.dials[.object] == nil ? [] : pair.object))
      }
      let latents = try model.latents(
        pair.source, pair.target, pair.seed, steps: methods.steps, guidance: methods.guidanceScale, interventions)
      for (run, method) in EditingMethods.all.enumerated() {
        let expected = try file.tensor(named: "\(index).\(method.name)").channelsLast()
        expectClose(
          try latents.slice((run + 1)..<(run + 2)), expected, tolerance: 1e-3, "pair \(index), \(method.name)")
      }
    }
  }

  /// The ends of dials: nothing is taken, or everything is kept.
  @Test func endsOfDials() throws {
    let settings = [
      ("regenerate", MethodSettings()), ("fpe", MethodSettings(until: 0)), ("pnp", MethodSettings(until: 0)),
      ("sdedit", MethodSettings(strength: 0)), ("sdedit", MethodSettings(strength: 1)),
    ]
    let interventions = try settings.enumerated().map { index, entry in
      let method = try #require(EditingMethods.named(entry.0))
      return InterventionSpec(name: "\(index)", operations: try method.intervention(entry.1).operations)
    }
    let latents = try FirstEdition().latents("a red car", "a blue car", 3, steps: 4, guidance: 5, interventions)
    func run(_ index: Int) throws -> Tensor { try latents.slice(index..<(index + 1)) }
    #expect(try run(2) == run(1) && run(3) == run(1))
    // The source was made alone for it, which may round otherwise.
    expectClose(try run(4), try run(0), tolerance: 1e-5, "strength 0 is the source's picture")
    #expect(try run(5) != run(1) && run(5) != run(0))
  }
}

/// emoji-scenes-first, with which the fixtures are made.
private struct FirstEdition {
  let model: StableDiffusion
  private let plannable: PlanModel

  init() throws {
    let folder = try ModelFolder(#require(BundledModels.url(of: "emoji-scenes-first")))
    model = try StableDiffusion(folder: folder)
    plannable = PlanModel(try ModelDescription(folder), hash: String(repeating: "0", count: 64))
  }

  /// Final latents of the source and of the target under each intervention.
  func latents(
    _ source: String, _ target: String, _ seed: Seed, steps: Int, guidance: Double, _ interventions: [InterventionSpec]
  ) throws -> Tensor {
    let spec = ExperimentSpec(
      name: "methods", model: "emoji-scenes-first",
      generate: GenerateSpec(
        pairs: [PromptPair(source: source, target: target)], seeds: [seed],
        settings: [GenerationSettings(numInferenceSteps: steps, guidanceScale: guidance, scheduler: "ddim")]),
      interventions: interventions)
    let plan = try ExperimentPlan(spec, model: plannable)
    let group = try #require(plan.groups.first)
    let attention = try plan.attention(of: group)
    var denoising = try group.denoising(model)
    while !denoising.isDone { try denoising.advance(probe: attention.probe(step: denoising.step)) }
    return denoising.latents
  }
}
