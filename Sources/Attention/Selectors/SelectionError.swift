/// A selector that does not fit: of which key it is, what was asked for, what is wrong with it, and what may stand there.
public struct SelectionError: Error, Hashable, CustomStringConvertible {
  /// The key of an experiment file, `sites`, or the operation whose choice it is; nil where several together are wrong.
  public let key: String?
  /// The key below it, `fraction` of `steps`.
  public let member: String?
  /// What was asked for, as it was written; nil where the problem says it.
  public let value: String?
  /// What is wrong, with what there is.
  public let problem: String
  /// What may stand there, or what to do.
  public let hint: String?

  public init(
    _ key: String? = nil, member: String? = nil, value: String? = nil, problem: String, hint: String? = nil
  ) {
    self.key = key
    self.member = member
    self.value = value
    self.problem = problem
    self.hint = hint
  }

  /// `sites "cat:1": "cat" is not a kind of attention; allowed: self, cross, *, and residual`
  public var description: String { described(at: key) }

  /// The same with the path of a file in place of the key.
  package func described(at path: String?) -> String {
    let whole = path.map { $0 + (member.map { ".\($0)" } ?? "") }
    let place = [whole, value.map { "\"\($0)\"" }].compactMap { $0 }.joined(separator: " ")
    return (place.isEmpty ? "" : "\(place): ") + problem + (hint.map { "; \($0)" } ?? "")
  }
}
