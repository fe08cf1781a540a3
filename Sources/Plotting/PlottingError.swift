/// Why a picture could not be read, written or drawn.
public struct PlottingError: Error, Hashable, CustomStringConvertible {
  /// What kind of thing failed, for code that reacts to it.
  public enum Kind: Hashable, Sendable {
    /// The file is something other than a PNG.
    case notPNG
    /// The file begins as a PNG and is broken further on.
    case damagedPNG
    /// More pixels than the limit allows.
    case tooLarge
    /// A text chunk that PNG cannot hold.
    case text
    /// A figure was asked for with values that cannot be drawn.
    case figure
    /// The font that ships with the module cannot be used.
    case font
  }

  public let kind: Kind
  /// Where: a file's path, or the name of a figure.
  public let place: String
  /// What was found, and what was expected; all problems of the place.
  public let problems: [String]
  /// What to do next; empty where the problems say it.
  public let advice: String

  public init(_ kind: Kind, _ place: String, _ problems: [String], advice: String = "") {
    self.kind = kind
    self.place = place
    self.problems = problems
    self.advice = advice
  }

  public var description: String {
    "\(place): \(problems.joined(separator: "; "))" + (advice.isEmpty ? "" : ". \(advice)")
  }
}
