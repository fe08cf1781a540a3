/// Why a statistic of a sample has no value.
public enum Unanswered: Hashable, Sendable, CustomStringConvertible {
  /// Fewer finite values, pairs or clusters than it takes.
  case tooFew(found: Int, needed: Int, of: String)
  /// All values of these are the same, so that there is no spread to compare with.
  case noSpread(of: String)
  /// The coefficient is 1 or -1, where Fisher's z is infinite.
  case perfect

  public var description: String {
    switch self {
    case .tooFew(let found, let needed, let things): "needs \(needed) \(things) or more, found \(found)"
    case .noSpread(let things): "all \(things) are equal"
    case .perfect: "the coefficient is 1 or -1, which has no interval by Fisher's z"
    }
  }
}
