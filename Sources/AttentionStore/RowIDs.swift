/// The `id` of a row of `run`.
public struct RunID: RawRepresentable, Hashable, Comparable, Sendable {
  public let rawValue: Int64
  public init(rawValue: Int64) { self.rawValue = rawValue }
  public static func < (a: RunID, b: RunID) -> Bool { a.rawValue < b.rawValue }
}

/// The `id` of a row of `prompt`.
public struct PromptID: RawRepresentable, Hashable, Sendable {
  public let rawValue: Int64
  public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// The `id` of a row of `record`.
public struct RecordID: RawRepresentable, Hashable, Sendable {
  public let rawValue: Int64
  public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// The `id` of a row of `site`.
public struct SiteID: RawRepresentable, Hashable, Sendable {
  public let rawValue: Int64
  public init(rawValue: Int64) { self.rawValue = rawValue }
}
