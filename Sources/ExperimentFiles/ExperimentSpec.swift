import Attention
import Formatting
import Generation
import Measures

/// What one experiment file asks for, with every default filled in and every list of prompts written out.
///
/// A value of this type says nothing about a model: whether its sites, words and sizes exist is for the plan to find out.
/// The page "Experiment file" describes each key.
public struct ExperimentSpec: Codable, Hashable, Sendable {
  /// The only version of the file format that there is.
  public static let currentVersion = 1

  /// The version of the file format: 1.
  public internal(set) var version: Int
  /// The folder of the results: ASCII letters, digits, `-`, `_` and `.`, at most 64.
  public internal(set) var name: String
  /// What the experiment is to answer, in a sentence. May be empty.
  public internal(set) var question: String
  /// A bundled model's name, or a folder in the diffusers layout.
  public internal(set) var model: String
  public internal(set) var generate: GenerateSpec
  /// The experiment whose runs, maps and pictures are read in place of making any; nil: they are made.
  public internal(set) var mapsFrom: String?
  /// In the order of the file. Names differ. Of a plan that reads maps, what the other experiment recorded.
  public package(set) var record: [RecordSpec]
  /// The steps after which each run leaves the picture that the model then expects; nil: none.
  public package(set) var predictedClean: StepSelector?
  /// The steps at which each run writes the latents that the model is given; nil: none.
  public package(set) var inputLatents: StepSelector?
  /// In the order of the file. Names differ; never empty.
  public internal(set) var interventions: [InterventionSpec]
  public internal(set) var metrics: [Metric]
  /// The networks that metrics look with.
  public internal(set) var instruments: InstrumentFolders
  /// What the report breaks the metrics down by.
  public internal(set) var tables: [ReportFactor]
  public internal(set) var figures: [FigureName]
  /// The editing methods that are compared along their dials; nil: none.
  public internal(set) var methods: MethodsSpec?
  /// What is asked of the layers that interventions change; nil: nothing.
  public internal(set) var layers: LayersSpec?
  /// What layers know beside what they do; nil: not asked.
  public internal(set) var knowsAgainstDoes: [KnowsAgainstDoesSpec]?
  /// What the experiment claims; nil: nothing.
  public internal(set) var claims: ClaimsSpec?
  /// What is asked of stored maps; nil: nothing.
  public internal(set) var probes: ProbesSpec?
  public internal(set) var budget: BudgetSpec

  public init(
    version: Int = ExperimentSpec.currentVersion, name: String, question: String = "", model: String,
    generate: GenerateSpec, mapsFrom: String? = nil, record: [RecordSpec] = [], predictedClean: StepSelector? = nil,
    inputLatents: StepSelector? = nil, interventions: [InterventionSpec] = [.none],
    metrics: [Metric] = [], instruments: InstrumentFolders = InstrumentFolders(), tables: [ReportFactor] = [],
    figures: [FigureName] = [], methods: MethodsSpec? = nil, layers: LayersSpec? = nil,
    knowsAgainstDoes: [KnowsAgainstDoesSpec]? = nil, claims: ClaimsSpec? = nil, probes: ProbesSpec? = nil,
    budget: BudgetSpec = BudgetSpec()
  ) {
    self.version = version
    self.name = name
    self.question = question
    self.model = model
    self.generate = generate
    self.mapsFrom = mapsFrom
    self.record = record
    self.predictedClean = predictedClean
    self.inputLatents = inputLatents
    self.interventions = interventions
    self.metrics = metrics
    self.instruments = instruments
    self.tables = tables
    self.figures = figures
    self.methods = methods
    self.layers = layers
    self.knowsAgainstDoes = knowsAgainstDoes
    self.claims = claims
    self.probes = probes
    self.budget = budget
  }
}

/// Something that prompts of a closed world name, which metrics are broken down by.
public enum FactorName: String, CaseIterable, Codable, Hashable, Sendable {
  /// Of prompts with one object, as is `color`.
  case object
  case color
  case background
  case style
  /// Whether the colored object was never drawn in training.
  case heldOut = "held_out"
  /// The number of objects.
  case count
}

/// A picture of the report.
public enum FigureName: String, CaseIterable, Codable, Hashable, Sendable {
  /// Source and edits in a row, one row a pair and seed.
  case sideBySide = "side_by_side"
  /// The heat maps of all words of a prompt in a strip, as DAAM defines them.
  case wordHeatmaps = "word_heatmaps"
  /// The maps of one word, layers by steps.
  case layerStepGrid = "layer_step_grid"
  /// Where chosen points of the picture look.
  case selfAttention = "self_attention"
  /// What the model expects the picture to become, step by step.
  case predictedClean = "predicted_clean"
  /// The first three principal components of self-attention as colors, layers by steps.
  case selfPCA = "self_pca"
  /// Entropy, locality and head diversity, layers by steps, with a table.
  case mapStatistics = "map_statistics"
  /// What differs between the attention of two runs, layers by steps, with a table.
  case mapDifferences = "map_differences"
  /// Objects by colors: single prompts that name one of each.
  case contactSheet = "contact_sheet"
  /// The interventions of sweeps as rows and columns, with the share of edits of which a metric is true.
  case sweepGrid = "sweep_grid"
}

extension FigureName {
  /// Whether it draws stored maps.
  package var isOfMaps: Bool {
    switch self {
    case .sideBySide, .predictedClean, .contactSheet, .sweepGrid: false
    case .wordHeatmaps, .layerStepGrid, .selfAttention, .selfPCA, .mapStatistics, .mapDifferences: true
    }
  }
}

/// What an experiment may use at most. A plan that needs more is refused before anything is computed.
public struct BudgetSpec: Codable, Hashable, Sendable {
  public static let defaultDisk = ByteSize(10 << 30)

  /// Bytes of the results folder.
  public internal(set) var disk: ByteSize

  public init(disk: ByteSize = BudgetSpec.defaultDisk) {
    self.disk = disk
  }
}

extension ExperimentSpec {
  /// What a reader must know of the maps of interventions that read across two runs, in Markdown; nil where none does.
  package var crossReadRemark: String? {
    let names = interventions.filter(\.readsAcross).map { Markdown.code($0.name) }
    guard !names.isEmpty else { return nil }
    return "What was recorded of \(names.joined(separator: ", ")) is a **cross-read** at the sites and steps of its "
      + "`cross_read`: the softmax of the source's queries and the target's keys. The target did not use these maps. Metrics "
      + "and figures of its maps are of the cross-read."
  }
}
