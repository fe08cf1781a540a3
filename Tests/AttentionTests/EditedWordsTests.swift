import Attention
import TestSupport
import Testing

@Suite struct EditedWordsTests {
  private func words(_ indices: [Int], _ prompt: PromptTokens) -> [String] { indices.map { prompt.words[$0] } }

  /// The edited words of the target and of the source.
  @Test(arguments: [
    ("a red car", "a blue car", ["blue"], ["red"]),
    ("a red car", "a red car", [], []),
    ("a car", "a red car", ["red"], []),
    ("a red car", "a car", [], ["red"]),
    ("a dog in the park", "a big cat in the snow", ["big", "cat", "snow"], ["dog", "park"]),
    ("a car and a car", "a car and a bus", ["bus"], ["car"]),
    ("", "a dog", ["a", "dog"], []),
  ])
  func ofPairs(_ source: String, _ target: String, _ edited: [String], _ replaced: [String]) {
    let (from, to) = (prompt(source), prompt(target))
    #expect(words(EditedWords(of: to, source: from).edited, to) == edited)
    #expect(words(EditedWords(of: from, targets: [to]).edited, from) == replaced)
  }

  /// Of a source with several targets what any of them changes is edited.
  @Test func ofASourceWithSeveralTargets() {
    let source = prompt("a red car in snow")
    let edit = EditedWords(of: source, targets: [prompt("a blue car in snow"), prompt("a red bus in snow")])
    #expect(words(edit.edited, source) == ["red", "car"])
    #expect(words(edit.kept, source) == ["a", "in", "snow"])
    #expect(EditedWords(of: source, targets: []).edited.isEmpty)
  }

  /// Each word is either edited or kept, and kept words are the same on both sides, in order.
  @Test(arguments: 1...10 as ClosedRange<UInt64>)
  func everyWordIsOneOfBoth(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<50 {
      func text() -> String {
        (0..<Int.random(in: 0...6, using: &random)).map { _ in ["a", "b", "c"].randomElement(using: &random) ?? "a" }
          .joined(separator: " ")
      }
      let (source, target) = (prompt(text()), prompt(text()))
      let (of, from) = (EditedWords(of: target, source: source), EditedWords(of: source, targets: [target]))
      #expect((of.edited + of.kept).sorted() == Array(target.words.indices), "seed \(seed)")
      #expect((from.edited + from.kept).sorted() == Array(source.words.indices), "seed \(seed)")
      #expect(words(of.kept, target) == words(from.kept, source), "seed \(seed): \(source.prompt) -> \(target.prompt)")
    }
  }
}
