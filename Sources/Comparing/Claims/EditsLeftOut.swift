/// Edits that do not count, as their source is not as it should be; a pair and seed is one, whatever is done with it.
public struct EditsLeftOut: Hashable, Sendable {
  /// Those whose source has a lower value.
  public internal(set) var below = 0
  /// Those whose source is not done, or has no value.
  public internal(set) var withoutValue = 0
  /// How many edits there are.
  public let of: Int
}
