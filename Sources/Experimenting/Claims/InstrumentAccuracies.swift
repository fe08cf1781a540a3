/// How often instruments are right, by name: measured on what was not used to make them, before any experiment.
public struct InstrumentAccuracies: Sendable {
  /// The share of known answers that an instrument gets right, 0...1; nil if nobody measured it.
  public let accuracy: @Sendable (String) -> Double?

  public init(_ accuracy: @escaping @Sendable (String) -> Double?) {
    self.accuracy = accuracy
  }

  /// Those of the instruments that come with this tool: there are none.
  public static let known = InstrumentAccuracies { _ in nil }
}
