/// Which of the denoising steps 0 ..< n something applies to.
public enum StepSelector: Codable, Hashable, Sendable {
  case all
  /// Indices, from 0.
  case list([Int])
  /// `from`, `from + every`, ... below `to`.
  case range(from: Int, to: Int, every: Int)
  /// `[int(from * n), int(to * n))` for n steps, both cut towards zero: the rounding of the paper's code.
  case fraction(from: Double, to: Double)

  /// The steps selected out of `count`, ascending.
  /// - Throws: `SelectionError` if an index or a bound lies outside `0 ..< count`, or nothing is selected.
  public func resolve(count: Int) throws(SelectionError) -> [Int] {
    switch self {
    case .all:
      return Array(0..<count)
    case .list(let steps):
      guard let last = steps.max(), let first = steps.min() else {
        throw SelectionError("steps", problem: "the list is empty", hint: "write `all` for every step")
      }
      guard first >= 0, last < count else {
        let wrong = first < 0 ? first : last
        throw SelectionError(
          "steps", problem: "\(wrong) is not a step", hint: "the run has \(count), numbered 0 to \(count - 1)")
      }
      return Set(steps).sorted()
    case .range(let from, let to, let every):
      guard every > 0 else {
        throw SelectionError("steps", member: "every", problem: "\(every) is not allowed", hint: "it is 1 or more")
      }
      guard from >= 0, from < to, to <= count else {
        throw SelectionError(
          "steps", problem: "{ from: \(from), to: \(to) } does not lie within the run's \(count) steps",
          hint: "0 <= from < to <= \(count) (`to` itself is not taken)")
      }
      return Array(stride(from: from, to: to, by: every))
    case .fraction(let from, let to):
      guard from >= 0, from < to, to <= 1 else {
        throw SelectionError(
          "steps", member: "fraction", problem: "[\(from), \(to)] is not allowed", hint: "0 <= from < to <= 1")
      }
      let steps = Array(Int(from * Double(count))..<Int(to * Double(count)))
      guard !steps.isEmpty else {
        throw SelectionError("steps", member: "fraction", problem: "[\(from), \(to)] selects none of \(count) steps")
      }
      return steps
    }
  }
}

extension StepSelector {
  /// Reads `all`, `0,10,20` or `0-9`, both ends taken.
  /// - Throws: `SelectionError`.
  public init(_ text: String) throws(SelectionError) {
    if text == "all" {
      self = .all
    } else if let steps = numbersAndRanges(text) {
      self = .list(steps)
    } else {
      throw SelectionError(problem: "steps are numbers from 0 between commas, as 0,10,20, or ranges, as 0-9, or all")
    }
  }
}

/// Numbers from 0 and ranges of them, between commas, both ends taken; nil if the text is anything else or names more
/// than 100,000.
package func numbersAndRanges(_ text: String) -> [Int]? {
  var result: [Int] = []
  for item in text.split(separator: ",", omittingEmptySubsequences: false) {
    let ends = item.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first >= 0,
      first <= last, last < 100_000
    else { return nil }
    result += first...last
    if result.count > 100_000 { return nil }
  }
  return result
}
