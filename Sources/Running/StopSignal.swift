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
  /// How much is stored, as `RunProgress` counts it.
  public let done: Int
  public let total: Int
  public let unit: WorkUnit

  public init(done: Int, total: Int, of unit: WorkUnit) {
    self.done = done
    self.total = total
    self.unit = unit
  }

  public var description: String {
    switch unit {
    case .steps where done == total:
      "stopped: all \(total) steps are stored; measures and the report are still to be made"
    case .measurements: "stopped: all steps and \(done) of \(total) measurements are stored"
    case .steps, .places: "stopped: \(done) of \(total) \(unit.rawValue) are stored"
    }
  }
}
