/// The most that one experiment may ask for. More is a mistake in a list or a sweep, and would fill memory before any
/// other limit could refuse it.
public enum PlanLimits {
  /// Pictures, sources included.
  public static let runs = 1_000_000
  /// Stored maps: one a head, or one of the mean.
  public static let maps = 100_000_000
  /// With all sweeps written out.
  package static let interventions = 10_000
  /// Interventions, or settings, that one sweep stands for.
  package static let combinations = 1000
  /// Pairs, or prompts, of one file: more pictures are a mistake in a template.
  package static let prompts = 10_000
}
