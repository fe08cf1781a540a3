import Formatting
/// Reads what a scheduler needs from a configuration, fills in defaults, and collects what is wrong.
struct ConfigurationChecker {
  typealias Key = SchedulerConfiguration.CodingKeys

  let configuration: SchedulerConfiguration
  let kind: SchedulerKind
  private(set) var problems: [String] = []

  init(_ configuration: SchedulerConfiguration, _ kind: SchedulerKind) {
    self.configuration = configuration
    self.kind = kind
  }

  mutating func report(_ key: Key, _ found: String, _ allowed: String) {
    problems.append(
      "\(configuration.file): \(key.rawValue) is \(found); for \(kind.rawValue) \(allowed)")
  }

  /// One of the names of `Choice`.
  mutating func choice<Choice: CaseIterable & RawRepresentable<String>>(
    _ value: String?, _ key: Key, default fallback: Choice
  ) -> Choice {
    guard let value else { return fallback }
    if let choice = Choice(rawValue: value) { return choice }
    report(key, quoted(value), "it is one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
    return fallback
  }

  /// A key of diffusers that is honoured by refusing every value but the usual one.
  mutating func only<Value: Equatable>(_ value: Value?, _ key: Key, _ allowed: Value) {
    guard let value, value != allowed else { return }
    report(key, printable(clipped("\(value)")), "only \(allowed) is supported")
  }

  /// A sigma that the schedule begins or ends with.
  mutating func sigma(_ value: Double?, _ key: Key) {
    guard let value, !(value > 0 && value.isFinite) else { return }
    report(key, "\(value)", "it is a finite number over 0")
  }

  /// - Throws: `SchedulerError` with everything reported so far.
  func finish() throws(SchedulerError) {
    guard problems.isEmpty else { throw SchedulerError(problems) }
  }
}

/// What the model's output means.
enum PredictionType: String, CaseIterable {
  /// The noise.
  case epsilon
  /// sqrt(alpha) * noise - sqrt(1 - alpha) * sample (Salimans and Ho 2022).
  case velocity = "v_prediction"
  /// The clean sample.
  case sample
}

/// The sigma after the last step.
enum FinalSigma: String, CaseIterable {
  case zero
  /// The smallest sigma of training.
  case smallest = "sigma_min"
}
