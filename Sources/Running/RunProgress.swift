/// Told how far a long piece of work has come.
public protocol RunProgress: AnyObject {
  /// A line to be read: what starts, what is skipped, where to look.
  func note(_ line: String)
  /// - Parameters:
  ///   - done: steps that are done, of all runs together.
  ///   - total: steps that there are.
  ///   - work: what is being done, as `a red car -> a blue car, seed 1`.
  func advanced(done: Int, total: Int, work: String)
  /// The work is over: a bar that was drawn can go.
  func finished()
}

/// Says nothing.
public final class SilentProgress: RunProgress {
  public init() {}
  public func note(_ line: String) {}
  public func advanced(done: Int, total: Int, work: String) {}
  public func finished() {}
}
