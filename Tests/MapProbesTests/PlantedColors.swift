import Attention
import AttentionStore
import ExperimentFiles
import ExperimentSupport
import Foundation
import Planning
import Results
import Tensors
import Testing

@testable import MapProbes

/// An experiment that no model made, whose maps differ in one value alone: the one that a pattern raises for each run.
///
/// Nothing is noise, so that shares are exact. A value that no training picture raises is the same in all of them and
/// tells a probe nothing. The probe then says the same class of all pictures that raise such values: where half of them
/// are of each of two classes, half are told right.
struct PlantedColors {
  /// Which of the twelve values of a run's two heads is raised, in the map of the color's word.
  enum Pattern: Sendable {
    /// None: all maps are the same.
    case nothing
    /// A value for each color.
    case color
    /// A value for each of two colors of a car, and others of a boat.
    case colorOfThing
    /// A value for each of two colors of each thing, and others after "the" than after "a".
    case colorOfTemplate
    /// A value for each of two colors at each seed; a seed shares them with the seed that is greater by six.
    case colorOfSeed
    /// As `color`, where boats exchange red and blue.
    case exchangedInBoats
    /// As `color`, of the prompt of the source.
    case colorOfSource
    /// As `color`, of the one of three colors that neither the source nor the target names.
    case thirdColor

    /// From 0, the first head's six values before those of the second; nil for none.
    func value(of key: RunKey) -> Int? {
      let color = number(of: PlantedColors.colors, in: key.prompt)
      let thing = number(of: PlantedColors.things, in: key.prompt)
      let source = number(of: PlantedColors.colors, in: key.source ?? key.prompt)
      switch self {
      case .nothing: return nil
      case .color: return color
      case .colorOfThing: return 2 * thing + color
      case .colorOfTemplate: return (key.prompt.hasPrefix("the ") ? 4 : 0) + 2 * thing + color
      case .colorOfSeed: return 2 * Int(key.seed.value % 6) + color
      case .exchangedInBoats: return thing == 1 ? 1 - color : color
      case .colorOfSource: return source
      case .thirdColor: return 3 - color - source
      }
    }

    private func number(of words: [String], in prompt: String) -> Int {
      let parts = prompt.split(separator: " ").map(String.init)
      return words.firstIndex { parts.contains($0) } ?? 0
    }
  }

  static let colors = ["red", "blue", "green"]
  static let things = ["car", "boat", "cup"]
  let results: ResultsFolder
  let store: AttentionStore
  let plan: ExperimentPlan

  /// An entry of `prompts`: the color is the second of three words.
  static func template(_ article: String = "a", colors: [String], things: [String]) -> String {
    "{ template: \"\(article) {color} {thing}\", lists: { color: \(colors), thing: \(things) } }"
  }

  /// - Parameters:
  ///   - root: the folder that holds a folder for each experiment.
  ///   - subjects: `prompts` or `pairs`, as one line of the file.
  ///   - interventions: as in the file.
  ///   - probes: the section, or nothing.
  init(
    _ root: URL, _ pattern: Pattern, name: String = "small", subjects: String, seeds: some Sequence<Int>,
    interventions: String = "{ none: [] }", probes: String = ""
  ) throws {
    let yaml = """
      version: 1
      name: \(name)
      question: What do maps know?
      model: emoji-scenes
      generate:
        \(subjects)
        seeds: \(Array(seeds))
        num_inference_steps: 3
        guidance_scale: 5.0
      record: [{ name: words, sites: "cross:*", heads: all, steps: [1], tokens: words }]
      interventions: \(interventions)
      metrics: []
      \(probes)
      """
    results = ResultsFolder(root.appending(path: name))
    try FileManager.default.createDirectory(at: results.url, withIntermediateDirectories: true)
    store = try AttentionStore.open(results.database, mode: .create)
    plan = try SyntheticResults.plan(
      ExperimentSpec(yaml: yaml, file: "e.yaml"), sites: SyntheticResults.sites, size: .init(height: 16, width: 24))
    try SyntheticResults.begin(plan, store)
    let site = try store.register(sites: SyntheticResults.sites)[1]
    for group in plan.groups { try plant(pattern, group, site) }
  }

  private func plant(_ pattern: Pattern, _ group: PlannedGroup, _ site: SiteID) throws {
    let runs = try SyntheticResults.descriptions(group, store)
    let keys = try zip(runs, group.runs).map { run, planned in
      (run.prompt, try TokenSelector.words.resolve(planned.prompt))
    }
    let record = try store.register(
      record: RecordDescription(name: "words", spec: "cross:*", of: .probabilities),
      keys: Dictionary(keys, uniquingKeysWith: { first, _ in first }))
    let stored = try store.beginGroup(hash: group.hash, runs: runs).runs
    let maps = zip(stored, group.runs).flatMap { run, planned -> [MapRow] in
      let raised = pattern.value(of: planned.key)
      return (0..<2).map { head in
        MapRow(
          run: run.id, record: record, site: site, branch: .conditional, head: head, height: 2, width: 3, keys: 3,
          type: .float32, data: MapType.float32.encode(Self.map(raising: raised.map { $0 - 6 * head })))
      }
    }
    try store.commitStep(groupHash: group.hash, step: 1, timestep: 600, state: Data(), maps: maps)
    try store.finishGroup(hash: group.hash, results: stored.map { RunResult(run: $0.id) })
  }

  /// `[6 cells, 3 words]`; a number that is no cell raises none.
  private static func map(raising raised: Int?) -> [Float] {
    (0..<6).flatMap { cell -> [Float] in [0.1, cell == raised ? 0.7 : 0.1, 0.1] }
  }

  /// What the probes of the file find.
  func findings() throws -> ProbeFindings {
    try ProbeRunner(plan: plan, results: results).run(store)
    return try #require(try ProbeFindings(plan.spec, store: store))
  }
}
