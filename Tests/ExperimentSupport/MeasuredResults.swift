import Attention
import AttentionStore
import Comparing
import ExperimentFiles
import Foundation
import Planning
import Results
import Running
import Tensors
import TestSupport

/// Results whose metrics are a function of what was run; no model made them, and they hold no maps.
package struct MeasuredResults {
  /// What a run is.
  package struct Run {
    package let intervention: String
    package let source: String
    package let target: String
    package let seed: UInt64

    package init(intervention: String, source: String, target: String, seed: UInt64) {
      self.intervention = intervention
      self.source = source
      self.target = target
      self.seed = seed
    }
  }

  package let results: ResultsFolder
  package let store: AttentionStore

  /// Three blocks, so six sites.
  package static let sites = (0..<6).map { index in
    AttentionSite(
      index: index, path: "down_blocks.\(index / 2).attentions.0.transformer_blocks.0.attn\(index % 2 + 1)",
      kind: index % 2 == 0 ? .selfAttention : .cross, layer: index / 2 + 1, height: 2, width: 2, heads: 2,
      latentHeight: 2, latentWidth: 2)
  }

  package static let interventions = """
    { none: [], late: [{ op: replace, sites: "self:2-3", steps: [2] }], \
    early: [{ op: replace, sites: "self:1", steps: [0, 1] }, { op: zero, sites: "cross:2", steps: [1] }], \
    first: [{ op: uniform, sites: "cross:1" }] }
    """

  /// - Parameters:
  ///   - lines: of the experiment file, beside the usual ones.
  ///   - settings: of `generate`, in the same way, as `guidance_scale: 5`.
  ///   - sources: metrics of a source by name.
  ///   - metrics: of a target by name; nil: its group fails.
  package init(
    _ root: URL, name: String = "small", pairs: Int = 2, seeds: [UInt64] = [1, 2],
    interventions: String = interventions, names: String = "[psnr, ssim]", lines: String = "",
    settings: String = "batch: 24",
    sources: (Run) -> [String: Double] = { _ in [:] }, metrics: (Run) -> [String: Double]?
  ) throws {
    results = ResultsFolder(root.appending(path: name))
    try FileManager.default.createDirectory(at: results.url, withIntermediateDirectories: true)
    store = try AttentionStore.open(results.database, mode: .create)
    let pairTexts = (0..<pairs).map { "{ source: source \($0), target: target \($0) }" }
    let spec = try ExperimentSpec(
      yaml: """
        version: 1
        name: \(name)
        model: emoji-scenes
        generate: { pairs: [\(pairTexts.joined(separator: ", "))], seeds: \(seeds), num_inference_steps: 3, \(settings) }
        interventions: \(interventions)
        metrics: \(names)
        \(lines)
        """, file: "e.yaml")
    let plan = try SyntheticResults.plan(spec, sites: Self.sites, size: GridSize(height: 16, width: 16))
    try SyntheticResults.begin(plan, store)
    for made in plan.groups { try group(made, sources, metrics) }
  }

  private func group(
    _ group: PlannedGroup, _ sources: (Run) -> [String: Double], _ metrics: (Run) -> [String: Double]?
  ) throws {
    let stored = try store.beginGroup(hash: group.hash, runs: SyntheticResults.descriptions(group, store)).runs
    var values: [RunResult] = []
    for (run, planned) in zip(stored, group.runs) {
      let key = planned.key
      let what = Run(
        intervention: key.intervention, source: group.runs[0].prompt.prompt,
        target: key.source == nil ? group.runs[1].prompt.prompt : key.prompt, seed: key.seed.value)
      guard key.source != nil else {
        values.append(RunResult(run: run.id, metrics: sources(what)))
        continue
      }
      guard let found = metrics(what) else {
        let all = stored.map { ($0.id, "it broke") }
        return try store.finishGroup(hash: group.hash, results: [], failures: Dictionary(uniqueKeysWithValues: all))
      }
      values.append(RunResult(run: run.id, metrics: found))
    }
    try store.finishGroup(hash: group.hash, results: values)
  }

  package func comparable() throws -> ComparableResults { try ComparableResults(results: results, store: store) }
}
