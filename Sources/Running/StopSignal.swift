import Synchronization

/// Asks a run to end after the step that it is making. May be raised from any thread.
public final class StopSignal: Sendable {
  private let raised = Atomic(false)

  public init() {}

  public var isRaised: Bool { raised.load(ordering: .relaxed) }

  /// Once raised it stays so.
  public func raise() { raised.store(true, ordering: .relaxed) }
}

/// A run that ended early because it was asked to: what it made is stored whole, and the next run goes on from there.
public struct RunInterrupted: Error, Hashable, Sendable, CustomStringConvertible {
  /// Denoising steps that are stored, of all runs together, as `RunProgress` counts them.
  public let stepsDone: Int
  public let stepsTotal: Int

  public init(stepsDone: Int, stepsTotal: Int) {
    self.stepsDone = stepsDone
    self.stepsTotal = stepsTotal
  }

  public var description: String {
    stepsDone == stepsTotal
      ? "stopped: all \(stepsTotal) steps are stored; measures and the report are still to be made"
      : "stopped: \(stepsDone) of \(stepsTotal) steps are stored"
  }
}
