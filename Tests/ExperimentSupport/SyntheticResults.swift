import Attention
import AttentionStore
import Foundation
import Planning
import Plotting
import Reporting
import Results
import Tensors

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
    let spec = try ExperimentSpec(yaml: yaml, file: "e.yaml")
    try store.beginExperiment(
      StoredExperiment(
        name: spec.name, question: spec.question, spec: spec.resolvedYAML(), specHash: "5bec", model: spec.model,
        modelHash: "30de1", toolVersion: "0.1.0", engine: "an engine"))
    try fill(spec, finishing, psnr)
  }

  private func fill(_ spec: ExperimentSpec, _ finishing: (String) -> Bool, _ psnr: (String) -> Double) throws {
    let sites = try store.register(sites: Self.sites)
    let records = try store.register(records: spec.record.map { RecordDescription(name: $0.name, spec: $0.sites) })
    let generate = spec.generate
    for seed in generate.seeds {
      var sources: [String] = []
      for source in generate.pairs.map(\.source) where !sources.contains(source) {
        sources.append(source)
        let targets = generate.pairs.filter { $0.source == source }.map(\.target)
        let members =
          [("source", source)] + targets.flatMap { target in spec.interventions.map { ($0.name, target) } }
        try group(members, hasSource: true, seed, spec, sites, records, finishing(source), psnr)
      }
      for prompt in generate.prompts {
        try group(
          spec.interventions.map { ($0.name, prompt) }, hasSource: false, seed, spec, sites, records, finishing(prompt),
          psnr)
      }
    }
  }

  private func group(
    _ members: [(intervention: String, prompt: String)], hasSource: Bool, _ seed: UInt64, _ spec: ExperimentSpec,
    _ sites: [SiteID], _ records: [RecordID], _ isFinished: Bool, _ psnr: (String) -> Double
  ) throws {
    let hash = Self.hash("group \(members.map { "\($0)" }) \(seed)")
    let runs = try members.enumerated().map { index, member in
      let tokens = Self.tokens(member.prompt)
      let prompt = try store.register(prompts: [tokens])[0]
      for (record, id) in zip(spec.record, records) {
        let keys = try record.tokens.resolve(tokens).map { RecordKey(label: $0.label, positions: $0.positions) }
        try store.register(keys: keys, of: id, for: prompt)
      }
      let isSource = spec.interventions.first { $0.name == member.intervention }?.operations.isEmpty ?? true
      return RunDescription(
        hash: Self.hash("\(hash) \(index)"),
        role: hasSource ? (index == 0 ? .source : .target) : isSource ? .source : .target,
        intervention: member.intervention, prompt: prompt,
        sourceHash: hasSource && index > 0 ? Self.hash("\(hash) 0") : nil, seed: seed,
        height: 16,
        width: 24, steps: 3, guidanceScale: 5, scheduler: "ddim")
    }
    let stored = try store.beginGroup(hash: hash, runs: runs).runs
    for step in 0..<(isFinished ? 3 : 1) {
      try store.commitStep(
        groupHash: hash, step: step, timestep: Double(900 - 300 * step), state: Data(),
        maps: maps(step, stored, members.map(\.prompt), spec, sites, records))
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
          let keys = site.kind == .cross ? tokens : 6
          return (0..<(record.heads == .mean ? 1 : 2)).map { head in
            let encoding: MapEncoding = record.dtype == .float16 ? .float16 : .float32
            return MapRow(
              run: run.id, record: id, site: sites[site.index], branch: .conditional,
              head: record.heads == .mean ? nil : head, height: 2, width: 3, keys: keys, encoding: encoding,
              data: encoding.encode(Self.values(step: step, head: head, count: 6 * keys)))
          }
        }
      }
    }
  }

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

  /// 64 hexadecimal digits of a text, the same in every process: FNV-1a, four times over.
  package static func hash(_ text: String) -> String {
    (0..<4).map { round in
      var state: UInt64 = 0xcbf2_9ce4_8422_2325 &+ UInt64(round)
      for byte in text.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
      let digits = String(state, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
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
