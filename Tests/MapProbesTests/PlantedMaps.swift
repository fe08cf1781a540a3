import Attention
import AttentionStore
import Checkpoints
import ExperimentFiles
import ExperimentSupport
import Files
import Foundation
import Planning
import Results
import Tensors
import TestSupport

/// A bank of maps that no model made: a color is a pattern in the word's map at step 2 and nowhere else, and which way the thing
/// faces one at step 1; all else is noise.
///
/// Every map has mass 1 over its cells, so that mass tells nothing.
struct PlantedMaps {
  static let colors = ["red", "blue", "green"]
  let results: ResultsFolder
  let store: AttentionStore
  let plan: ExperimentPlan

  static let probes = """
    probes:
      lists: { color: [red, blue, green], thing: [car, boat] }
      probes:
        - name: words
          says: does the map of the color's word tell the color?
          label: color
          features: { record: words, calls: [0, 2] }
          registered: { sites: "cross:1", calls: [2] }
        - name: thing
          says: does the map of the color's word tell the thing?
          label: thing
          features: { record: words, word: "{color}", calls: [2], heads: each }
      tests:
        - { says: the color is told, probe: words, above: 0.3 }
        - { says: beyond mass, probe: words, at: registered, over: mass, above: 0.2 }
        - { says: in bits, probe: words, measure: bits, at: registered, above: 0.2 }
        - { says: the thing is told, probe: thing, above: 0.3 }
    """

  /// Right or left, as no prompt tells; nil for a few pictures.
  static func facing(_ key: RunKey) -> Double? {
    let color = colors.firstIndex { key.prompt.contains(" \($0) ") } ?? 0
    if key.seed == 9, color == 2 { return nil }
    return Double((Int(key.seed.value) + color + (key.prompt.hasSuffix("car") ? 0 : 1)) % 2)
  }

  static func yaml(probes: String = probes, metrics: String = "[]", latents: String? = nil) -> String {
    """
    version: 1
    name: small
    question: What do maps know?
    model: emoji-scenes
    generate:
      prompts: [{ template: "a {color} {thing}", lists: { color: [red, blue, green], thing: [car, boat] } }]
      seeds: [1, 2, 3, 4, 5, 6, 7, 8, 9]
      num_inference_steps: 3
      guidance_scale: 5.0
    record: [{ name: words, sites: "cross:*", heads: all, tokens: words }]
    metrics: \(metrics)
    \(latents.map { "input_latents: \($0)" } ?? "")
    \(probes)
    """
  }

  init(_ root: URL, yaml: String = yaml()) throws {
    results = ResultsFolder(root.appending(path: "small"))
    try FileManager.default.createDirectory(at: results.url, withIntermediateDirectories: true)
    store = try AttentionStore.open(results.database, mode: .create)
    plan = try SyntheticResults.plan(
      ExperimentSpec(yaml: yaml, file: "e.yaml"), sites: SyntheticResults.sites, size: GridSize(height: 16, width: 24))
    try SyntheticResults.begin(plan, store)
    let site = try store.register(sites: SyntheticResults.sites)[1]
    var noise = Noise(state: 7)
    for group in plan.groups {
      let runs = try SyntheticResults.descriptions(group, store)
      var record: RecordID?
      for (run, planned) in zip(runs, group.runs) {
        record = try store.register(
          record: RecordDescription(name: "words", spec: "cross:*", of: .probabilities),
          keys: [run.prompt: try TokenSelector.words.resolve(planned.prompt)])
      }
      guard let record else { continue }
      let stored = try store.beginGroup(hash: group.hash, runs: runs).runs
      for step in 0..<3 {
        let maps = zip(stored, group.runs).flatMap { run, planned -> [MapRow] in
          (0..<2).map { head in
            let color = Self.colors.firstIndex { planned.key.prompt.contains(" \($0) ") } ?? 0
            let planted = step == 1 ? Self.facing(planned.key).map { 2 * Int($0) + 1 } : step == 2 ? 2 * color : nil
            let values = Self.map(planted: planted, &noise)
            return MapRow(
              run: run.id, record: record, site: site, branch: .conditional, head: head, height: 2, width: 3, keys: 3,
              type: .float32, data: MapType.float32.encode(values))
          }
        }
        try store.commitStep(
          groupHash: group.hash, step: step, timestep: Double(900 - 300 * step), state: Data(), maps: maps)
      }
      try store.finishGroup(
        hash: group.hash,
        results: try zip(stored, group.runs).map { run, planned in
          RunResult(
            run: run.id, artifacts: try group.inputLatentSteps.map { try latents($0, planned) },
            metrics: ["facing_right": Self.facing(planned.key) ?? .nan])
        })
    }
  }

  /// The file of what a model was given, whose first number says which way the thing faces.
  private func latents(_ step: Int, _ run: PlannedRun) throws -> Artifact {
    let file = RunFile.inputLatents(step: step)
    let url = results.url.appending(path: file.path(of: run.hash))
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    let values: [Float] = [Float(Self.facing(run.key) ?? 0.5), Float(run.key.seed.value % 3), 1, 0]
    try SafetensorsWriter.write([("latents", Tensor(values, shape: [1, 1, 2, 2]))], to: url)
    return Artifact(file, of: run.hash, sha256: sha256(try Data(contentsOf: url)))
  }

  /// `[6 cells, 3 words]`; the color's word is the second.
  private static func map(planted: Int?, _ noise: inout Noise) -> [Float] {
    let words = (0..<3).map { word -> [Float] in
      var cells = (0..<6).map { _ in 1 + noise.next() }
      if word == 1, let planted { cells[planted] += 3 }
      let sum = cells.reduce(0, +)
      return cells.map { $0 / sum }
    }
    return (0..<6).flatMap { cell in words.map { $0[cell] } }
  }

  /// Uniform in 0...1, the same on every machine.
  struct Noise {
    var state: UInt64
    mutating func next() -> Float {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(state >> 40) / Float(1 << 24)
    }
  }
}
