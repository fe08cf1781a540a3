/// A number that is taken of a picture, of a run's stored maps, of an edit beside its source, or of a set of edits.
///
/// A metric is told by its name alone: results, files and tables know it by that. How it is measured, and what is said
/// of it, is one value in one file below `Metrics`, and a line in ``MetricRegistry/all``; a file of the user's own
/// (``MetricProgram``) needs no line.
public struct Metric: Sendable {
  /// As experiment files spell it, `layout_kept`.
  public let name: String
  /// As a reader knows it, `layout kept`, without its unit.
  public let title: String
  /// Of values and of their differences; nil for a pure number.
  public let unit: String?
  /// Behind the decimal point.
  public let digits: Int
  /// What values there can be.
  public let range: String
  /// What a higher value says, or what 1 and 0 say.
  public let direction: String
  /// Where the definition is from, or the definition itself where it is this project's.
  public let reference: String
  public let accuracy: MetricAccuracy
  /// Of the definition: values that another one gave are measured again.
  public let revision: Int
  /// Whether its mean is a share, 0 to 1, of which points can be lost; no value lies outside.
  package let isShare: Bool
  public let measure: Measure

  /// - Parameter isShare: nil: where `range` is `0 or 1` or `0 to 1`.
  public init(
    name: String, title: String, unit: String? = nil, digits: Int = 3, range: String, isShare: Bool? = nil,
    direction: String, reference: String, accuracy: MetricAccuracy, revision: Int = 1, measure: Measure
  ) {
    self.name = name
    self.title = title
    self.unit = unit
    self.digits = digits
    self.range = range
    self.direction = direction
    self.reference = reference
    self.accuracy = accuracy
    self.revision = revision
    self.isShare = isShare ?? ["0 or 1", "0 to 1"].contains(range)
    self.measure = measure
  }

  /// The title with the unit, for the head of a table.
  public var heading: String { unit.map { "\(title), \($0)" } ?? title }
}

extension Metric: Hashable {
  public static func == (a: Metric, b: Metric) -> Bool { a.name == b.name }
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// What a metric needs to be taken, and what takes it. Each gives nil where it says nothing of its subject, as a metric of
/// colours of a prompt that names none.
public enum Measure: Sendable {
  /// Of one picture and its prompt, of sources and single prompts too.
  case picture(@Sendable (MeasuredRun, Instruments) throws -> Double?)
  /// Of the maps that are stored of a run, beside its picture and prompt; of sources and single prompts too.
  case maps(@Sendable (MeasuredRun, Instruments) throws -> Double?)
  /// Of an edited picture and its source's.
  case edit(@Sendable (MeasuredEdit, Instruments) throws -> Double?)
  /// The same beside the target's own picture, which the same prompt and noise give with nothing done; nil where there is none.
  case besideTarget(@Sendable (MeasuredEdit, Instruments) throws -> Double?)
  /// Of all that have some things in common. The first of the set carries the value, the others have none.
  case set(RunSet, @Sendable ([MeasuredEdit], Instruments) throws -> Double?)
  /// Of the pictures of one prompt over all seeds, likewise.
  case seeds(@Sendable ([MeasuredRun], Instruments) throws -> Double?)
  /// Of what raters said of one picture, whose prompt they did not know; of one that nobody rated there is none.
  case rating(@Sendable (MeasuredRun, [Rating], SceneVocabulary) throws -> Double?)
  /// Of a picture or an edit, by a program of the user's.
  case program(MetricProgram)

  /// `picture`, `picture with its stored maps`, `edit`, `set of edits` or `all seeds of a prompt`.
  public var subject: String {
    switch self {
    case .picture: "picture"
    case .maps: "picture with its stored maps"
    case .edit: "edit"
    case .besideTarget: "edit beside its target with nothing done"
    case .set(let set, _): set.rawValue
    case .seeds: "prompt with all seeds"
    case .rating: "picture that was rated"
    case .program(let program): program.isOfEdits ? "edit" : "picture"
    }
  }
}

extension Measure {
  /// Whether it needs the source that an edit was made from.
  public var isOfEdits: Bool {
    switch self {
    case .picture, .maps, .seeds, .rating: false
    case .edit, .besideTarget, .set: true
    case .program(let program): program.isOfEdits
    }
  }

  /// Whether it is of several edits or pictures together.
  public var isOfSets: Bool {
    switch self {
    case .set, .seeds: true
    case .picture, .maps, .edit, .besideTarget, .rating, .program: false
    }
  }

  /// Whether it looks at the run's own picture.
  package var looksAtPictures: Bool {
    switch self {
    case .picture, .maps, .edit, .besideTarget: true
    case .set, .seeds, .rating, .program: false
    }
  }

  /// Whether it needs maps that an experiment recorded.
  public var isOfMaps: Bool { if case .maps = self { true } else { false } }
}

/// What the edits of a set share; in all else they differ.
public enum RunSet: String, Sendable {
  /// Intervention and settings: all edits of a column, each beside its target's own picture.
  case all = "set of all edits of an intervention"
  /// Source and target prompt, intervention and settings; their seeds differ.
  case seedsOfPair = "pair with all seeds"
}

/// How it is known that a metric's numbers are right.
public enum MetricAccuracy: Hashable, Sendable {
  /// A formula over pixels: what it was checked against, and how closely it agrees.
  case formula(String)
  /// Read off a picture by an instrument, with these of its measured accuracies, such as `color`.
  case instrument(Instrument, [String])
  /// What the author of a user's metric says of it.
  case stated(String)

  /// The network that is looked with.
  public var instrument: Instrument? {
    if case .instrument(let instrument, _) = self { instrument } else { nil }
  }
}

/// A network that metrics look with.
public enum Instrument: String, CaseIterable, Codable, CodingKeyRepresentable, Hashable, Sendable {
  /// A CLIP in the folder layout of transformers.
  case clip
  /// A vision transformer whose keys tell structure: DINO, or a CLIP's vision tower.
  case structure
  /// The weights of LPIPS.
  case lpips
  /// The judge of the bundled model's world.
  case sceneReader = "scene_reader"
  /// A judge of the same world, of another kind and another training.
  case secondSceneReader = "second_scene_reader"
}
