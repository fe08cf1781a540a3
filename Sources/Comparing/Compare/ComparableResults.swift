import Attention
import AttentionStore
import ExperimentFiles
import Formatting
import Generation
import Measures
import Planning
import Results

/// The measured runs of one experiment, read from its database once.
public struct ComparableResults: Sendable {
  /// Of the results' folder.
  public let name: String
  /// Stored runs of other plans, which are not compared.
  public let otherRuns: Int
  /// What the experiment measures.
  public let metrics: [Metric]
  let columns: [ComparisonColumn]
  /// What all of its runs were made with, by the keys of the file.
  let settings: [(key: String, value: String)]

  /// Names of the interventions, in the order of the file.
  public var interventions: [String] { columns.map(\.intervention) }

  /// - Throws: `ExperimentError` if the database holds no experiment, or one without pairs or metrics; `SpecError`;
  ///   `StoreError`.
  public init(results: ResultsFolder, store: AttentionStore) throws {
    let data = try StoredResults(results: results, store: store)
    guard !data.spec.generate.pairs.isEmpty else {
      throw ExperimentError(
        "\(results.name): its runs have no metrics: they measure a target against its source, and the experiment has "
          + "no `generate.pairs`")
    }
    guard !data.spec.metrics.isEmpty else {
      throw ExperimentError(
        "\(results.name): nothing was measured; give the experiment `metrics: [psnr, ssim]` and run it again")
    }
    name = results.name
    otherRuns = data.otherRuns
    metrics = data.spec.metrics
    columns = data.spec.interventions.map { ComparisonColumn($0, data, experiment: results.name) }
    settings = Self.settings(data)
  }

  /// Of the plan, so that what the model's folder says is there where the file says nothing.
  private static func settings(_ data: StoredResults) -> [(key: String, value: String)] {
    func values(_ value: (PlannedGroup) -> String) -> String {
      data.plan.groups.map(value).uniqued.sorted().joined(separator: " and ")
    }
    return [
      ("model", String(data.experiment.modelHash.prefix(16))),
      ("num_inference_steps", values { "\($0.settings.steps)" }),
      ("guidance_scale", values { "\($0.settings.guidanceScale)" }),
      ("scheduler", values(\.schedulerText)),
      ("negative_prompt", values { quoted($0.settings.negativePrompt) }),
      ("height", values { "\($0.settings.height)" }),
      ("width", values { "\($0.settings.width)" }),
    ]
  }
}

/// The runs of one intervention of one experiment.
struct ComparisonColumn: Sendable {
  struct Run: Sendable {
    /// `done`, `not begun` and so on.
    let status: String
    let metrics: [String: Double]
  }

  let experiment: String
  let intervention: String
  /// What its runs are matched by, in the order of the file.
  let keys: [RunKey]
  let runs: [RunKey: Run]
  let selection: InterventionSelection

  init(_ intervention: InterventionSpec, _ data: StoredResults, experiment: String) {
    self.experiment = experiment
    self.intervention = intervention.name
    selection = InterventionSelection(intervention, data)
    var keys: [RunKey] = []
    var runs: [RunKey: Run] = [:]
    for expected in data.expected where expected.key.intervention == intervention.name && expected.key.source != nil {
      let key = expected.key.subject
      keys.append(key)
      runs[key] = Run(status: expected.status, metrics: expected.run?.metrics ?? [:])
    }
    self.keys = keys
    self.runs = runs
  }
}

/// The layers and the steps that an intervention's operations select.
struct InterventionSelection: Sendable {
  /// By kind, ascending; those of all operations together. Empty where the sites are not known.
  let layers: [AttentionKind: [Int]]
  /// Ascending; those of all operations together.
  let steps: [Int]
  private let selectors: [String]

  init(_ intervention: InterventionSpec, _ data: StoredResults) {
    let text = SelectionText(sites: data.sites, stepCount: data.callCount)
    let sites = intervention.operations.flatMap { text.selected($0.sites) }
    layers = Dictionary(grouping: sites, by: \.kind).mapValues { Set($0.map(\.layer)).sorted() }
    steps = Set(intervention.operations.flatMap { (try? $0.steps.resolve(count: data.callCount)) ?? [] }).sorted()
    selectors = intervention.operations.map(\.sites)
  }

  /// `self 4-14, cross 1-16`; `none` without an operation.
  var layerText: String {
    let parts = AttentionKind.allCases.compactMap { kind in layers[kind].map { "\(kind.rawValue) \(ranges($0))" } }
    if !parts.isEmpty { return parts.joined(separator: "; ") }
    return selectors.isEmpty ? "none" : selectors.joined(separator: "; ")
  }

  var stepText: String { steps.isEmpty ? "none" : ranges(steps) }

  /// All layers, whatever the kind.
  var allLayers: [Int] { Set(layers.values.joined()).sorted() }
}
