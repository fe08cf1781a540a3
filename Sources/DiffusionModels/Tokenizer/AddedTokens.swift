/// Tokens that are cut out of a prompt before anything else is done to it: `<|startoftext|>`, `<|endoftext|>`, the
/// padding token (for Stable Diffusion 2.x that is `!`, so each `!` of a prompt is one), and those that a textual
/// inversion added.
struct AddedToken: Hashable, Sendable {
  let content: String
  /// Whether it is looked for in the normalised text, and itself normalised: `<|EndOfText|>` then matches too.
  let normalized: Bool
  /// Whether `decode` leaves it out.
  let special: Bool
  /// Given as a bare text rather than with its properties; the two are never equal to transformers.
  var isBare = false
}

/// Finds added tokens in a text.
struct AddedTokenFinder: Sendable {
  enum Segment {
    case text(ArraySlice<Unicode.Scalar>)
    case token(id: Int, content: String)
  }

  private struct Pattern {
    let scalars: [Unicode.Scalar]
    let id: Int
    let content: String
  }

  /// The longest first, so that of several that match at a place the longest is taken.
  private let patterns: [Pattern]
  private let firsts: Set<Unicode.Scalar>

  /// - Parameter tokens: what to look for, each with its id and the name it goes by.
  init(_ tokens: [(text: [Unicode.Scalar], id: Int, content: String)]) {
    patterns = tokens.filter { !$0.text.isEmpty }
      .map { Pattern(scalars: $0.text, id: $0.id, content: $0.content) }
      .sorted { $0.scalars.count > $1.scalars.count }
    firsts = Set(patterns.compactMap(\.scalars.first))
  }

  /// The text in order, cut at every match, the leftmost and then the longest first. Empty stretches are left out.
  func split(_ text: [Unicode.Scalar]) -> [Segment] {
    var segments: [Segment] = []
    var start = 0
    var place = 0
    while place < text.count {
      guard firsts.contains(text[place]),
        let match = patterns.first(where: { text[place...].starts(with: $0.scalars) })
      else {
        place += 1
        continue
      }
      if start < place { segments.append(.text(text[start..<place])) }
      segments.append(.token(id: match.id, content: match.content))
      place += match.scalars.count
      start = place
    }
    if start < text.count { segments.append(.text(text[start...])) }
    return segments
  }
}
