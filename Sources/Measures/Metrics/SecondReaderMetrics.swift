// What a second scene reader, a network of another kind and training, says of the same pictures: a verdict on generated
// pictures should not be a habit of one network.

extension Metric {
  /// The same metric as the second scene reader sees it.
  var bySecondReader: Metric {
    Metric(
      name: Self.nameBySecondReader(name), title: "\(title), second reader", unit: unit, digits: digits, range: range,
      isShare: isShare, direction: "\(direction); by the second scene reader", reference: reference,
      accuracy: .instrument(.secondSceneReader, accuracyNames), revision: revision,
      measure: measure.looking { $0.withSecondReader })
  }

  /// What a metric of the scene reader is called where the second one takes it.
  public static func nameBySecondReader(_ name: String) -> String { "\(name)_second" }

  private var accuracyNames: [String] {
    if case .instrument(_, let names) = accuracy { names } else { [] }
  }
}

extension Measure {
  /// The same with other instruments.
  fileprivate func looking(_ with: @escaping @Sendable (Instruments) -> Instruments) -> Measure {
    switch self {
    case .picture(let measure): .picture { try measure($0, with($1)) }
    case .edit(let measure): .edit { try measure($0, with($1)) }
    case .besideTarget(let measure): .besideTarget { try measure($0, with($1)) }
    case .set(let set, let measure): .set(set) { try measure($0, with($1)) }
    case .maps(let measure): .maps { try measure($0, with($1)) }
    case .seeds(let measure): .seeds { try measure($0, with($1)) }
    case .rating, .program: self
    }
  }
}
