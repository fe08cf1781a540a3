/// A metric is written down as its name, and one of the user's own with its program and what its first comment says.
extension Metric: Codable {
  private enum CodingKeys: String, CodingKey {
    case name, program, fields
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    guard case .program(let program) = measure else { return try container.encode(name, forKey: .name) }
    try container.encode(program.path, forKey: .program)
    try container.encode(
      Dictionary(programFields.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }), forKey: .fields)
  }

  /// - Throws: `DecodingError` for a name that this version does not have; `InstrumentError` for fields of a program.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if let program = try container.decodeIfPresent(String.self, forKey: .program) {
      self = try Metric(program: program, fields: container.decode([String: String].self, forKey: .fields))
      return
    }
    let name = try container.decode(String.self, forKey: .name)
    guard let metric = MetricRegistry.named(name) else {
      throw DecodingError.dataCorruptedError(
        forKey: .name, in: container, debugDescription: "this version has no metric \(name.debugDescription)")
    }
    self = metric
  }
}
