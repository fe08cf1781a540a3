extension TokenAlignment {
  /// The alignment of two prompts by words; nil where every token stands at the same position anyway.
  ///
  /// Of prompts with as many words each word has the one at its place for a partner. Otherwise equal words do, by a
  /// longest common subsequence, and between two of these the words in between if they are as many on both sides; any other
  /// word has none. Start, end and padding belong together.
  public init?(source: PromptTokens, target: PromptTokens) {
    var pairs: [(source: [Int], target: [Int])] = [(source.positions(of: .start), target.positions(of: .start))]
    pairs += Self.partners(source.words, target.words).map {
      (source.positions(ofWord: $0), target.positions(ofWord: $1))
    }
    pairs += [
      (source.positions(of: .end), target.positions(of: .end)),
      (source.positions(of: .padding), target.positions(of: .padding)),
    ]
    let segments = pairs.compactMap { pair -> Segment? in
      guard let a = pair.source.first, let b = pair.target.first else { return nil }
      return Segment(source: a..<(a + pair.source.count), target: b..<(b + pair.target.count))
    }
    let covered = segments.reduce(0) { $0 + $1.target.count }
    if segments.allSatisfy({ $0.source == $0.target }), covered == target.tokens.count { return nil }
    self.init(segments: segments)
  }

  /// Which words belong together, as indices, ascending on both sides.
  static func partners(_ source: [String], _ target: [String]) -> [(Int, Int)] {
    guard source.count != target.count else { return Array(zip(source.indices, target.indices)) }
    // The length of the longest common subsequence of what begins at each place.
    var longest = Array(repeating: Array(repeating: 0, count: target.count + 1), count: source.count + 1)
    for i in source.indices.reversed() {
      for j in target.indices.reversed() {
        longest[i][j] =
          source[i] == target[j] ? longest[i + 1][j + 1] + 1 : max(longest[i + 1][j], longest[i][j + 1])
      }
    }
    var (pairs, gap): ([(Int, Int)], (Int, Int)) = ([], (0, 0))
    var (i, j) = (0, 0)
    func closeGap(_ pairs: inout [(Int, Int)]) {
      if i - gap.0 == j - gap.1 { pairs += zip(gap.0..<i, gap.1..<j) }
    }
    while i < source.count, j < target.count {
      if source[i] == target[j] {
        closeGap(&pairs)
        pairs.append((i, j))
        (i, j) = (i + 1, j + 1)
        gap = (i, j)
      } else if longest[i + 1][j] >= longest[i][j + 1] {
        i += 1
      } else {
        j += 1
      }
    }
    (i, j) = (source.count, target.count)
    closeGap(&pairs)
    return pairs
  }

  /// What is taken from where, in a line for the reader: words that change their number of tokens and words without a
  /// partner.
  public func summary(source: PromptTokens, target: PromptTokens) -> String {
    let pairs = Self.partners(source.words, target.words)
    let counts = { (a: Int, b: Int) in (source.positions(ofWord: a).count, target.positions(ofWord: b).count) }
    let changed = pairs.filter { counts($0, $1).0 != counts($0, $1).1 }.map { a, b in
      "\"\(source.words[a])\" (\(counts(a, b).0 == 1 ? "1 token" : "\(counts(a, b).0) tokens")) gives \"\(target.words[b])\" (\(counts(a, b).1)) equal shares"
    }
    let partnered = (source: Set(pairs.map(\.0)), target: Set(pairs.map(\.1)))
    let own = target.words.indices.filter { !partnered.target.contains($0) }.map { "\"\(target.words[$0])\"" }
    let dropped = source.words.indices.filter { !partnered.source.contains($0) }.map { "\"\(source.words[$0])\"" }
    var parts = changed
    if !own.isEmpty { parts.append("\(own.joined(separator: ", ")) without a partner: left alone") }
    if !dropped.isEmpty { parts.append("the source's \(dropped.joined(separator: ", ")) not taken") }
    parts.append("words, end token and padding move to the target's positions")
    return "\"\(source.prompt)\" -> \"\(target.prompt)\": aligned by words: " + parts.joined(separator: "; ")
  }
}
