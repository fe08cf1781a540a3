/// How what is given contradicts what is stored.
public enum StoreConflict: Hashable, Sendable, CustomStringConvertible {
  /// A run is stored in another group than the one it is given for.
  case otherGroup(run: String, stored: String, given: String)
  /// A group is stored with a run that is not among those given.
  case missingRun(String, group: String)
  /// A run is stored with other settings.
  case otherSettings(run: String)
  /// A group has no run under way.
  case notBegun(group: String)
  /// A map belongs to a run that is not under way in the group.
  case mapOfOther(run: RunID, group: String)
  /// A run that fails is not under way in the group.
  case failureOfOther(run: RunID, group: String)
  /// The results are of other runs than those that are under way.
  case otherResults(group: String, underWay: [RunID], given: [RunID])

  public var description: String {
    switch self {
    case .otherGroup(let run, let stored, let given): "run \(run) is stored in group \(stored), not in \(given)"
    case .missingRun(let run, let group):
      "group \(group) is stored with the run \(run), which is not among those given"
    case .otherSettings(let run): "run \(run) is stored with other settings"
    case .notBegun(let group): "group \(group) has no run under way"
    case .mapOfOther(let run, let group):
      "a map belongs to run \(run.rawValue), which is not under way in group \(group)"
    case .failureOfOther(let run, let group): "run \(run.rawValue) fails, and is not under way in group \(group)"
    case .otherResults(let group, let underWay, let given):
      "group \(group) has the runs \(Self.list(underWay)), and the results are of the runs \(Self.list(given))"
    }
  }

  /// What to do; empty where nothing can be done by hand.
  var hint: String {
    switch self {
    case .otherGroup: "A run of another group has another hash"
    case .missingRun: "A group of other runs has another hash"
    case .otherSettings: "Runs of other settings have other hashes"
    case .notBegun: "Begin it first"
    case .mapOfOther, .failureOfOther, .otherResults: ""
    }
  }

  private static func list(_ runs: [RunID]) -> String { runs.map { "\($0.rawValue)" }.joined(separator: ", ") }
}
