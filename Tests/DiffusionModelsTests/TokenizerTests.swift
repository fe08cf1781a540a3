import Attention
import Checkpoints
import Foundation
import Testing

@testable import DiffusionModels

@Suite struct TokenizerTests {
  /// Every position of every prompt, and the text that the ids decode to.
  private func check(_ url: URL) throws -> (prompts: Int, differences: Int) {
    let fixtures = try TokenizerFixtures(contentsOf: url)
    var differences = 0
    for (name, cases) in fixtures.cases {
      let tokenizer = try TokenizerFixtures.tokenizer(name)
      for (place, prompt) in fixtures.prompts.enumerated() {
        let expected = cases.ids[place] + Array(repeating: cases.pad, count: 77 - cases.ids[place].count)
        let found = tokenizer.encode(prompt)
        if found.ids != expected || tokenizer.decode(cases.ids[place]) != cases.decoded[place] {
          differences += 1
          if differences <= 5 {
            let scalars = prompt.unicodeScalars.map { String($0.value, radix: 16) }.joined(separator: " ")
            Issue.record(
              """
              \(name), prompt \(place), \(prompt.debugDescription) (\(scalars)):
              found \(found.ids), \(tokenizer.decode(cases.ids[place]).debugDescription)
              expected \(expected), \(cases.decoded[place].debugDescription)
              """)
          }
        }
      }
    }
    #expect(differences == 0)
    return (fixtures.prompts.count * fixtures.cases.count, differences)
  }

  @Test func equalsTransformersOnTheFixtures() throws {
    let (prompts, _) = try check(TokenizerFixtures.folder.appending(path: "prompts.json"))
    #expect(prompts >= 3 * 150)
  }

  /// `make_tokenizer_fixtures.py --random 30000 FILE` makes the file.
  @Test func equalsTransformersOnRandomTexts() throws {
    guard let path = ProcessInfo.processInfo.environment["ATTNLAB_TOKENIZER_CASES"] else {
      print("skipped: random texts against transformers; ATTNLAB_TOKENIZER_CASES names no file of cases")
      return
    }
    let (prompts, differences) = try check(URL(filePath: path))
    print("\(prompts) random prompts compared with transformers, \(differences) differ")
  }

  @Test func wordsAndRoles() throws {
    let tokens = try TokenizerFixtures.tokenizer("emoji-scenes").encode("A RED zebra, a red car")
    #expect(tokens.words == ["a", "red", "zebra", ",", "a", "red", "car"])
    #expect(tokens.truncatedWords.isEmpty)
    #expect(tokens.tokens.count == 77)
    #expect(tokens.positions(of: .start) == [0])
    #expect(tokens.positions(ofWord: 0) == [1])
    let zebra = tokens.positions(ofWord: 2)
    #expect(zebra.count > 1 && zebra.map { tokens.tokens[$0].piece }.joined() == "zebra</w>")
    let end = tokens.positions(of: .end)
    #expect(end == [1 + tokens.words.indices.flatMap(tokens.positions(ofWord:)).count])
    #expect(tokens.positions(of: .padding) == Array(end[0] + 1..<77))
    #expect(tokens.tokens.allSatisfy { ($0.role == .word) == ($0.word != nil) })
  }

  @Test func truncatedWordsAreReported() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("emoji-scenes")
    let exact = tokenizer.encode(Array(repeating: "a", count: 75).joined(separator: " "))
    #expect(exact.words.count == 75 && exact.truncatedWords.isEmpty && exact.tokens[76].role == .end)
    let over = tokenizer.encode(Array(repeating: "a", count: 75).joined(separator: " ") + " red, zebra")
    #expect(over.words.count == 75 && over.truncatedWords == ["red", ",", "zebra"])
    let split = tokenizer.encode(Array(repeating: "a", count: 74).joined(separator: " ") + " zebra red")
    #expect(split.words.last == "zebra" && split.truncatedWords == ["zebra", "red"])
    #expect(split.positions(ofWord: 74) == [75])
    #expect(tokenizer.count(split.prompt) > 75)
  }

  @Test func emptyPromptIsStartAndPadding() throws {
    for name in ["emoji-scenes", "multibyte"] {
      let tokenizer = try TokenizerFixtures.tokenizer(name)
      let tokens = tokenizer.encode(" \n\u{3000}")
      let padding = Array(repeating: tokenizer.paddingID, count: 75)
      #expect(tokens.ids == [tokenizer.startID, tokenizer.endID] + padding)
      #expect(tokens.words.isEmpty && tokenizer.count("") == 0)
    }
  }

  @Test func literalSpecialTokensAreWords() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("emoji-scenes")
    let tokens = tokenizer.encode("red <|endoftext|> car")
    #expect(tokens.words == ["red", "<|endoftext|>", "car"])
    #expect(tokens.tokens[2].id == tokenizer.endID && tokens.tokens[2].role == .word)
    #expect(tokens.positions(of: .end) == [4])
  }

  /// A quadratic search would take minutes here, most of all in a debug build.
  @Test func longPromptsAreQuick() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("multibyte")
    let texts = [
      String(repeating: "ab", count: 5_000), String(repeating: "a\u{301}", count: 5_000),
      "a" + String(repeating: "\u{301}\u{323}", count: 5_000), String(repeating: "!", count: 10_000),
      String(repeating: "a red car ", count: 1_000), String(repeating: "\u{1F468}\u{200D}", count: 5_000),
      String(repeating: "'s", count: 5_000), String(repeating: " ", count: 10_000),
    ]
    for text in texts {
      let time = ContinuousClock().measure { #expect(tokenizer.encode(text).tokens.count == 77) }
      #expect(time < .seconds(2), "\(text.prefix(4)): \(time)")
    }
  }

  @Test func decodingUnknownAndHalfPieces() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("emoji-scenes")
    #expect(tokenizer.decode([-1, 1_000_000]) == "")
    #expect(tokenizer.decode(tokenizer.encode("A red  CAR").ids) == "a red car")
    #expect(tokenizer.decode([tokenizer.startID], skippingSpecial: false) == "<|startoftext|>")
    // The first of the two bytes of an accented letter.
    #expect(tokenizer.decode([tokenizer.encode("\u{E9}").ids[1]]) == "\u{FFFD}")
  }

  /// A sample of all code points between letters: none crashes, and the letters are never lost.
  @Test func anyCodePointIsEncoded() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("multibyte")
    var lost = 0
    for value in stride(from: UInt32(0), to: 0x110000, by: 97) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let text = "a" + String(scalar) + "b"
      let count = tokenizer.count(text)
      if count < 2 { lost += 1 }
    }
    #expect(lost == 0)
  }
}
