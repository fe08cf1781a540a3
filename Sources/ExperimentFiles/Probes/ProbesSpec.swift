import Generation
import Probing

/// What an experiment asks of its maps: probes, what each is shown and told, and the tests that decide.
public struct ProbesSpec: Codable, Hashable, Sendable {
  /// Of all intervals of the file's tests together, above 0 and below 1.
  public internal(set) var confidence: Double
  /// Drawn labellings, 999 or more.
  public internal(set) var permutations: Int
  /// Words of prompts that are classes. Names differ.
  public internal(set) var lists: [ProbeList]
  /// Maps of the same prompts and seeds that were made under controls. Names differ.
  public internal(set) var banks: [ProbeBank]
  /// Never empty; names differ.
  public internal(set) var probes: [ProbeSpec]
  public internal(set) var tests: [ProbeTestSpec]

  public init(
    confidence: Double = 0.95, permutations: Int = LabelPermutations.fewest, lists: [ProbeList] = [],
    banks: [ProbeBank] = [], probes: [ProbeSpec] = [], tests: [ProbeTestSpec] = []
  ) {
    self.confidence = confidence
    self.permutations = permutations
    self.lists = lists
    self.banks = banks
    self.probes = probes
    self.tests = tests
  }

  /// The list of a name.
  package func list(_ name: String) -> ProbeList? { lists.first { $0.name == name } }
}

extension ExperimentSpec {
  /// Asks of one of the probes alone what it says of other maps.
  package mutating func apply(_ probe: String, to use: ProbeApplySpec) {
    guard var probes else { return }
    probes.probes = probes.probes.filter { $0.name == probe }
    for index in probes.probes.indices { probes.probes[index].apply = [use] }
    (probes.tests, probes.banks) = ([], [])
    self.probes = probes
  }
}

/// Words that prompts are told apart by, as colors.
public struct ProbeList: Codable, Hashable, Sendable {
  public let name: String
  /// Words or phrases; two or more, none twice.
  public let words: [String]

  public init(name: String, words: [String]) {
    self.name = name
    self.words = words
  }

  /// The one of the words that a prompt names; nil for none or several.
  package func word(in prompt: String) -> String? {
    let text = " \(prompt.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber }).joined(separator: " ")) "
    let found = words.filter { text.contains(" \($0.lowercased()) ") }
    return found.count == 1 ? found[0] : nil
  }
}

/// Maps of the same prompts and seeds that were made under a control.
public struct ProbeBank: Codable, Hashable, Sendable {
  public internal(set) var name: String
  /// What was done, in words.
  public internal(set) var says: String
  /// The experiment that holds them.
  public internal(set) var from: String
  public internal(set) var intervention: String
  /// nil: maps.
  public internal(set) var reads: ProbeBankReads?
  /// What a probe's entry of `record` is called there; none: all as here, and else only probes of these have the control.
  public internal(set) var records: [ProbeRecordName]

  public init(
    name: String, says: String, from: String, intervention: String = InterventionSpec.none.name,
    reads: ProbeBankReads? = nil, records: [ProbeRecordName] = []
  ) {
    self.name = name
    self.says = says
    self.from = from
    self.intervention = intervention
    self.reads = reads
    self.records = records
  }

  /// The record that stands for one of a probe; nil where the bank has none.
  package func record(for own: String) -> String? {
    records.isEmpty ? own : records.first { $0.own == own }?.there
  }
}

/// What a control's probe is shown of a bank in place of its maps.
public enum ProbeBankReads: String, CaseIterable, Codable, Hashable, Sendable {
  /// What the model was given at the call, which `input_latents` kept: what the picture tells without any attention.
  case latents
}

/// An entry of `record` and what a bank calls its own.
public struct ProbeRecordName: Codable, Hashable, Sendable {
  public let own: String
  public let there: String

  public init(own: String, there: String) {
    self.own = own
    self.there = there
  }
}

/// One probe: what it is shown, what it is to tell, and how it is tried.
public struct ProbeSpec: Codable, Hashable, Sendable {
  public internal(set) var name: String
  /// The question in words.
  public internal(set) var says: String
  /// A list of the file, `intervention`, or a ``MeasuredLabel``.
  public internal(set) var label: String
  /// Only prompts that name these words of lists; those that name none of a list are left out.
  public internal(set) var choice: [ProbeChoice]
  /// The prompts that are tested, while those of `choice` are trained on; empty: the same.
  public internal(set) var testChoice: [ProbeChoice]
  /// The experiment whose maps are read; nil: that of the file.
  public internal(set) var from: String?
  public internal(set) var features: ProbeFeaturesSpec
  /// The cells that bits, networks and tests are of; nil: none is named.
  public internal(set) var registered: ProbeCellsSpec?
  public internal(set) var classifier: ProbeClassifier
  public internal(set) var folds: Grouping
  /// Without banks, which all have that fit; nil: all that apply.
  public internal(set) var controls: [ProbeControlName]?
  public internal(set) var apply: [ProbeApplySpec]

  public init(
    name: String, says: String, label: String, choice: [ProbeChoice] = [], testChoice: [ProbeChoice] = [],
    from: String? = nil, features: ProbeFeaturesSpec, registered: ProbeCellsSpec? = nil,
    classifier: ProbeClassifier = .ridge, folds: Grouping = .seeds, controls: [ProbeControlName]? = nil,
    apply: [ProbeApplySpec] = []
  ) {
    self.name = name
    self.says = says
    self.label = label
    self.choice = choice
    self.testChoice = testChoice
    self.from = from
    self.features = features
    self.registered = registered
    self.classifier = classifier
    self.folds = folds
    self.controls = controls
    self.apply = apply
  }
}

/// Words of a list that prompts must name.
public struct ProbeChoice: Codable, Hashable, Sendable {
  public let list: String
  public let words: [String]

  public init(list: String, words: [String]) {
    self.list = list
    self.words = words
  }
}

/// What a probe is shown of each picture.
public struct ProbeFeaturesSpec: Codable, Hashable, Sendable {
  /// An entry of `record`.
  public internal(set) var record: String
  /// Selects sites of the record, as `cross:*`.
  public internal(set) var sites: String
  /// Calls of the model, rising; nil: all that are recorded.
  public internal(set) var calls: [Int]?
  public internal(set) var heads: ProbeHeads
  /// Whose column of a cross map is read: `<label>`, `<after label>`, `{list}`, or a token as in `record`.
  public internal(set) var word: String
  public internal(set) var value: ProbeValue

  public init(
    record: String, sites: String = "*:*", calls: [Int]? = nil, heads: ProbeHeads = .all, word: String = "<label>",
    value: ProbeValue = .map
  ) {
    self.record = record
    self.sites = sites
    self.calls = calls
    self.heads = heads
    self.word = word
    self.value = value
  }
}

/// What is read of a map.
public enum ProbeValue: String, CaseIterable, Codable, Hashable, Sendable {
  case map
  /// One number a head: how much the word is looked at.
  case mass
  /// The map over its mass: where, and nothing of how much.
  case pattern
  case logRatio = "log_ratio"
}

public enum ProbeClassifier: String, CaseIterable, Codable, Hashable, Sendable {
  case ridge
  case logistic
  /// The paper's.
  case network
}

/// What a probe is compared with.
public enum ProbeControlName: String, CaseIterable, Codable, Hashable, Sendable {
  case shuffled
  case mass
  case permuted
  case nullCell = "null_cell"
}

/// Some cells of a probe.
public struct ProbeCellsSpec: Codable, Hashable, Sendable {
  public internal(set) var sites: String
  /// nil: all calls of the probe.
  public internal(set) var calls: [Int]?

  public init(sites: String, calls: [Int]? = nil) {
    self.sites = sites
    self.calls = calls
  }
}

/// Other maps that a trained probe is asked about.
public struct ProbeApplySpec: Codable, Hashable, Sendable {
  /// The experiment that holds them.
  public internal(set) var to: String
  public internal(set) var intervention: String

  public init(to: String, intervention: String) {
    self.to = to
    self.intervention = intervention
  }
}

/// What decides.
public struct ProbeTestSpec: Codable, Hashable, Sendable {
  public internal(set) var says: String
  public internal(set) var probe: String
  public internal(set) var measure: ProbeMeasure
  public internal(set) var at: ProbeTestCells
  /// `chance`, a control's name, or another probe; nil: nothing is subtracted.
  public internal(set) var over: String?
  /// Two other probes: the difference of theirs is subtracted from the difference of `probe` and `over`.
  public internal(set) var less: [String]?
  public internal(set) var threshold: ClaimThreshold

  public init(
    says: String, probe: String, measure: ProbeMeasure = .accuracy, at: ProbeTestCells = .best,
    over: String? = "chance",
    less: [String]? = nil, threshold: ClaimThreshold
  ) {
    self.says = says
    self.probe = probe
    self.measure = measure
    self.at = at
    self.over = over
    self.less = less
    self.threshold = threshold
  }
}

public enum ProbeMeasure: String, CaseIterable, Codable, Hashable, Sendable {
  /// The share of pictures that are told right.
  case accuracy
  /// The gain in bits over `log2` of the number of classes.
  case bits
  /// Of the first maps in `apply`: the share told as their word less the share told as their picture.
  case followsWord = "follows_word"
}

/// Which cells of a probe a test is of.
public enum ProbeTestCells: String, CaseIterable, Codable, Hashable, Sendable {
  /// For each seed the cell that does best on the others.
  case best
  /// The mean over registered cells.
  case registered
}
