import Attention
import Foundation
import Tensors
import TestSupport

@testable import AttentionStore

/// A database as `AttentionStore.md` speaks of it, small: one pair with two seeds, edited in two ways, and a single
/// prompt; records `words` (with a negative prompt's half and single heads) and `layout`.
struct DocumentedDatabase {
  let folder: TestFolder
  let store: AttentionStore
  var url: URL { folder.database }

  static let steps = [0, 20]
  static let sites = [(11, AttentionKind.selfAttention), (11, .cross), (12, .cross)].enumerated().map { index, place in
    let (layer, kind) = place
    return AttentionSite(
      index: index, path: "up_blocks.2.attentions.\(layer - 11).transformer_blocks.0.attn\(kind == .cross ? 2 : 1)",
      kind: kind, layer: layer, height: 4, width: 6, heads: 2, latentHeight: 8, latentWidth: 12)
  }

  /// Stored grids are half of the sites'.
  static let (height, width) = (2, 3)

  /// Targets by intervention and seed: SSIM, nil for no metric, NaN for what is no number.
  static let ssim: [String: [Int: Double?]] = [
    "none": [1: 0.5, 2: 0.25], "self 4-14": [1: 0.75, 2: 0.875], "uniform self": [1: .some(.nan), 2: nil],
  ]

  init() throws {
    folder = try TestFolder()
    store = try AttentionStore.open(folder.database, mode: .create)
    var experiment = Samples.experiment
    experiment.spec = "version: 1\nname: first-look\n"
    let names = ["source", "none", "self 4-14", "uniform self"]
    let runs = [1, 2].flatMap { seed in names.map { "\($0) \(seed)" } } + ["dog", "dog 2"]
    try store.beginExperiment(
      experiment, plan: PlanDescription(hash: "plan", runs: runs.map(Self.hash), sites: Self.sites))
    let texts = [["a", "red", "car"], ["a", "blue", "car"], ["a", "dog"], ["fog"]]
    let tokens = texts.map { words in
      PromptTokens(
        prompt: words.joined(separator: " "),
        tokens: [.init(id: 0, piece: "<|startoftext|>", role: .start)]
          + words.enumerated().map { .init(id: 1 + $0, piece: $1 + "</w>", role: .word, word: $0) }
          + [.init(id: 9, piece: "<|endoftext|>", role: .end)],
        words: words, truncatedWords: [])
    }
    let prompts = try store.register(prompts: tokens)
    let sites = try store.register(sites: Self.sites)
    let records = try Samples.register(in: store)
    for (prompt, words) in zip(prompts, texts) {
      let keys = words.enumerated().map { TokenKey(label: $1, positions: [$0 + 1]) }
      try store.register(record: Samples.records[0], keys: [prompt: keys])
    }
    for seed: Seed in [1, 2] {
      let source = run("source \(seed)", "source", prompts[0], negative: prompts[3], seed: seed)
      let targets = ["none", "self 4-14", "uniform self"].map {
        run("\($0) \(seed)", $0, prompts[1], negative: prompts[3], source: source.hash, seed: seed)
      }
      try make([source] + targets, texts: [3] + targets.map { _ in 3 }, negative: 1, sites, records)
    }
    try store.setProbe(Samples.probe)
    // A single prompt has no source; with guidance off there is no negative prompt either.
    try make([run("dog", "none", prompts[2], seed: 1)], texts: [2], negative: nil, sites, records)
  }

  /// A hash that can be read: `self4142` of `self 4-14 2`.
  private static func hash(_ words: String) -> String { words.filter { $0.isLetter || $0.isNumber } }

  private func run(
    _ hash: String, _ intervention: String, _ prompt: PromptID, negative: PromptID? = nil, source: String? = nil,
    seed: Seed
  ) -> RunDescription {
    RunDescription(
      hash: Self.hash(hash), role: source == nil ? .source : .target,
      intervention: intervention, prompt: prompt, sourceHash: source, seed: seed,
      setting: SettingDescription(
        numInferenceSteps: 21, guidanceScale: 5, scheduler: "ddim", height: 64, width: 96, negativePrompt: negative))
  }

  /// - Parameters:
  ///   - texts: The number of words of each run's prompt.
  ///   - negative: The number of words of the negative prompt; nil for none.
  private func make(
    _ runs: [RunDescription], texts: [Int], negative: Int?, _ sites: [SiteID], _ records: [RecordID]
  ) throws {
    let hash = "group\(runs[0].hash)"
    let group = try store.beginGroup(hash: hash, runs: runs)
    for step in Self.steps {
      var maps: [MapRow] = []
      for (run, words) in zip(group.runs, texts) {
        func add(_ record: Int, _ site: Int, _ branch: GuidanceBranch, head: Int?, keys: Int) {
          let type = record == 0 ? MapType.float16 : .float32
          let values = (0..<(Self.height * Self.width * keys)).map { Float($0) / 64 }
          maps.append(
            MapRow(
              run: run.id, record: records[record], site: sites[site], branch: branch, head: head, height: Self.height,
              width: Self.width, keys: keys, type: type, data: type.encode(values)))
        }
        for site in [1, 2] { add(0, site, .conditional, head: nil, keys: words) }
        for head in 0..<2 { add(0, 2, .conditional, head: head, keys: words) }
        if let negative { add(0, 1, .unconditional, head: nil, keys: negative) }
        add(1, 0, .conditional, head: nil, keys: Self.height * Self.width)
      }
      try store.commitStep(groupHash: hash, step: step, timestep: Double(900 - step), state: Data(), maps: maps)
    }
    let results = group.runs.map { run in
      let ssim = run.sourceID == nil ? nil : Self.ssim[run.run.intervention]?[Int(run.run.seed.value)] ?? nil
      let picture = Artifact(.picture, of: run.run.hash, sha256: "00")
      return RunResult(run: run.id, artifacts: [picture], metrics: ssim.map { ["ssim": $0] } ?? [:])
    }
    try store.finishGroup(hash: hash, results: results)
  }
}
