/// The lanes that a call of the model is made with.
///
/// Two runs of one prompt and one start noise are the same until an intervention makes them differ. Until then one of them
/// is computed, and the other takes what it comes to. So a sweep over the step at which something begins costs no step twice.
public struct LaneBatch: Hashable, Sendable {
  /// The lanes of the group that are computed, ascending.
  public let lanes: [Int]
  /// Of each lane of the group, the place of what it comes to among those.
  public let places: [Int]

  /// Whether every lane is computed.
  public var isWhole: Bool { lanes.count == places.count }

  /// - Parameter firstRuns: of each run, the first that is still the same.
  init(_ all: [Lane], firstRuns: [Int]) {
    let lanes = all.indices.filter { firstRuns[all[$0].run] == all[$0].run }
    let placeOf = Dictionary(uniqueKeysWithValues: lanes.enumerated().map { (all[$1], $0) })
    self.lanes = lanes
    places = all.map { lane in
      guard let place = placeOf[Lane(run: firstRuns[lane.run], branch: lane.branch)] else {
        preconditionFailure("a run without the half of guidance that another one has")
      }
      return place
    }
  }

  /// The lanes of the group, where all that share a place are one.
  /// - Parameter place: among the computed lanes.
  func all(at place: Int) -> [Int] { places.indices.filter { places[$0] == place } }
}

/// Which runs of a group are still the same, call after call.
struct SameRuns {
  /// What a run begins with.
  private struct Start: Hashable {
    let origin: Int
    let changes: [PromptChange]
  }

  /// What a run is after a call: what it was before, and what was done.
  private struct Past: Hashable {
    let before: Int
    /// What was done, by the first operation that does the same.
    let operations: [Int]
    let start: NoisedStart?
  }

  /// Of each run, the first that is still the same.
  private(set) var firstRuns: [Int]
  private let operations: [PlannedOperation]
  /// Of each operation, the first that does the same.
  private let firstOperations: [Int]

  /// - Parameters:
  ///   - origins: of each run; those of one prompt and one start noise have the same.
  ///   - operations: of all runs and calls.
  init(origins: [Int], _ changes: [PromptChange], _ operations: [PlannedOperation]) {
    self.operations = operations
    firstOperations = Self.firsts(operations.map(\.asOfAnyRun))
    firstRuns = Self.firsts(
      origins.enumerated().map { run, origin in
        let own = changes.filter { $0.lane.run == run }.map {
          PromptChange(lane: Lane(run: 0, branch: $0.lane.branch), roles: $0.roles, random: $0.random)
        }
        return Start(origin: origin, changes: own)
      })
  }

  /// Parts the runs that a call makes differ.
  /// - Parameters:
  ///   - active: indices of the operations that act in it, in order.
  ///   - starts: that begin with it.
  mutating func call(_ active: [Int], _ starts: [NoisedStart]) {
    let before = firstRuns
    var done: [[Int]] = Array(repeating: [], count: before.count)
    for index in active { done[operations[index].run].append(firstOperations[index]) }
    firstRuns = Self.firsts(
      before.indices.map { run in
        Past(
          before: before[run], operations: done[run],
          start: starts.last { $0.run == run }.map { NoisedStart(run: 0, source: $0.source, strength: $0.strength) })
      })
  }

  /// Of each value, the index of the first that is equal.
  private static func firsts<T: Hashable>(_ values: [T]) -> [Int] {
    var first: [T: Int] = [:]
    return values.enumerated().map { index, value in
      if let known = first[value] { return known }
      first[value] = index
      return index
    }
  }
}
