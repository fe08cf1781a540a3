import Attention
import AttentionStore
import ExperimentFiles
import Foundation
import Pipelines
import Planning
import Plotting
import Reporting
import Results
import Running
import Schedulers
import Tensors
import TestSupport

/// Results of an experiment that no model made: small maps and pictures of known values.
///
/// Two attentions of 2 x 3 cells, latents of 2 x 3 cells, pictures of 24 x 16 pixels, three steps.
package struct SyntheticResults {
  package let results: ResultsFolder
  package let store: AttentionStore

  package static let sites = [
    AttentionSite(
      index: 0, path: "down_blocks.0.attentions.0.transformer_blocks.0.attn1", kind: .selfAttention, layer: 1,
      height: 2,
      width: 3, heads: 2, latentHeight: 2, latentWidth: 3),
    AttentionSite(
      index: 1, path: "down_blocks.0.attentions.0.transformer_blocks.0.attn2", kind: .cross, layer: 1, height: 2,
      width: 3, heads: 2, latentHeight: 2, latentWidth: 3),
  ]

  /// `generate`, `record` and so on, as lines of an experiment file.
  package static func spec(
    pairs: String = "[{ source: a red car, target: a blue car }]", prompts: String = "[]", seeds: String = "[1]",
    interventions: String = "{ none: [], swap: [{ op: replace, sites: \"self:*\", steps: { fraction: [0, 0.7] } }] }",
    record: String =
      "[{ name: words, sites: \"cross:*\" }, { name: heads, sites: \"*:*\", heads: all, steps: [0, 2], dtype: fp16 }]",
    metrics: String = "[psnr, ssim]",
    figures: String = "[side_by_side, word_heatmaps, layer_step_grid, self_attention]"
  ) -> String {
    """
    version: 1
    name: small
    question: What does *attention* do?
    model: emoji-scenes
    generate: { pairs: \(pairs), prompts: \(prompts), seeds: \(seeds), num_inference_steps: 3, guidance_scale: 5.0 }
    record: \(record)
    interventions: \(interventions)
    metrics: \(metrics)
    figures: \(figures)
    """
  }

  /// - Parameters:
  ///   - finishing: Which groups are finished; the others fail after their first step.
  ///   - psnr: Of a target, by its intervention.
  package init(
    _ root: URL, spec yaml: String = spec(), name: String = "small",
    finishing: (_ prompt: String) -> Bool = { _ in true },
    psnr: (_ intervention: String) -> Double = { $0 == "none" ? .infinity : 12.5 }
  ) throws {
    results = ResultsFolder(root.appending(path: name))
    try FileManager.default.createDirectory(at: results.url, withIntermediateDirectories: true)
    store = try AttentionStore.open(results.database, mode: .create)
    let plan = try Self.plan(
      ExperimentSpec(yaml: yaml, file: "e.yaml"), sites: Self.sites, size: GridSize(height: 16, width: 24))
    try Self.begin(plan, store)
    let sites = try store.register(sites: Self.sites)
    let records = try plan.spec.record.map { try store.register(record: Self.description($0)) }
    for made in plan.groups { try group(made, plan.spec, sites, records, finishing(made.runs[0].prompt.prompt), psnr) }
  }

  /// The plan of an experiment with a model that there is not.
  package static func plan(_ spec: ExperimentSpec, sites: [AttentionSite], size: GridSize) throws -> ExperimentPlan {
    let model = PlanModel(
      name: "emoji-scenes", hash: "30de1",
      memory: MemoryEstimate(weights: 1, scale: 8, firstChannels: 1, widestChannels: 1), scale: 8, defaultSize: size,
      schedulerConfiguration: SchedulerConfiguration(), ownScheduler: { () throws(SchedulerError) in .ddim },
      checkSize: { (_, _) throws(SizeError) in }, sites: { _, _ in sites },
      siteChannels: sites.map { vectorLength * $0.heads }, encode: tokens)
    return try ExperimentPlan(spec, model: model, engine: "an engine")
  }

  private static func description(_ record: RecordSpec) -> RecordDescription {
    RecordDescription(name: record.name, spec: record.sites, of: record.of)
  }

  package static func begin(_ plan: ExperimentPlan, _ store: AttentionStore) throws {
    try store.beginExperiment(
      StoredExperiment(
        name: plan.spec.name, question: plan.spec.question, spec: plan.spec.resolvedYAML(), specHash: "5bec",
        model: plan.spec.model, modelHash: plan.modelHash, toolVersion: "0.1.0", engine: plan.engine),
      plan: plan.described())
  }

  package static func descriptions(_ group: PlannedGroup, _ store: AttentionStore) throws -> [RunDescription] {
    let settings = group.settings
    return try group.runs.map { run in
      RunDescription(
        hash: run.hash, role: run.role, intervention: run.intervention,
        prompt: try store.register(prompts: [run.prompt])[0], sourceHash: run.source, seed: settings.seed,
        setting: SettingDescription(
          numInferenceSteps: settings.steps, guidanceScale: settings.guidanceScale,
          scheduler: settings.scheduler.rawValue, height: settings.height, width: settings.width))
    }
  }

  private func group(
    _ group: PlannedGroup, _ spec: ExperimentSpec, _ sites: [SiteID], _ records: [RecordID], _ isFinished: Bool,
    _ psnr: (String) -> Double
  ) throws {
    let hash = group.hash
    let runs = try Self.descriptions(group, store)
    for (run, planned) in zip(runs, group.runs) {
      for record in spec.record {
        let keys = record.of.hasTokens ? try record.tokens.resolve(planned.prompt) : []
        try store.register(record: Self.description(record), keys: [run.prompt: keys])
      }
    }
    let stored = try store.beginGroup(hash: hash, runs: runs).runs
    for step in 0..<(isFinished ? 3 : 1) {
      try store.commitStep(
        groupHash: hash, step: step, timestep: Double(900 - 300 * step), state: Data(),
        maps: maps(step, stored, group.runs.map(\.prompt.prompt), spec, sites, records))
    }
    guard isFinished else {
      let why = "no room left in \(results.url.path)/small.sqlite"
      return try store.finishGroup(
        hash: hash, results: [], failures: Dictionary(uniqueKeysWithValues: stored.map { ($0.id, why) }))
    }
    try store.finishGroup(
      hash: hash,
      results: stored.enumerated().map { index, run in
        let picture = Artifact(.picture, of: run.run.hash, sha256: "")
        let place = results.url.appending(path: picture.path)
        try FileManager.default.createDirectory(
          at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try PNG.write(Self.picture(shade: UInt8(20 * index)), to: place)
        let metrics: [String: Double] =
          run.sourceID == nil ? [:] : ["psnr": psnr(run.run.intervention), "ssim": 0.25 * Double(index)]
        return RunResult(
          run: run.id, artifacts: [picture], metrics: metrics)
      })
  }

  private func maps(
    _ step: Int, _ runs: [StoredRun], _ prompts: [String], _ spec: ExperimentSpec, _ sites: [SiteID],
    _ records: [RecordID]
  ) throws -> [MapRow] {
    try zip(runs, prompts).flatMap { run, prompt in
      try zip(spec.record, records).flatMap { record, id -> [MapRow] in
        guard try record.steps.resolve(count: 3).contains(step) else { return [] }
        return try SiteSelector(record.sites).resolve(Self.sites).flatMap { site -> [MapRow] in
          let tokens = try record.tokens.resolve(Self.tokens(prompt)).count
          let isRow = site.kind == .cross && [.keys, .values].contains(record.of)
          let (height, width) = isRow ? (1, Self.vectorLength) : (2, 3)
          let hasTokens = site.kind == .cross && record.of.hasTokens
          let keys = hasTokens ? tokens : record.of.isMap ? 6 : Self.vectorLength
          return (0..<(record.heads == .mean ? 1 : 2)).map { head in
            let type: MapType = record.dtype == .float16 ? .float16 : .float32
            return MapRow(
              run: run.id, record: id, site: sites[site.index], branch: .conditional,
              head: record.heads == .mean ? nil : head, height: height, width: width, keys: keys, type: type,
              data: type.encode(Self.values(step: step, head: head, count: height * width * keys)))
          }
        }
      }
    }
  }

  /// Values of a head's query, key or value.
  package static let vectorLength = 4

  /// Multiples of 1/64, exact in both encodings.
  package static func values(step: Int, head: Int, count: Int) -> [Float] {
    (0..<count).map { Float(($0 * 5 + step * 3 + head * 8) % 61) / 64 }
  }

  /// `<start>`, the words (`giraffe` in two pieces), `<end>` and one `<padding>`.
  package static func tokens(_ prompt: String) -> PromptTokens {
    let words = prompt.split(separator: " ").map(String.init)
    var tokens = [PromptTokens.Token(id: 0, piece: "<|startoftext|>", role: .start)]
    for (index, word) in words.enumerated() {
      let pieces = word == "giraffe" ? ["gir", "affe</w>"] : [word + "</w>"]
      for piece in pieces { tokens.append(.init(id: 1 + piece.utf8.count, piece: piece, role: .word, word: index)) }
    }
    tokens.append(.init(id: 99, piece: "<|endoftext|>", role: .end))
    tokens.append(.init(id: 99, piece: "<|endoftext|>", role: .padding))
    return PromptTokens(prompt: prompt, tokens: tokens, words: words, truncatedWords: [])
  }

  package static func picture(shade: UInt8) throws -> Picture {
    try Picture(
      width: 24, height: 16, pixels: (0..<(24 * 16 * 3)).map { UInt8(truncatingIfNeeded: $0) / 2 &+ shade })
  }

  package func report() throws -> String {
    _ = try ExperimentReport.write(results: results, store: store)
    return try String(contentsOf: results.report, encoding: .utf8)
  }

  package func table(_ name: String) throws -> String {
    try String(contentsOf: results.tables.appending(path: name), encoding: .utf8)
  }

  /// The committed files by name, with their bytes.
  package func committed() throws -> [String: Data] {
    var files = ["report.md": try Data(contentsOf: results.report)]
    for folder in [results.figures, results.tables] {
      for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
        files[name] = try Data(contentsOf: folder.appending(path: name))
      }
    }
    return files
  }
}
