import Tensors

/// An operation with the values of its keys: what is done, wherever it is done.
public struct AttentionChange: Hashable, Sendable {
  public let operation: AttentionOperation
  /// By key. A key that has a standard has a value.
  public let values: [String: OperationValue]

  /// - Parameter values: of the operation's own keys, each of the key's kind; the others take their standard.
  public init(_ operation: AttentionOperation, _ values: [String: OperationValue] = [:]) {
    if let problem = Self.problem(operation, values) { preconditionFailure(problem) }
    self.operation = operation
    let standards = operation.keys.compactMap { key in key.standard.map { (key.name, $0) } }
    self.values = Dictionary(standards, uniquingKeysWith: { $1 }).merging(values) { $1 }
  }

  private static func problem(_ operation: AttentionOperation, _ values: [String: OperationValue]) -> String? {
    let wrong = values.first { name, value in
      !(operation.keys.first { $0.name == name }?.accepts(value) ?? false)
    }
    return wrong.map { "\(operation.name) has no key \($0.key) that may be \($0.value)" }
  }

  var effect: OperationEffect { operation.effect(self) }

  /// The text that stands for it in hashes of runs: `scale(factor: 3.0)`. It never changes.
  ///
  /// What runs beside the target (`source_seed`, `source_seed_added`, `prompts`, `seeds`) is not in it: those keys have no standard, as keys that
  /// came later have none, which are in it where an operation's own `identity` names them.
  public var identityText: String {
    if let text = operation.identity(self) { return text }
    let values = operation.keys.filter { $0.standard != nil }.compactMap { key in
      self.values[key.name].map { "\(key.name): \($0)" }
    }
    return operation.name + (values.isEmpty ? "" : "(\(values.joined(separator: ", ")))")
  }

  /// What it does, in words for a report, and what its keys add to that.
  public var words: (effect: String, details: [String]) {
    (operation.words(self) ?? operation.meaning, operation.keys.compactMap { $0.words(values[$0.name]) })
  }

  /// Why it cannot be done at a place of a site; nil if it can.
  public func refusal(at place: AttentionEdit.Place, of site: AttentionSite) -> String? {
    operation.refusal(self, place, site)
  }
}

extension AttentionChange {
  /// The number of a key that has one.
  func number(_ key: String) -> Float {
    guard case .number(let number)? = values[key] else { preconditionFailure("\(operation.name) has no number \(key)") }
    return number
  }

  func seed(_ key: String) -> Seed {
    guard case .seed(let seed)? = values[key] else { preconditionFailure("\(operation.name) has no seed \(key)") }
    return seed
  }

  /// The words of a key, none where they are missing.
  package func texts(_ key: String) -> [String] {
    if case .texts(let texts)? = values[key] { texts } else { [] }
  }

  func name(_ key: String) -> String {
    guard case .name(let name)? = values[key] else { preconditionFailure("\(operation.name) has no name \(key)") }
    return name
  }
}

extension AttentionChange: Codable {
  private enum CodingKeys: CodingKey { case operation, values }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let operation = try container.decode(AttentionOperation.self, forKey: .operation)
    let values = try container.decode([String: OperationValue].self, forKey: .values)
    if let problem = Self.problem(operation, values) {
      throw DecodingError.dataCorruptedError(forKey: .values, in: container, debugDescription: problem)
    }
    self.init(operation, values)
  }
}
