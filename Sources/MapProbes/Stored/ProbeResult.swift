import Probing
import Tensors

/// What a probe of an experiment file found: a row of `probe_result`, as JSON.
public struct ProbeResult: Codable, Hashable, Sendable {
  /// What a probe is shown.
  public struct Features: Codable, Hashable, Sendable {
    /// The entry of `record`, and what it holds, as `probabilities`.
    public let record: String
    public let quantity: String
    /// Whose column of a map is read, as the file names it: `<label>`, `<end>`, `{thing}`; nil where there are no words.
    public let word: String?
    /// `map`, `mass`, `pattern` or `log_ratio`.
    public let value: String
    /// From 0, where some heads alone are seen; nil for all, or their mean.
    public let heads: [Int]?

    package init(record: String, quantity: String, word: String?, value: String, heads: [Int]? = nil) {
      self.record = record
      self.quantity = quantity
      self.word = word
      self.value = value
      self.heads = heads
    }
  }

  /// The number of this layout.
  public static let currentFormat = 2

  public let format: Int
  public let name: String
  /// The question in words.
  public let says: String
  /// What is told, as `color`.
  public let label: String
  /// In the order of the confusion matrix.
  public let classes: [String]
  /// The experiment whose maps were read.
  public let from: String
  /// Pictures.
  public let samples: Int
  /// Of another set that was tested while the samples were trained on; nil where one set is both.
  public let tested: Int?
  public let seeds: [Seed]
  public let grouping: Grouping
  public let folds: Int
  /// Within which labels were permuted, and what samples of one stratum share: `seed and thing`.
  public let strata: Int
  public let strataOf: String
  public let permutations: Int
  /// `ridge`, `logistic` or `network`.
  public let classifier: String
  public let features: Features
  /// The share of the largest class among the tested samples.
  public let chance: Double
  /// Of all intervals.
  public let confidence: Double
  /// In the order of sites, calls and heads.
  public let cells: [ProbeCell]
  /// The cell that the confusion matrix and the curve are of: the registered one with the largest accuracy, or of all where
  /// none is registered. An index into `cells`.
  public let best: Int
  public let confusion: ConfusionMatrix
  /// Ridge probes by the number of training seeds, rising; empty where samples are not split by seeds.
  public let curve: [LearningCurve.Point]
  /// Of the registered cells, or of the best one.
  public let information: [ProbeBits]
  /// Each control apart.
  public let controls: [ProbeControl]
  /// What the probe says of other maps.
  public let applied: [ProbeApplication]

  package init(
    name: String, says: String, label: String, classes: [String], from: String, samples: Int, tested: Int?,
    seeds: [Seed], grouping: Grouping, folds: Int, strata: Int, strataOf: String, permutations: Int,
    classifier: String, features: Features, chance: Double, confidence: Double, cells: [ProbeCell], best: Int,
    confusion: ConfusionMatrix, curve: [LearningCurve.Point], information: [ProbeBits], controls: [ProbeControl],
    applied: [ProbeApplication]
  ) {
    format = Self.currentFormat
    self.name = name
    self.says = says
    self.label = label
    self.classes = classes
    self.from = from
    self.samples = samples
    self.tested = tested
    self.seeds = seeds
    self.grouping = grouping
    self.folds = folds
    self.strata = strata
    self.strataOf = strataOf
    self.permutations = permutations
    self.classifier = classifier
    self.features = features
    self.chance = chance
    self.confidence = confidence
    self.cells = cells
    self.best = best
    self.confusion = confusion
    self.curve = curve
    self.information = information
    self.controls = controls
    self.applied = applied
  }
}

/// What a probe reached at one place: a site at one call, with all its heads or one of them.
public struct ProbeCell: Codable, Hashable, Sendable {
  /// `cross:5`, as selectors name it.
  public let site: String
  public let layer: Int
  /// `cross` or `self`.
  public let kind: String
  /// From 0.
  public let call: Int
  /// From 0; nil for all heads together.
  public let head: Int?
  /// Features of a sample.
  public let features: Int
  public let accuracy: SeedEstimate
  /// Of this cell alone. Ridge is trained anew for each permutation of the labels; of other classifiers, and of pictures other than those
  /// that were trained on, only the labels that answers are judged by are permuted.
  public let p: Double
  /// Corrected for all cells of the probe.
  public let familyWiseP: Double
  /// Whether the file names it beforehand.
  public let isRegistered: Bool

  package init(
    site: String, layer: Int, kind: String, call: Int, head: Int?, features: Int, accuracy: SeedEstimate, p: Double,
    familyWiseP: Double, isRegistered: Bool
  ) {
    self.site = site
    self.layer = layer
    self.kind = kind
    self.call = call
    self.head = head
    self.features = features
    self.accuracy = accuracy
    self.p = p
    self.familyWiseP = familyWiseP
    self.isRegistered = isRegistered
  }

  /// `cross:5 call 10`, or `cross:5 call 10 head 3`; heads count from 1 there.
  public var name: String { "\(site) call \(call)" + (head.map { " head \($0 + 1)" } ?? "") }
}

/// What a cell tells in bits.
public struct ProbeBits: Codable, Hashable, Sendable {
  /// An index into the probe's cells.
  public let cell: Int
  /// By `logistic` or `network`.
  public let classifier: String
  /// With the gain in bits; `share` is the gain over `log2` of the number of classes.
  public let information: ProbeInformation
  /// Of the same predictions.
  public let accuracy: SeedEstimate

  package init(cell: Int, classifier: String, information: ProbeInformation, accuracy: SeedEstimate) {
    self.cell = cell
    self.classifier = classifier
    self.information = information
    self.accuracy = accuracy
  }
}

/// What a probe reaches where it should not know the label, or knows less.
public struct ProbeControl: Codable, Hashable, Sendable {
  /// One cell under the control.
  public struct Cell: Codable, Hashable, Sendable {
    /// An index into the probe's cells.
    public let cell: Int
    public let accuracy: SeedEstimate
    /// The probe's accuracy less the control's, on the same samples.
    public let gain: SeedEstimate

    package init(cell: Int, accuracy: SeedEstimate, gain: SeedEstimate) {
      self.cell = cell
      self.accuracy = accuracy
      self.gain = gain
    }
  }

  /// As the file names it: `shuffled`, `mass`, `permuted`, `null_cell`, or the name of a bank.
  public let name: String
  /// In a sentence.
  public let says: String
  /// Pictures; fewer than the probe's where another bank has fewer.
  public let samples: Int
  public let seeds: Int
  /// In the order of the probe's cells; only those that the control is of.
  public let cells: [Cell]

  package init(name: String, says: String, samples: Int, seeds: Int, cells: [Cell]) {
    self.name = name
    self.says = says
    self.samples = samples
    self.seeds = seeds
    self.cells = cells
  }
}

/// What a probe, trained on all its samples, says of maps of another experiment.
public struct ProbeApplication: Codable, Hashable, Sendable {
  /// How often the probe says one of the labels that a picture has.
  public struct Toward: Codable, Hashable, Sendable {
    /// `word` or `picture`, or another list of the file.
    public let label: String
    public let share: SeedEstimate

    package init(label: String, share: SeedEstimate) {
      self.label = label
      self.share = share
    }
  }

  /// The experiment and its intervention.
  public let to: String
  public let intervention: String
  /// An index into the probe's cells.
  public let cell: Int
  public let samples: Int
  public let toward: [Toward]

  package init(to: String, intervention: String, cell: Int, samples: Int, toward: [Toward]) {
    self.to = to
    self.intervention = intervention
    self.cell = cell
    self.samples = samples
    self.toward = toward
  }
}
