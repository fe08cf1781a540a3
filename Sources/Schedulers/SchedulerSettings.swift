import Foundation

/// Keys of `scheduler_config.json` that take another value than the model's file gives them.
public struct SchedulerSettings: Codable, Hashable, Sendable, CustomStringConvertible {
  public enum Value: Codable, Hashable, Sendable, CustomStringConvertible {
    case text(String)
    case integer(Int)
    case number(Double)
    case truth(Bool)

    public var description: String {
      switch self {
      case .text(let value): value
      case .integer(let value): "\(value)"
      case .number(let value): "\(value)"
      case .truth(let value): "\(value)"
      }
    }

    fileprivate var plain: Any {
      switch self {
      case .text(let value): value
      case .integer(let value): value
      case .number(let value): value
      case .truth(let value): value
      }
    }
  }

  public let values: [String: Value]

  /// The keys that may be set: all that some scheduler here has.
  public static let keys = SchedulerConfiguration.CodingKeys.allCases.map(\.rawValue).filter { $0 != "_class_name" }

  public init(_ values: [String: Value] = [:]) {
    self.values = values
  }

  /// `timestep_spacing trailing, use_karras_sigmas true`, by key; empty without any.
  public var description: String {
    values.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
  }
}

extension SchedulerConfiguration {
  /// The configuration with some of its keys set.
  /// - Throws: `SchedulerError` with every key whose value has the wrong type.
  public func with(_ settings: SchedulerSettings) throws(SchedulerError) -> SchedulerConfiguration {
    guard !settings.values.isEmpty else { return self }
    do {
      // A property list, since JSON has no infinities, which configurations hold.
      let list = try PropertyListSerialization.propertyList(from: PropertyListEncoder().encode(self), format: nil)
      var keys = list as? [String: Any] ?? [:]
      for (key, value) in settings.values { keys[key] = value.plain }
      let data = try PropertyListSerialization.data(fromPropertyList: keys, format: .binary, options: 0)
      var result = try PropertyListDecoder().decode(SchedulerConfiguration.self, from: data)
      result.file = "\(file) with \(settings)"
      return result
    } catch let error as SchedulerError {
      throw SchedulerError(error.problems.map { "scheduler_settings: \($0)" })
    } catch {
      throw SchedulerError("scheduler_settings: \(settings) cannot be used: \(error.localizedDescription)")
    }
  }
}
