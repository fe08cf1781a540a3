import Attention
import Tensors
import TestSupport
import Testing

@Suite struct TokenAlignmentTests {
  /// A prompt whose words are given as their numbers of tokens.
  private func prompt(_ words: [(String, Int)], length: Int = 16) -> PromptTokens {
    var tokens = [PromptTokens.Token(id: 0, piece: "<start>", role: .start)]
    for (index, word) in words.enumerated() {
      for _ in 0..<word.1 { tokens.append(.init(id: 1, piece: word.0, role: .word, word: index)) }
    }
    tokens.append(.init(id: 2, piece: "<end>", role: .end))
    while tokens.count < length { tokens.append(.init(id: 3, piece: "<pad>", role: .padding)) }
    return PromptTokens(
      prompt: words.map(\.0).joined(separator: " "), tokens: tokens, words: words.map(\.0), truncatedWords: [])
  }

  private func segments(_ source: [(String, Int)], _ target: [(String, Int)]) -> [[Range<Int>]]? {
    TokenAlignment(source: prompt(source), target: prompt(target))?.segments.map { [$0.source, $0.target] }
  }

  @Test func promptsOfTheSameTokensNeedNone() {
    #expect(segments([("a", 1), ("red", 1), ("car", 2)], [("a", 1), ("blue", 1), ("van", 2)]) == nil)
    #expect(segments([], []) == nil)
  }

  @Test func asManyWordsArePartnersByPlace() {
    #expect(
      segments([("a", 1), ("dog", 1), ("runs", 1)], [("a", 1), ("chihuahua", 3), ("sits", 1)]) == [
        [0..<1, 0..<1], [1..<2, 1..<2], [2..<3, 2..<5], [3..<4, 5..<6], [4..<5, 6..<7], [5..<16, 7..<16],
      ])
  }

  @Test func equalWordsAndGapsOfOneSizeArePartners() {
    // "red" is between "a" and "car" on the target's side alone; "snow" and "rain" are one word on both sides.
    let found = segments(
      [("a", 1), ("car", 1), ("in", 1), ("snow", 1)], [("a", 1), ("red", 1), ("car", 1), ("in", 1), ("rain", 1)])
    #expect(
      found == [
        [0..<1, 0..<1], [1..<2, 1..<2], [2..<3, 3..<4], [3..<4, 4..<5], [4..<5, 5..<6], [5..<6, 6..<7],
        [6..<16, 7..<16],
      ])
    let alignment = TokenAlignment(
      source: prompt([("a", 1), ("car", 1)]), target: prompt([("a", 1), ("red", 1), ("car", 1)]))
    #expect((0..<16).filter { alignment?.covers($0) == false } == [2])
  }

  @Test func nothingInCommonLeavesStartEndAndPadding() {
    #expect(
      segments([("a", 1), ("b", 1)], [("c", 1), ("d", 1), ("e", 1)]) == [
        [0..<1, 0..<1], [3..<4, 4..<5], [4..<16, 5..<16],
      ])
  }

  /// Partners ascend on both sides, each word has one at most, and equal prompts are all partners.
  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func partnersAreInOrder(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<50 {
      func words() -> [(String, Int)] {
        (0..<Int.random(in: 0...6, using: &random)).map { _ in
          (["a", "b", "c"].randomElement(using: &random) ?? "a", Int.random(in: 1...2, using: &random))
        }
      }
      let (source, target) = (prompt(words()), prompt(words()))
      let found = TokenAlignment(source: source, target: target)?.segments ?? []
      for (one, next) in zip(found, found.dropFirst()) {
        #expect(
          one.source.upperBound <= next.source.lowerBound && one.target.upperBound <= next.target.lowerBound,
          "seed \(seed): \(source.prompt) -> \(target.prompt)")
      }
      #expect(found.allSatisfy { !$0.source.isEmpty && !$0.target.isEmpty }, "seed \(seed)")
      #expect(TokenAlignment(source: source, target: source) == nil, "seed \(seed)")
    }
  }

  @Test func theSummarySaysWhatIsTaken() {
    let (source, target) = (
      prompt([("a", 1), ("dog", 1), ("outside", 1)]),
      prompt([("a", 1), ("big", 1), ("dog", 2), ("in", 1), ("snow", 1)])
    )
    #expect(
      TokenAlignment(source: source, target: target)?.summary(source: source, target: target)
        == "\"a dog outside\" -> \"a big dog in snow\": aligned by words: \"dog\" (1 token) gives \"dog\" (2) equal shares; "
        + "\"big\", \"in\", \"snow\" without a partner: left alone; the source's \"outside\" not taken; words, end token and "
        + "padding move to the target's positions")
  }
}
