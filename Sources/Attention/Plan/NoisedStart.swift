/// A run that starts from its source's finished latents with noise added.
public struct NoisedStart: Codable, Hashable, Sendable {
  /// Indices in the group.
  public let run: Int
  public let source: Int
  /// The share of the steps that are taken, 0...1.
  public let strength: Double

  public init(run: Int, source: Int, strength: Double) {
    self.run = run
    self.source = source
    self.strength = strength
  }

  /// The first step that counts, of so many; `steps` where none does.
  public func firstStep(of steps: Int) -> Int { steps - min(steps, Int(Double(steps) * strength)) }
}
