import Attention
import AttentionStore
import ExperimentFiles
import Formatting
import Foundation
import Generation
import Measures
import Planning
import Plotting
import Tensors

/// A stored run with what was measured of it and the files that it has.
package struct RunResults {
  package let stored: StoredRun
  /// By name, as stored.
  package let metrics: [String: Double]
  /// Files by kind, relative to the folder of the results.
  package let files: [String: String]

  package var isDone: Bool { stored.status == .done }
  /// What names it in tables: the first digits of its hash, as those of its folder.
  package var shortHash: String { String(stored.run.hash.prefix(16)) }
}

/// A run that the plan asks for, and what there is of it.
package struct ExpectedRun {
  package let key: RunKey
  package let run: RunResults?

  package var status: String { run?.stored.status.rawValue ?? "not begun" }
}

/// What is stored of the plan that was begun last: the plan itself and its runs, read from the database once. Maps and pictures are read
/// when they are drawn.
package struct StoredResults {
  package let results: ResultsFolder
  /// Where runs, maps and pictures are: the results' own, or those of the experiment whose maps are read.
  let origin: RunOrigin
  package let experiment: StoredExperiment
  package let plan: ExperimentPlan
  /// The shell line that began the runs; nil where there was none.
  package let command: String?
  /// Since when the file makes its claims; nil for one without claims, and where nobody asked.
  package let thresholds: ThresholdOrigin?
  /// Of the plan.
  package let siteOfID: [SiteID: AttentionSite]
  /// In the order of the experiment file: first the groups of pairs, then single prompts.
  package let expected: [ExpectedRun]
  /// Stored runs that the plan does not have; nothing here is of them.
  package let otherRuns: Int

  private let runs: [RunKey: RunResults]

  /// - Throws: `ResultsError` if the database holds no experiment, or no plan that can be read; `StoreError`.
  package init(results: ResultsFolder, store: AttentionStore) throws {
    guard let experiment = try store.experiment() else {
      throw ResultsError.noExperiment(database: store.path)
    }
    let plan = try ExperimentPlan.last(of: store)
    let origin = try RunOrigin(of: results, store, mapsFrom: plan.spec.mapsFrom)
    let isOwn = plan.spec.mapsFrom == nil
    func byHash(_ runs: [StoredRun]) -> [String: StoredRun] {
      Dictionary(runs.map { ($0.run.hash, $0) }, uniquingKeysWith: { first, _ in first })
    }
    // Metrics are the experiment's own; another plan of the other may have been begun since.
    let measured = byHash(try store.runs(.planned))
    let stored = isOwn ? measured : byHash(try origin.store.runs())
    var runs: [RunKey: RunResults] = [:]
    for run in plan.groups.flatMap(\.runs) {
      guard let found = stored[run.hash] else { continue }
      let files = try origin.store.artifacts(found.id).map { ($0.kind, $0.path) }
      runs[run.key] = RunResults(
        stored: found, metrics: try measured[run.hash].map { try store.metrics($0.id) } ?? [:],
        files: Dictionary(files, uniquingKeysWith: { first, _ in first }))
    }
    self.results = results
    self.origin = origin
    self.experiment = experiment
    self.plan = plan
    self.runs = runs
    let kept = KeptFile(experiment.spec)
    command = kept.command
    thresholds = kept.thresholds
    let sites = isOwn ? try store.plannedSites() : try origin.store.sites().filter { plan.sites.contains($0.site) }
    siteOfID = Dictionary(sites.map { ($0.id, $0.site) }, uniquingKeysWith: { first, _ in first })
    otherRuns = try store.countOfOtherRuns()
    expected = plan.spec.runKeys.map { ExpectedRun(key: $0, run: runs[$0]) }
  }

  // MARK: - Looking up

  package var spec: ExperimentSpec { plan.spec }
  /// The database that holds the runs and their maps.
  package var store: AttentionStore { origin.store }
  /// Of the model, at the size of the pictures.
  package var sites: [AttentionSite] { plan.sites }

  /// - Parameter settings: what the file calls them, here and below; nil: the first.
  package func source(of pair: PromptPair, seed: Seed, settings: String? = nil) -> RunResults? {
    runs[
      RunKey(
        prompt: pair.source, seed: seed, intervention: InterventionSpec.sourceName,
        settings: settings ?? plan.settings[0].label)]
  }

  package func target(of pair: PromptPair, seed: Seed, intervention: String, settings: String? = nil) -> RunResults? {
    runs[
      RunKey(
        source: pair.source, prompt: pair.target, seed: seed, intervention: intervention,
        settings: settings ?? plan.settings[0].label)]
  }

  package func run(of prompt: String, seed: Seed, intervention: String, settings: String? = nil) -> RunResults? {
    runs[RunKey(prompt: prompt, seed: seed, intervention: intervention, settings: settings ?? plan.settings[0].label)]
  }

  /// The scheduler of a run with what differs from the model's configuration.
  package func schedulerText(of key: RunKey) -> String {
    plan.settings.first { $0.label == key.settings }?.denoising.schedulerText ?? ""
  }

  /// Whether the experiment is made in several settings.
  package var hasSettings: Bool { plan.settings.count > 1 }

  /// Runs that are there, in the order of the file.
  package var present: [RunResults] { expected.compactMap(\.run) }

  /// Those that the experiment's pictures can have: of edits none without pairs.
  package var metrics: [Metric] { spec.metrics.filter { !spec.generate.pairs.isEmpty || !$0.measure.isOfEdits } }

  /// The first intervention that changes nothing.
  package var untouched: InterventionSpec? { spec.interventions.first { $0.operations.isEmpty } }

  /// Calls of the model a run, in the first settings.
  package var callCount: Int { plan.settings[0].callCount }

  /// The picture of a finished run, or another of its pictures by kind; nil where it cannot be read.
  package func picture(of run: RunResults?, kind: String = "picture") -> Picture? {
    guard let run, run.isDone, let path = run.files[kind] else { return nil }
    return try? PNG.read(origin.results.open().file(path))
  }

  /// Whether a run is done and has its picture's file.
  package func hasPicture(_ run: RunResults) -> Bool {
    run.files["picture"].map { path in (try? origin.results.open().kind(of: path)) == .file } ?? false
  }
}

extension ExperimentPlan {
  /// The plan that was begun last in a database.
  /// - Throws: `ResultsError` where none can be read; `StoreError`.
  package static func last(of store: AttentionStore) throws -> ExperimentPlan {
    guard let stored = try store.lastPlan() else { throw ResultsError.noPlan(database: store.path) }
    let plan: ExperimentPlan
    do { plan = try JSONDecoder().decode(ExperimentPlan.self, from: Data(stored.json.utf8)) } catch {
      throw ResultsError.unreadablePlan(database: store.path, reason: "\(error)")
    }
    guard plan.hash == stored.hash else {
      throw ResultsError.unreadablePlan(database: store.path, reason: "its runs are not those that were planned")
    }
    return plan
  }
}

extension Picture {
  /// What stands in a table where there is no picture: gray, of another one's size.
  package static func gap(like other: Picture) throws -> Picture {
    try Picture(
      width: other.width, height: other.height, pixels: [UInt8](repeating: 232, count: other.width * other.height * 3))
  }
}
