/// Which words of a prompt an edit changes and which it keeps, and where: what `<edited>`, `<kept>`, `<earlier>`, `<next>` and
/// `<later>` stand for in an experiment file, so that one file serves all pairs.
///
/// Words belong together as for operations that take attention between prompts (`TokenAlignment`). A word whose partner is
/// the same word is kept; any other word, and one without a partner, is edited.
public struct EditedWords: Hashable, Sendable {
  /// Indices into the prompt's words, ascending.
  public let edited: [Int]
  /// All other words of the prompt, ascending.
  public let kept: [Int]

  /// The kept words before the first edited one.
  public var earlier: [Int] { edited.first.map { first in kept.filter { $0 < first } } ?? [] }

  /// The kept word right behind the last edited one, as the noun behind a color; none where that is the last of the prompt.
  public var next: [Int] { edited.last.map { last in kept.filter { $0 == last + 1 } } ?? [] }

  /// All words behind the next one.
  public var later: [Int] { edited.last.map { last in kept.filter { $0 > last + 1 } } ?? [] }

  /// Of a target, against its source.
  public init(of target: PromptTokens, source: PromptTokens) {
    self.init(words: target.words.count, keeping: Self.kept(source, target).map(\.target))
  }

  /// Of a source, against its targets: kept are the words that each of them keeps, edited are all others.
  public init(of source: PromptTokens, targets: [PromptTokens]) {
    let all = Set(source.words.indices)
    self.init(
      words: source.words.count,
      keeping: targets.reduce(all) { $0.intersection(Self.kept(source, $1).map(\.source)) })
  }

  private init(words count: Int, keeping kept: some Sequence<Int>) {
    let kept = Set(kept)
    self.kept = kept.sorted()
    edited = (0..<count).filter { !kept.contains($0) }
  }

  private static func kept(_ source: PromptTokens, _ target: PromptTokens) -> [(source: Int, target: Int)] {
    TokenAlignment.partners(source.words, target.words).filter { source.words[$0] == target.words[$1] }
      .map { (source: $0, target: $1) }
  }
}

extension TokenSelector {
  /// Which words the edit changes of each prompt of a group, where a key depends on that; nil for prompts without a source.
  /// - Parameter hasSource: whether the first prompt is the source of all others.
  public func edits(of prompts: [PromptTokens], hasSource: Bool) -> [EditedWords?] {
    guard isOfEdits, hasSource, let source = prompts.first else { return prompts.map { _ in nil } }
    // A prompt is a target once for each intervention.
    var known: [PromptTokens: EditedWords] = [:]
    let ofTargets = prompts.dropFirst().map { target in
      let words = known[target] ?? EditedWords(of: target, source: source)
      known[target] = words
      return words
    }
    return [EditedWords(of: source, targets: Array(known.keys))] + ofTargets
  }
}
