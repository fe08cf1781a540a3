import Attention
import Testing

/// A prompt of one token a word, except that words with a hyphen are split there.
func prompt(_ text: String, length: Int = 77) -> PromptTokens {
  let words = text.split(separator: " ").map(String.init)
  var tokens = [PromptTokens.Token(id: 0, piece: "<|startoftext|>", role: .start)]
  for (index, word) in words.enumerated() {
    for piece in word.split(separator: "-") {
      tokens.append(.init(id: 10 + index, piece: "\(piece)</w>", role: .word, word: index))
    }
  }
  tokens.append(.init(id: 1, piece: "<|endoftext|>", role: .end))
  while tokens.count < length { tokens.append(.init(id: 1, piece: "<|endoftext|>", role: .padding)) }
  return PromptTokens(prompt: text, tokens: tokens, words: words, truncatedWords: ["lost"])
}

@Suite struct FullPromptTests {
  private let full = prompt("a red car", length: 5)

  /// A prompt that fills all positions leaves no padding: it has no such key, and nothing is made up for it.
  @Test func hasNoPadding() throws {
    let selector = TokenSelector.names([.start, .padding])
    #expect(try selector.resolve(full) == [TokenKey(label: "<start>", positions: [0])])
    #expect(selector.missing(full, nil) == [.padding] && selector.mayLackKeys)
    #expect(selector.missing(prompt("a red car", length: 6), nil) == [])
    #expect(try TokenName.padding.positions(in: full) == [])
    #expect(!TokenSelector.names([.start, .end]).mayLackKeys)
  }
}

@Suite struct StepSelectorTests {
  @Test func selections() throws {
    #expect(try StepSelector.all.resolve(count: 3) == [0, 1, 2])
    #expect(try StepSelector.list([5, 0, 5]).resolve(count: 6) == [0, 5])
    #expect(try StepSelector.range(from: 0, to: 30, every: 10).resolve(count: 30) == [0, 10, 20])
    #expect(try StepSelector.range(from: 2, to: 3, every: 7).resolve(count: 3) == [2])
  }

  @Test func texts() throws {
    #expect(try StepSelector("all") == .all)
    #expect(try StepSelector("3") == .list([3]))
    #expect(try StepSelector("0,5-7,2") == .list([0, 5, 6, 7, 2]))
    let ranges = Array(repeating: "0-99999", count: 1000).joined(separator: ",")
    for text in [
      "", "-", "1-", "-1", "2-1", "1,,2", "1-2-3", "0-100000", "x", "1.5", "99999999999999999999", ranges,
    ] {
      #expect(throws: SelectionError.self, "\(text.prefix(20))") { try StepSelector(text) }
    }
  }

  /// The paper's rounding: [int(a n), int(b n)).
  @Test func fractions() throws {
    #expect(try StepSelector.fraction(from: 0, to: 0.8).resolve(count: 50) == Array(0..<40))
    #expect(try StepSelector.fraction(from: 0, to: 0.8).resolve(count: 30) == Array(0..<24))
    #expect(try StepSelector.fraction(from: 0, to: 0.99).resolve(count: 10) == Array(0..<9))
    #expect(try StepSelector.fraction(from: 0.5, to: 1).resolve(count: 5) == [2, 3, 4])
    for count in 1...100 { #expect(try StepSelector.fraction(from: 0, to: 1).resolve(count: count).count == count) }
  }

  @Test(arguments: [
    (StepSelector.list([30]), "steps: 30 is not a step; the run has 30, numbered 0 to 29"),
    (.list([-1, 2]), "steps: -1 is not a step; the run has 30, numbered 0 to 29"),
    (.list([]), "steps: the list is empty; write `all` for every step"),
    (
      .range(from: 0, to: 31, every: 1),
      "steps: { from: 0, to: 31 } does not lie within the run's 30 steps; 0 <= from < to <= 30 (`to` itself is not taken)"
    ),
    (.range(from: 0, to: 30, every: 0), "steps.every: 0 is not allowed; it is 1 or more"),
    (.fraction(from: 0.8, to: 0.2), "steps.fraction: [0.8, 0.2] is not allowed; 0 <= from < to <= 1"),
    (.fraction(from: 0, to: 0.01), "steps.fraction: [0.0, 0.01] selects none of 30 steps"),
  ])
  func messages(_ selector: StepSelector, _ message: String) {
    #expect { _ = try selector.resolve(count: 30) } throws: { "\($0)" == message }
  }
}

@Suite struct TokenSelectorTests {
  @Test func everyPosition() throws {
    let keys = try TokenSelector.all.resolve(prompt("a red car"))
    #expect(keys.count == 77)
    #expect(keys.prefix(6).map(\.label) == ["<start>", "a", "red", "car", "<end>", "<padding>"])
    #expect(keys.enumerated().allSatisfy { $1.positions == [$0] })
  }

  @Test func wordsWithTheirPieces() throws {
    let keys = try TokenSelector.words.resolve(prompt("a car and a sea-horse"))
    #expect(keys.map(\.label) == ["a", "car", "and", "a#2", "sea-horse"])
    #expect(keys.map(\.positions) == [[1], [2], [3], [4], [5, 6]])
  }

  @Test func names() throws {
    let names = try ["<start>", "Car", "a#2", "<end>", "<padding>"].map { try TokenName($0) } + [.position(3)]
    let keys = try TokenSelector.names(names).resolve(prompt("a car and a"))
    #expect(keys.map(\.label) == ["<start>", "car", "a#2", "<end>", "<padding>", "3"])
    #expect(keys.map(\.positions) == [[0], [2], [4], [5], Array(6..<77), [3]])
  }

  /// A phrase is the sum of its words, where they follow one another.
  @Test func phrases() throws {
    let names = try ["Red  Car", "red#2", "<after a red#2>"].map { try TokenName($0) }
    #expect(names.map(\.description) == ["red car", "red#2", "<after a red#2>"])
    let keys = try TokenSelector.names(names).resolve(prompt("a red car and a red sea-horse here"))
    #expect(keys.map(\.positions) == [[2, 3], [6], [7, 8, 9]])
    let second = try TokenName("red car#2").positions(in: prompt("a red car a red red car"))
    #expect(second == [6, 7])
  }

  @Test func wordsOfAnEdit() throws {
    let (source, target) = (prompt("a red car in snow"), prompt("a blue sea-horse in snow"))
    let names = TokenSelector.names([.edited, .kept, .end])
    #expect(names.isOfEdits && !TokenSelector.words.isOfEdits && !TokenSelector.names([.end]).isOfEdits)
    let edits = names.edits(of: [source, target, target], hasSource: true)
    #expect(try names.resolve(target, edit: edits[1]).map(\.label) == ["<edited>", "<kept>", "<end>"])
    #expect(try names.resolve(target, edit: edits[2]).map(\.positions) == [[2, 3, 4], [1, 5, 6], [7]])
    #expect(try names.resolve(source, edit: edits[0]).map(\.positions) == [[2, 3], [1, 4, 5], [6]])
    // Nothing is edited without a source, and in a run of equal prompts.
    #expect(names.edits(of: [source, target], hasSource: false) == [nil, nil])
    #expect(try names.resolve(source).map(\.label) == ["<end>"])
    let same = EditedWords(of: source, source: source)
    #expect(try names.resolve(source, edit: same).map(\.label) == ["<kept>", "<end>"])
    #expect(names.missing(source, same) == [.edited] && names.missing(source, nil) == [.edited, .kept])
    // Around the edited words: with <edited>, each word stands in one of the four, unless it stands between edited ones.
    let around = TokenSelector.names([.earlier, .edited, .next, .later])
    #expect(try around.resolve(target, edit: edits[1]).map(\.positions) == [[1], [2, 3, 4], [5], [6]])
    let last = EditedWords(of: prompt("a red car in snow"), source: prompt("a red car at night"))
    #expect(last.edited == [3, 4] && last.earlier == [0, 1, 2] && last.next.isEmpty && last.later.isEmpty)
    let apart = EditedWords(
      of: prompt("a red car and a blue dog here"), source: prompt("a blue car and a red dog here"))
    #expect(apart.edited == [1, 5] && apart.earlier == [0] && apart.next == [6] && apart.later == [7])
    #expect(around.missing(source, last) == [.next, .later])
    #expect(around.missing(source, same) == [.earlier, .edited, .next, .later])
    #expect {
      _ = try TokenName.next.positions(in: source, edit: last)
    } throws: {
      "\($0)" == "tokens \"<next>\": the pair keeps no word behind those it changes of \"a red car in snow\""
    }
    #expect {
      _ = try TokenName.edited.positions(in: source, edit: same)
    } throws: {
      "\($0)" == "tokens \"<edited>\": the pair changes no word of \"a red car in snow\""
    }
    #expect {
      _ = try TokenName.kept.positions(in: source)
    } throws: {
      "\($0)"
        == "tokens \"<kept>\": the prompt \"a red car in snow\" has no source here; write its words, or make it the target "
        + "of a pair"
    }
  }

  @Test(arguments: [
    (
      [TokenName.word("red dog", occurrence: 1)],
      "tokens: \"red dog\" is not in the prompt \"a red car\"; its words are \"a\", \"red\", \"car\""
    ),
    (
      [TokenName.word("car lost", occurrence: 1)],
      "tokens: \"car lost\" lies beyond the 77 tokens that the model reads of \"a red car\""
    ),
    (
      [.word("red car", occurrence: 1), .word("car", occurrence: 1)],
      "tokens: \"car\" and \"red car\" share a position of \"a red car\"; keep one of them"
    ),
    ([.after("red car", occurrence: 1)], "tokens \"<after red car>\": \"red car\" is at the end of \"a red car\""),
    (
      [TokenName.word("dog", occurrence: 1)],
      "tokens: \"dog\" is not in the prompt \"a red car\"; its words are \"a\", \"red\", \"car\""
    ),
    ([.word("car", occurrence: 2)], "tokens \"car#2\": the prompt \"a red car\" has \"car\" 1 time(s)"),
    (
      [.word("lost", occurrence: 1)], "tokens: \"lost\" lies beyond the 77 tokens that the model reads of \"a red car\""
    ),
    ([.position(77)], "tokens: there is no position 77; they are 0 to 76"),
    (
      [.word("car", occurrence: 1), .position(3)],
      "tokens: \"3\" and \"car\" share a position of \"a red car\"; keep one of them"
    ),
  ])
  func messages(_ names: [TokenName], _ message: String) {
    #expect { _ = try TokenSelector.names(names).resolve(prompt("a red car")) } throws: { "\($0)" == message }
  }

  /// A tokenizer has a word that it was taught as it was given, with capitals and spaces.
  @Test func learnedWords() throws {
    let tokens = ["a", "MyCat", "and", "mycat", "<my cat>", "here"].enumerated().map {
      PromptTokens.Token(id: $0, piece: $1, role: .word, word: $0)
    }
    let prompt = PromptTokens(
      prompt: "a MyCat and mycat <my cat> here", tokens: tokens, words: tokens.map(\.piece), truncatedWords: [])
    let keys = try TokenSelector.words.resolve(prompt)
    #expect(keys.map(\.label) == ["a", "MyCat", "and", "mycat#2", "<my cat>", "here"])
    for key in keys { #expect(try TokenName(key.label).positions(in: prompt) == key.positions, "\(key.label)") }
    #expect(try TokenName("mycat").positions(in: prompt) == [1])
    #expect(try TokenName("mycat <My Cat> here").positions(in: prompt) == [3, 4, 5])
    #expect(try TokenName("<after <my cat>>").positions(in: prompt) == [5])
    #expect(throws: SelectionError.self) { try TokenName("<my cat>#2").positions(in: prompt) }
  }

  @Test(arguments: ["", "car#0", "car#x", "<after >", "<begin>#0"])
  func wrongNames(_ text: String) {
    #expect(throws: SelectionError.self) { try TokenName(text) }
  }
}
