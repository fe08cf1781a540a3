/// Something that an intervention does: to what an attention computes, to the encoded prompt that it looks at, or to what a
/// run starts from.
///
/// An operation is told by its name alone. What it does and what is said of it is one value in one file below `Kinds`, and
/// a line in ``OperationRegistry/all``: experiment files, plans, `attnlab ops`, the reference and reports know it by that.
public struct AttentionOperation: Sendable {
  /// As experiment files spell it, `dataset_mean`.
  public let name: String
  /// What it makes of its place, in a line, for people who choose one.
  public let meaning: String
  /// A line of an experiment file.
  public let example: String
  /// The keys of a file that it has beside those of every operation.
  public let keys: [OperationKey]
  /// What it takes from.
  public let takesFrom: OperationSource
  /// The places of an attention that it may be used at; none for one that changes the encoded prompt or the start.
  public let places: [AttentionEdit.Place]
  /// Whether it changes nothing but what `record` keeps of an attention's maps.
  public let onlyObserves: Bool
  /// Whether it changes what a run starts from.
  public let changesStart: Bool

  let refusal: @Sendable (AttentionChange, AttentionEdit.Place, AttentionSite) -> String?
  let words: @Sendable (AttentionChange) -> String?
  let identity: @Sendable (AttentionChange) -> String?
  let effect: @Sendable (AttentionChange) -> OperationEffect

  /// - Parameters:
  ///   - refusal: why it cannot be used at a place of a site; nil where it can.
  ///   - words: what it does with the values of its keys, for a report; nil: its meaning.
  ///   - identity: the text that stands for it in hashes of runs, which never changes; nil: its name, with the values
  ///     of its keys. Only operations whose text was fixed before they had this form, or that got a key later, give one.
  ///   - effect: what it does with the values of its keys.
  init(
    _ name: String, meaning: String, example: String, keys: [OperationKey] = [], takesFrom: OperationSource = .nothing,
    places: [AttentionEdit.Place] = AttentionEdit.Place.allCases, onlyObserves: Bool = false,
    changesStart: Bool = false,
    refusal: @escaping @Sendable (AttentionChange, AttentionEdit.Place, AttentionSite) -> String? = { _, _, _ in nil },
    words: @escaping @Sendable (AttentionChange) -> String? = { _ in nil },
    identity: @escaping @Sendable (AttentionChange) -> String? = { _ in nil },
    effect: @escaping @Sendable (AttentionChange) -> OperationEffect
  ) {
    self.name = name
    self.meaning = meaning
    self.example = example
    self.keys = keys
    self.takesFrom = takesFrom
    self.places = places
    self.onlyObserves = onlyObserves
    self.changesStart = changesStart
    self.refusal = refusal
    self.words = words
    self.identity = identity
    self.effect = effect
  }

  /// Whether it needs a source run beside the target.
  public var needsSource: Bool { takesFrom == .source }

  /// Whether it changes the encoded prompt of a run.
  public var changesPrompt: Bool { places.isEmpty && !changesStart }

  /// Whether it changes what attentions compute; any other has no places, sites and steps.
  public var isOfAttention: Bool { !places.isEmpty }

  /// Whether it changes the encoded prompt at words that the file chooses.
  public var changesWords: Bool {
    if case .randomWords = effect(AttentionChange(self)) { true } else { false }
  }

  /// Why it may not be used at a place; nil if it may.
  public func refusal(of place: AttentionEdit.Place) -> String? {
    guard isOfAttention, !places.contains(place) else { return nil }
    if places.count == 1 { return "\(name) is of \(places[0].rawValue) alone" }
    return "\(name) is not of \(place.rawValue); allowed: \(places.map(\.rawValue).joined(separator: ", "))"
  }
}

/// What an operation takes from.
public enum OperationSource: Hashable, Sendable {
  case nothing
  /// The source run of a pair, or a run of its prompt from another seed.
  case source
  /// Runs of a set of prompts and seeds: their mean.
  case dataset
  /// The run itself, in an earlier call of the model.
  case earlierCall

  /// Whether it is in the same call, as another lane of the batch.
  var isOfLanes: Bool { self == .source || self == .dataset }
}

extension AttentionOperation: Codable, Hashable, CustomStringConvertible {
  public static func == (a: AttentionOperation, b: AttentionOperation) -> Bool { a.name == b.name }
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }

  public var description: String { name }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let name = try container.decode(String.self)
    guard let operation = OperationRegistry.named(name) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "\"\(name)\" is not an operation of this version; `attnlab ops` lists them")
    }
    self = operation
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }
}
