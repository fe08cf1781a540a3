import AttentionStore
import ExperimentFiles
import Foundation
import Pipelines
import Planning
import Reporting
import Results
import Running
import TestSupport

/// A small experiment on the bundled model, changed by overrides as `--set` takes them.
package enum SmallExperiment {
  package static let yaml = """
    version: 1
    name: small
    question: Does it run?
    model: emoji-scenes
    generate:
      pairs:
        - { source: "a red car", target: "a blue car" }
      seeds: [1]
      num_inference_steps: 3
      guidance_scale: 5.0
      scheduler: ddim
    record:
      - { name: words, sites: "cross:*", heads: mean, tokens: all }
      - { name: layout, sites: "self:grid<=1/2", heads: all, steps: [0, 2], pool: 4, dtype: fp16, branch: both }
    interventions:
      none: []
      cross swap: [{ op: replace, sites: "cross:*" }]
      zero: [{ op: zero, sites: "cross:8-10", steps: [1] }]
    metrics: [psnr, ssim]
    figures: []
    budget: { disk: 100 MiB }
    """

  private typealias Loaded = (model: StableDiffusion, hash: String)
  private static let bundled = Result { try load("emoji-scenes") }
  private static let first = Result { try load("emoji-scenes-first") }

  private static func load(_ name: String) throws -> Loaded {
    let folder = try ModelSource.folder(named: name, from: URL(filePath: "/"))
    return (try StableDiffusion(folder: folder), try folder.contentHash(cache: .user()))
  }

  private static func loaded(_ spec: ExperimentSpec) throws -> Loaded {
    try (spec.model == "emoji-scenes-first" ? first : bundled).get()
  }

  package static func model() throws -> StableDiffusion { try bundled.get().model }

  package static func spec(_ overrides: [String] = []) throws -> ExperimentSpec {
    try ExperimentSpec(yaml: yaml, file: "small.yaml", overrides: overrides)
  }

  package static func plan(_ overrides: [String] = []) throws -> ExperimentPlan {
    let spec = try spec(overrides)
    let (model, hash) = try loaded(spec)
    return try ExperimentPlan(spec, model: PlanModel(model.description, hash: hash))
  }

  /// A plan whose hashes are those of every machine and every version of the model's weights.
  package static func portablePlan(_ overrides: [String]) throws -> ExperimentPlan {
    try ExperimentPlan(
      spec(overrides), model: PlanModel(model().description, hash: "the model"), engine: "an engine")
  }

  @discardableResult
  package static func run(_ folder: URL, _ overrides: [String] = []) throws -> RunSummary {
    let results = ResultsFolder(folder.appending(path: "small"))
    let plan = try plan(overrides)
    let summary = try ExperimentRunner(
      plan: plan, model: loaded(plan.spec).model, results: results, progress: SilentProgress()
    ).run()
    try withStore(folder) { _ = try ExperimentReport.write(results: results, store: $0) }
    return summary
  }

  package static func withStore<R>(_ folder: URL, _ body: (AttentionStore) throws -> R) throws -> R {
    let store = try AttentionStore.open(folder.appending(path: "small/small.sqlite"), mode: .readOnly)
    defer { try? store.close() }
    return try body(store)
  }
}
