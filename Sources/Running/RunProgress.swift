/// What a long piece of work is counted in.
public enum WorkUnit: String, Hashable, Sendable {
  /// Of denoising, of all runs together.
  case steps
  /// Of runs, and of sets of runs that have metrics together.
  case measurements
  /// In the network and among the calls of its model, at which probes are trained.
  case places
}

/// Told how far a long piece of work has come.
public protocol RunProgress: AnyObject {
  /// A line to be read: what starts, what is skipped, where to look.
  func note(_ line: String)
  /// - Parameters:
  ///   - done: how much is done.
  ///   - total: how much there is.
  ///   - work: what is being done, as `a red car -> a blue car, seed 1`.
  func advanced(done: Int, total: Int, of unit: WorkUnit, work: String)
  /// The work is over: a bar that was drawn can go.
  func finished()
}

/// Says nothing.
public final class SilentProgress: RunProgress {
  public init() {}
  public func note(_ line: String) {}
  public func advanced(done: Int, total: Int, of unit: WorkUnit, work: String) {}
  public func finished() {}
}
