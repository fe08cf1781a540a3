import Generation
import StrictYAML

/// How the heads of a site are shown to a probe.
public enum ProbeHeads: Hashable, Sendable {
  /// Together.
  case all
  /// Each to a probe of its own, beside all together.
  case each
  /// Their mean.
  case mean
  /// These alone, together: from 0, rising, none twice.
  case some([Int])

  fileprivate enum Word: String, CaseIterable {
    case all, each, mean
  }

  fileprivate init(_ word: Word) {
    switch word {
    case .all: self = .all
    case .each: self = .each
    case .mean: self = .mean
    }
  }

  fileprivate var word: Word? {
    switch self {
    case .all: .all
    case .each: .each
    case .mean: .mean
    case .some: nil
    }
  }

  /// The heads that are named; nil where all are read.
  package var numbers: [Int]? {
    if case .some(let numbers) = self { numbers } else { nil }
  }
}

extension ProbeHeads: Codable {
  /// A word, or a list of heads.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let word = try? container.decode(String.self) {
      guard let word = Word(rawValue: word) else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "no such heads: \(word)")
      }
      self.init(word)
    } else {
      self = .some(try container.decode([Int].self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let word { try container.encode(word.rawValue) } else { try container.encode(numbers ?? []) }
  }
}

extension Form<ProbeHeads> {
  /// A word, or a list of heads.
  static var heads: Form<ProbeHeads> {
    let list = Form<[Int]>.distinct(of: "heads", .whole(0...8191), ifEmpty: "name one head or more")
    return Form(
      allowed: "",
      read: { field, reader in
        if case .list = field.node.content { return list.read(field, reader).map { .some($0.sorted()) } }
        return reader.choice(field, of: ProbeHeads.Word.allCases.map(\.rawValue))
          .flatMap(ProbeHeads.Word.init).map { ProbeHeads($0) }
      },
      write: { heads in heads.word.map { .plain($0.rawValue) } ?? list.write(heads.numbers ?? []) })
  }
}
