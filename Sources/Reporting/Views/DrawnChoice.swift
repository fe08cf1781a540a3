/// What of many steps and words is drawn where not all are.
enum DrawnChoice {
  /// More columns than this are too narrow to be told apart.
  static let mostSteps = 15

  /// At most some of the steps, the first and the last among them.
  static func steps(_ steps: [Int], atMost most: Int = mostSteps) -> [Int] {
    guard steps.count > most, most > 1 else { return steps }
    return (0..<most).map { steps[($0 * (steps.count - 1) + (most - 1) / 2) / (most - 1)] }
  }

  /// The word that another prompt has not at its place, of several the longest, as `beach` in "on the beach" against "in
  /// the park"; the last word if there is no such word or no other prompt.
  static func word(of words: [String], differingFrom other: [String]?) -> Int? {
    let differing = words.indices.filter { index in
      other.map { !$0.indices.contains(index) || $0[index] != words[index] } ?? false
    }
    return differing.max { words[$0].count < words[$1].count } ?? words.indices.last
  }
}
