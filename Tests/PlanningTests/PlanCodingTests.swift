import ExperimentSupport
import Foundation
import Measures
import TestSupport
import Testing

@testable import Planning

/// A plan is written down when a run begins and read back by whatever looks at the results.
@Suite struct PlanCodingTests {
  private static let large = [
    """
    generate={
      pairs: [{ source: "a red car", target: "a blue car" }, { source: "a red car", target: "two blue cars" }],
      seeds: [1, 18446744073709551615], height: 64, width: 128, negative_prompt: "grey",
      batch: 3, sweep: { guidance_scale: [1.5, 5.0], scheduler: [ddim, pndm] }, num_inference_steps: 5
    }
    """,
    """
    interventions={
      none: [], cross swap: [{ op: replace, sites: "cross:*", steps: { fraction: [0, 0.8] } }],
      mean: [{ op: dataset_mean, sites: "self:*", prompts: ["a green house"], seeds: [1, 2] }],
      other noise: [{ op: mix, strength: 0.5, sites: "self:1", source_seed: 7 }],
      heads: [{ op: zero, sites: "cross:2", heads: [0], branch: both }]
    }
    """,
    "predicted_clean={ from: 0, to: 5, every: 2 }",
  ]

  private func read(_ plan: ExperimentPlan) throws -> ExperimentPlan {
    try JSONDecoder().decode(ExperimentPlan.self, from: JSONEncoder().encode(plan))
  }

  @Test func everythingComesBack() throws {
    let plan = try SmallExperiment.portablePlan(Self.large)
    let again = try read(plan)
    #expect(again.spec == plan.spec && again.spec.resolvedYAML() == plan.spec.resolvedYAML())
    #expect(again.modelName == plan.modelName && again.modelHash == plan.modelHash && again.engine == plan.engine)
    #expect(again.sites == plan.sites && again.height == plan.height && again.width == plan.width)
    #expect(again.negativePrompt == plan.negativePrompt && again.remarks == plan.remarks)
    #expect(again.groups.count == plan.groups.count && plan.groups.count == 40)
    for (a, b) in zip(again.groups, plan.groups) {
      #expect(a.hash == b.hash && a.settings == b.settings && a.settingsLabel == b.settingsLabel)
      #expect(a.runs == b.runs && a.references == b.references && a.predictedSteps == b.predictedSteps)
      #expect(a.stepCount == b.stepCount && a.mapCount == b.mapCount && a.mapBytes == b.mapBytes)
      #expect(again.identityText(of: a) == plan.identityText(of: b))
    }
  }

  @Test func whatEveryAttentionDoesComesBack() throws {
    let plan = try SmallExperiment.portablePlan(Self.large)
    let again = try read(plan)
    for (a, b) in zip(again.groups, plan.groups) {
      let (found, wanted) = (try again.attention(of: a), try plan.attention(of: b))
      #expect(found.mapCount == wanted.mapCount && found.lanes == wanted.lanes && found.stepCount == wanted.stepCount)
      for step in 0..<wanted.stepCount {
        for source in 0..<b.laneCount {
          #expect(found.takers(from: source, step: step) == wanted.takers(from: source, step: step))
        }
      }
    }
  }

  @Test func keysNameEachRunOnce() throws {
    let plan = try SmallExperiment.portablePlan(Self.large)
    let keys = plan.groups.flatMap { $0.runs.map(\.key) }
    #expect(Set(keys) == Set(plan.spec.runKeys))
    // Sources are made again in each group of their targets.
    #expect(plan.spec.runKeys.count == Set(plan.spec.runKeys).count && keys.count > plan.spec.runKeys.count)
    let target = try #require(plan.groups[0].runs.last)
    #expect(target.key.ofSource == plan.groups[0].runs[0].key && target.key.ofSource?.ofSource == nil)
    #expect("\(target.key)" == "a red car -> a blue car, seed 1, cross swap, \(plan.settings[0].label)")
  }

  @Test(arguments: [
    ("\"format\":1", "\"format\":2", "format is 2, expected 1"),
    ("\"makeUp\":0", "\"makeUp\":999", "there is no make-up 999"),
    ("\"negativePrompt\":0", "\"negativePrompt\":-1", "there is no prompt -1"),
    ("\"callCount\":3", "\"callCount\":0", "a site, step or record that there is not"),
    ("\"height\":64", "\"height\":0", "height and width: 1 to 8192"),
    ("\"seeds\":[1]", "\"seeds\":[]", "the experiment has no seeds"),
    ("\"layer\":7", "\"layer\":-1", "a place, layer, number of heads or size that there is not"),
    ("\"layer\":7", "\"layer\":1000000000000000", "a place, layer, number of heads or size that there is not"),
  ])
  func whatCannotBeIsRefused(_ old: String, _ new: String, _ problem: String) throws {
    let plan = try SmallExperiment.portablePlan(["generate.height=64", "generate.width=64"])
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let text = String(decoding: try encoder.encode(plan), as: UTF8.self)
    #expect(text.contains(old), "\(old) in \(text.prefix(3000))")
    let error = #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(ExperimentPlan.self, from: Data(text.replacingOccurrences(of: old, with: new).utf8))
    }
    #expect(error.map { "\($0)" }?.contains(problem) ?? false, "\(String(describing: error))")
  }

  @Test func hashesAreOfWhatTheyName() throws {
    let plan = try SmallExperiment.portablePlan([])
    let hash = plan.groups[0].hash
    let text = String(decoding: try JSONEncoder().encode(plan), as: UTF8.self)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(
        ExperimentPlan.self, from: Data(text.replacingOccurrences(of: hash, with: "../../precious").utf8))
    }
  }
}
