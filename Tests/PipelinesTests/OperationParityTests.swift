import Attention
import Foundation
import Pipelines
import Tensors
import TestSupport
import Testing

/// Every operation, at every place of an attention, against attention processors in PyTorch.
@Suite struct OperationParityTests {
  struct Operations: Decodable {
    struct Pair: Decodable {
      let source, target: String
      let seed: Seed
    }
    struct Edit: Decodable {
      /// The value of a key.
      enum Parameter: Decodable, Equatable {
        case truth(Bool)
        case number(Double)
        case text(String)

        init(from decoder: any Decoder) throws {
          let container = try decoder.singleValueContainer()
          if let truth = try? container.decode(Bool.self) {
            self = .truth(truth)
          } else if let number = try? container.decode(Double.self) {
            self = .number(number)
          } else {
            self = .text(try container.decode(String.self))
          }
        }
      }
      let op, of, kind: String
      let layers, steps: [Int]
      let heads, tokens: [Int]?
      /// Keys of the operation; `renormalize`; `from`: `source`, `reference` for the first of the references, or `references`
      /// for all.
      let parameters: [String: Parameter]

      /// The values of the operation's own keys.
      func values(of operation: AttentionOperation) throws -> [String: OperationValue] {
        var values: [String: OperationValue] = [:]
        for key in operation.keys {
          switch (key.kind, parameters[key.name]) {
          case (_, nil): continue
          case (.number, .number(let number)): values[key.name] = .number(Float(number))
          case (.seed, .number(let number)): values[key.name] = .seed(Seed(UInt64(number)))
          case (.name, .text(let name)): values[key.name] = .name(name)
          default: Issue.record("\(op).\(key.name): \(String(describing: parameters[key.name]))")
          }
        }
        return values
      }
    }
    let steps: Int
    let guidanceScale: Double
    let pairs: [Pair]
    let cases: [String: [Edit]]
  }

  /// Operations that take from other runs than the pair's source, and pairs whose prompts differ in their tokens.
  struct References: Decodable {
    struct Reference: Decodable {
      let prompt: String
      let seed: Seed

      init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        prompt = try container.decode(String.self)
        seed = try container.decode(Seed.self)
      }
    }
    struct Group: Decodable {
      let source, target: String
      let seed: Seed
      let references: [Reference]
      let cases: [String: [Operations.Edit]]
    }
    let steps: Int
    let guidanceScale: Double
    let groups: [Group]
  }

  @Test func referencesAndPromptsOfOtherTokens() throws {
    let model = try Bundled.model
    let file = try Fixtures.safetensors("references")
    let references = try Fixtures.json("references", as: References.self)
    let sites = model.unet.sites(latentHeight: 16, latentWidth: 16, tokens: 77)
    for (index, group) in references.groups.enumerated() {
      let names = group.cases.keys.sorted()
      let (source, target) = (model.tokenizer.encode(group.source), model.tokenizer.encode(group.target))
      let alignment = TokenAlignment(source: source, target: target)
      #expect((alignment == nil) == (index == 0))
      let runs = names.count + 1
      let settings = DenoisingSettings(
        seed: group.seed, steps: references.steps, guidanceScale: references.guidanceScale, negativePrompt: "",
        scheduler: .ddim, height: 128, width: 128)
      var denoising = try Denoising(
        model,
        prompts: [source] + names.map { _ in target } + group.references.map { model.tokenizer.encode($0.prompt) },
        seeds: Array(repeating: group.seed, count: runs) + group.references.map(\.seed), settings: settings)
      let planned = try names.enumerated().flatMap { run, name in
        try (group.cases[name] ?? []).map { edit in
          let sources: [Int] =
            switch edit.parameters["from"] {
            case .text("reference"): [runs]
            case .text("references"): Array(runs..<(runs + group.references.count))
            default: [0]
            }
          return try edit.planned(run: run + 1, sources: sources, sites: sites, alignment: alignment)
        }
      }
      let plan = try AttentionPlan(
        sites: sites, lanes: denoising.lanes, stepCount: references.steps, tokens: 77, operations: planned, records: [])
      while !denoising.isDone { try denoising.advance(probe: plan.probe(step: denoising.step)) }
      for (run, name) in names.enumerated() {
        let expected = try file.tensor(named: "\(index).\(name)").channelsLast()
        expectClose(try denoising.latents(of: run + 1), expected, tolerance: 1e-3, "group \(index), \(name)")
      }
    }
  }

  @Test func finalLatents() throws {
    let model = try Bundled.model
    let file = try Fixtures.safetensors("operations")
    let operations = try Fixtures.json("operations", as: Operations.self)
    let names = operations.cases.keys.sorted()
    let sites = model.unet.sites(latentHeight: 16, latentWidth: 16, tokens: 77)
    // `dataset_mean` takes from runs of its own: see below. The others here are compared as parts of editing methods, and
    // `cache` by `CachingParityTests`.
    let elsewhere: [AttentionOperation] = [.objectMask, .noisedSource, .cache]
    let expectedOperations = OperationRegistry.all.filter { $0.takesFrom != .dataset && !elsewhere.contains($0) }
    #expect(Set(operations.cases.values.joined().map(\.op)) == Set(expectedOperations.map(\.name)))
    #expect(Set(operations.cases.values.joined().map(\.of)) == Set(AttentionEdit.Place.allCases.map(\.rawValue)))
    for (index, pair) in operations.pairs.enumerated() {
      let settings = DenoisingSettings(
        seed: pair.seed, steps: operations.steps, guidanceScale: operations.guidanceScale, negativePrompt: "",
        scheduler: .ddim, height: 128, width: 128)
      // All cases in one group with their source, as experiments run them.
      let prompts = [pair.source] + names.map { _ in pair.target }
      let planned = try names.enumerated().flatMap { run, name in
        try (operations.cases[name] ?? []).map { edit in
          try edit.planned(run: run + 1, sources: [0], sites: sites)
        }
      }
      let plan = try AttentionPlan(
        sites: sites, lanes: Lane.batch(runs: prompts.count, guided: settings.isGuided), stepCount: operations.steps,
        tokens: 77, operations: planned, records: [])
      var denoising = try Denoising(
        model, prompts: prompts.map(model.tokenizer.encode), settings: settings, promptChanges: plan.promptChanges)
      while !denoising.isDone { try denoising.advance(probe: plan.probe(step: denoising.step)) }
      for (run, name) in names.enumerated() {
        let expected = try file.tensor(named: "\(index).\(name)").channelsLast()
        expectClose(try denoising.latents(of: run + 1), expected, tolerance: 1e-3, "pair \(index), \(name)")
      }
    }
  }

  /// Operations that change nothing leave the bits, also where they go by the way of whole maps.
  @Test func operationsThatChangeNothing() throws {
    let model = try Bundled.model
    let sites = model.unet.sites(latentHeight: 16, latentWidth: 16, tokens: 77)
    let prompts = ["a red car", "a blue car"].map(model.tokenizer.encode)
    let settings = DenoisingSettings(
      seed: 5, steps: 2, guidanceScale: 5, negativePrompt: "", scheduler: .ddim, height: 128, width: 128)
    func run(_ operations: [PlannedOperation]) throws -> Tensor {
      var denoising = try Denoising(model, prompts: prompts, settings: settings)
      let record = PlannedRecord(
        record: 0, sites: Array(0..<32), steps: [0, 1], branches: [.conditional], meanOfHeads: true,
        tokens: try prompts.map { try TokenSelector.all.resolve($0) }, pool: nil, type: .float32)
      let plan = try AttentionPlan(
        sites: sites, lanes: denoising.lanes, stepCount: 2, tokens: 77, operations: operations, records: [record])
      while !denoising.isDone { try denoising.advance(probe: plan.probe(step: denoising.step)) }
      return denoising.latents
    }
    let plain = try run([])
    var random = SeededGenerator(seed: 77)
    for _ in 0..<6 {
      let chosen = (0..<32).filter { _ in Bool.random(using: &random) }
      let place = AttentionEdit.Place.allCases.randomElement(using: &random) ?? .scores
      // A mix of strength 0 is left out of a plan; a mix with a like-minded factor goes through the maps.
      let nothing = PlannedOperation(
        operation: .mix, values: ["strength": 0.0], place: place, run: 1, sources: [0], sites: chosen, steps: [0, 1],
        branches: [.conditional])
      let none = PlannedOperation(
        operation: .zero, place: place, run: 1, sites: chosen, steps: [0], branches: [.conditional],
        tokens: [])
      // Heads that a site does not have: the map is made whole and nothing is changed in it.
      let through = PlannedOperation(
        operation: .scale, values: ["factor": 3.0], place: place, run: 1, sites: chosen, steps: [0, 1],
        branches: [.conditional], heads: [99])
      #expect(try run([nothing, none, through]) == plain, "seed 77, \(place), sites \(chosen)")
    }
  }
}

extension OperationParityTests.Operations.Edit {
  func planned(
    run: Int, sources: [Int], sites: [AttentionSite], alignment: TokenAlignment? = nil
  ) throws -> PlannedOperation {
    let operation = try #require(OperationRegistry.named(op))
    return PlannedOperation(
      operation: operation, values: try values(of: operation),
      place: try #require(AttentionEdit.Place(rawValue: of)), run: run, sources: sources,
      sites: sites.filter { $0.kind.rawValue == kind && layers.contains($0.layer) }.map(\.index), steps: steps,
      branches: [.conditional], heads: heads.map(Set.init), tokens: tokens,
      renormalizes: parameters["renormalize"] == .truth(true), alignment: alignment)
  }
}
