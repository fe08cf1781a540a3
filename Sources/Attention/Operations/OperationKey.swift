import Tensors

/// A key of a file that an operation has beside those of every operation: one description by which it is read, written
/// and explained.
public struct OperationKey: Sendable {
  /// What may stand there.
  public enum Kind: Hashable, Sendable {
    case number(ClosedRange<Double>)
    case seed
    /// One of these names.
    case name([String])
    /// Words of prompts; such a key must be given.
    case words
    /// Prompts and templates, as in `generate`.
    case prompts
    /// Seeds, as in `generate`.
    case seeds
  }

  public let name: String
  public let kind: Kind
  /// What is taken without the key; nil: nothing is, as `standardText` says.
  public let standard: OperationValue?
  /// What it means, in Markdown, for the reference.
  public let meaning: String
  /// The default, in Markdown, for the reference.
  public let standardText: String
  /// The one place at which it may be given; nil: at all of its operation's.
  public let place: AttentionEdit.Place?
  /// What a report says of its value beside what the operation says; nil where nothing.
  public let words: @Sendable (OperationValue?) -> String?

  /// - Parameter standardText: nil: the standard's own text.
  init(
    _ name: String, _ kind: Kind, standard: OperationValue? = nil, standardText: String? = nil, meaning: String,
    place: AttentionEdit.Place? = nil, words: @escaping @Sendable (OperationValue?) -> String? = { _ in nil }
  ) {
    self.name = name
    self.kind = kind
    self.standard = standard
    self.meaning = meaning
    self.standardText = standardText ?? standard.map { "`\($0.brief)`" } ?? ""
    self.place = place
    self.words = words
  }

  /// Whether a file must give it.
  public var isRequired: Bool { kind == .words }

  /// Whether a value may stand there.
  public func accepts(_ value: OperationValue) -> Bool {
    switch (kind, value) {
    case (.number(let range), .number(let number)): range.contains(Double(number))
    case (.seed, .seed), (.prompts, .texts), (.seeds, .seeds): true
    case (.words, .texts(let words)): !words.isEmpty
    case (.name(let names), .name(let name)): names.contains(name)
    default: false
    }
  }
}

/// The value of a key.
public enum OperationValue: Codable, Hashable, Sendable {
  case number(Float)
  case seed(Seed)
  case name(String)
  case texts([String])
  case seeds([Seed])
}

extension OperationValue: CustomStringConvertible {
  /// As hashes of runs and resolved files hold it: `1.0`, `7`, `mass`.
  public var description: String {
    switch self {
    case .number(let number): "\(number)"
    case .seed(let seed): "\(seed)"
    case .name(let name): name
    case .texts(let texts): "\(texts)"
    case .seeds(let seeds): "\(seeds)"
    }
  }

  /// The same without `.0`.
  fileprivate var brief: String {
    if case .number(let number) = self, let whole = Int(exactly: number) { "\(whole)" } else { description }
  }
}

extension OperationValue: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
  public init(floatLiteral number: Float) { self = .number(number) }
  public init(integerLiteral number: UInt64) { self = .seed(Seed(number)) }
  public init(stringLiteral name: String) { self = .name(name) }
}
