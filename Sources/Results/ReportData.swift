import Attention
import AttentionStore
import Foundation
import Measures
import Planning
import Plotting
import Tensors

/// A run as a report sees it.
package struct ReportRun {
  package let stored: StoredRun
  /// By name, as stored.
  package let metrics: [String: Double]
  /// Files by kind, relative to the folder of the results.
  package let files: [String: String]

  package var isDone: Bool { stored.status == .done }
  /// What names it in tables: the first digits of its hash, as those of its folder.
  package var shortHash: String { String(stored.run.hash.prefix(16)) }
}

/// A run that the experiment asks for, and what there is of it.
package struct ExpectedRun {
  /// The source prompt, for a target of a pair.
  package let source: String?
  package let prompt: String
  package let seed: UInt64
  /// `source` for the source of a pair.
  package let intervention: String
  package let settings: GenerationSettings
  package let run: ReportRun?

  package var status: String { run?.stored.status.rawValue ?? "not begun" }
}

/// Everything a report is made of, read from the database once; maps and pictures are read when they are drawn.
package struct ReportData {
  package let results: ResultsFolder
  package let store: AttentionStore
  package let experiment: StoredExperiment
  package let spec: ExperimentSpec
  /// The shell line that began the runs; nil where there was none.
  package let command: String?
  /// Of the model, at the size of the pictures; empty before anything was run.
  package let sites: [AttentionSite]
  package let siteOfID: [SiteID: AttentionSite]
  /// In the order of the experiment file: first the groups of pairs, then single prompts.
  package let expected: [ExpectedRun]
  /// Stored runs that the plan begun last does not have; nothing here is of them.
  package let otherRuns: Int

  private struct Key: Hashable {
    let source: String?
    let prompt: String
    let seed: UInt64
    let intervention: String
    /// As an index into the file's list.
    let settings: Int
  }
  private let runs: [Key: ReportRun]

  /// - Throws: `ExperimentError` if the database holds no experiment; `SpecError`; `StoreError`.
  package init(results: ResultsFolder, store: AttentionStore) throws {
    guard let experiment = try store.experiment() else {
      throw ExperimentError("\(store.path): the database holds no experiment yet; `attnlab run` begins one")
    }
    let kept = KeptFile(experiment.spec)
    let spec = try ExperimentSpec(yaml: kept.yaml, file: "the experiment of \(store.path)", isStored: true)
    var runs: [Key: ReportRun] = [:]
    for stored in try store.runs(.planned) {
      guard let settings = spec.generate.settings.firstIndex(where: { $0.made(stored.run) }) else { continue }
      let key = Key(
        source: stored.sourcePrompt, prompt: stored.prompt, seed: stored.run.seed,
        intervention: stored.run.intervention, settings: settings)
      let files = try store.artifacts(stored.id).map { ($0.kind, $0.path) }
      runs[key] = ReportRun(
        stored: stored, metrics: try store.metrics(stored.id),
        files: Dictionary(files, uniquingKeysWith: { first, _ in first }))
    }
    let storedSites = try store.plannedSites()
    self.results = results
    self.store = store
    self.experiment = experiment
    self.spec = spec
    command = kept.command
    self.runs = runs
    siteOfID = Dictionary(try store.sites().map { ($0.id, $0.site) }, uniquingKeysWith: { first, _ in first })
    otherRuns = try store.countOfOtherRuns()
    sites = Self.present(storedSites.map(\.site), run: runs.values.first?.stored.run)
    expected = Self.keys(spec).map {
      ExpectedRun(
        source: $0.source, prompt: $0.prompt, seed: $0.seed, intervention: $0.intervention,
        settings: spec.generate.settings[$0.settings], run: runs[$0])
    }
  }

  private static func keys(_ spec: ExperimentSpec) -> [Key] {
    let pairs = spec.generate.pairs
    let places = spec.generate.seeds.flatMap { seed in spec.generate.settings.indices.map { (seed, $0) } }
    let targets = Dictionary(grouping: pairs, by: \.source)
    let ofPairs = pairs.map(\.source).uniqued.flatMap { source in
      places.flatMap { seed, settings in
        [
          Key(
            source: nil, prompt: source, seed: seed, intervention: InterventionSpec.sourceName, settings: settings)
        ]
          + (targets[source] ?? []).flatMap { pair in
            spec.interventions.map {
              Key(source: source, prompt: pair.target, seed: seed, intervention: $0.name, settings: settings)
            }
          }
      }
    }
    let single = spec.generate.prompts.flatMap { prompt in
      places.flatMap { seed, settings in
        spec.interventions.map {
          Key(source: nil, prompt: prompt, seed: seed, intervention: $0.name, settings: settings)
        }
      }
    }
    return ofPairs + single
  }

  /// A database may hold the sites of sizes that an earlier version of the file asked for.
  private static func present(_ sites: [AttentionSite], run: RunDescription?) -> [AttentionSite] {
    guard let run else { return [] }
    let fitting = sites.filter { site in
      run.height % site.latentHeight == 0 && run.width % site.latentWidth == 0
        && run.height / site.latentHeight == run.width / site.latentWidth
    }
    let scales = Set(fitting.map { run.height / $0.latentHeight })
    // All of Stable Diffusion has 8 pixels to a cell; other autoencoders leave one scale to choose from.
    let scale = scales.contains(8) ? 8 : scales.max() ?? 8
    return fitting.filter { run.height / $0.latentHeight == scale }.sorted { $0.index < $1.index }
  }

  // MARK: - Looking up

  /// - Parameter settings: an index into the file's list; here and below.
  package func source(of pair: PromptPair, seed: UInt64, settings: Int = 0) -> ReportRun? {
    runs[
      Key(
        source: nil, prompt: pair.source, seed: seed, intervention: InterventionSpec.sourceName, settings: settings)]
  }

  package func target(of pair: PromptPair, seed: UInt64, intervention: String, settings: Int = 0) -> ReportRun? {
    runs[Key(source: pair.source, prompt: pair.target, seed: seed, intervention: intervention, settings: settings)]
  }

  package func run(of prompt: String, seed: UInt64, intervention: String, settings: Int = 0) -> ReportRun? {
    runs[Key(source: nil, prompt: prompt, seed: seed, intervention: intervention, settings: settings)]
  }

  /// Whether the experiment is made in several settings.
  package var hasSettings: Bool { spec.generate.settings.count > 1 }

  /// Runs that are there, in the order of the file.
  package var present: [ReportRun] { expected.compactMap(\.run) }

  /// Those that the experiment's pictures can have: of edits none without pairs.
  package var metrics: [Metric] { spec.metrics.filter { !spec.generate.pairs.isEmpty || !$0.measure.isOfEdits } }

  /// The first intervention that changes nothing.
  package var untouched: InterventionSpec? { spec.interventions.first { $0.operations.isEmpty } }

  /// Calls of the model a run, in the first settings.
  package var stepCount: Int {
    let settings = spec.generate.settings[0]
    return present.first { settings.made($0.stored.run) }?.stored.run.calls ?? settings.numInferenceSteps
  }

  /// The picture of a finished run, or another of its pictures by kind; nil where it cannot be read.
  package func picture(of run: ReportRun?, kind: String = "picture") -> Picture? {
    guard let run, run.isDone, let path = run.files[kind] else { return nil }
    return try? PNG.read(results.open().file(path))
  }

  /// Whether a run is done and has its picture's file.
  package func hasPicture(_ run: ReportRun) -> Bool {
    run.files["picture"].map { path in (try? results.open().kind(of: path)) == .file } ?? false
  }
}

extension GenerationSettings {
  /// Whether a stored run was made in these settings. Settings that name no scheduler fit the model's own.
  fileprivate func made(_ run: RunDescription) -> Bool {
    run.steps == numInferenceSteps && run.guidanceScale == guidanceScale
      && (scheduler == nil || run.schedulerName == scheduler)
      && run.schedulerSettings == schedulerSettings.description
  }
}

extension RunDescription {
  /// `scheduler` is the name and, after a comma, the settings that differ from the model's.
  fileprivate var schedulerName: String { String(scheduler.prefix { $0 != "," }) }
  fileprivate var schedulerSettings: String { String(scheduler.dropFirst(schedulerName.count + 2)) }
}

extension Picture {
  /// What stands in a table where there is no picture: grey, of another one's size.
  package static func gap(like other: Picture) throws -> Picture {
    try Picture(
      width: other.width, height: other.height, pixels: [UInt8](repeating: 232, count: other.width * other.height * 3))
  }
}
