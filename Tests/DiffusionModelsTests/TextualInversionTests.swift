import Attention
import Foundation
import TestSupport
import Testing

@testable import DiffusionModels

/// Textual inversions of several vectors, against what diffusers' pipeline makes of a prompt.
@Suite struct TextualInversionTests {
  private struct Document: Decodable {
    struct Case: Decodable {
      let prompt: String
      let ids: [Int]
    }
    let cases: [Case]
  }

  /// - Parameter words: further added tokens, each with its id.
  private func tokenizer(adding words: [String: Int] = [:]) throws -> CLIPTokenizer {
    let folder = try ScratchFolder(copying: ["vocab.json", "merges.txt", "tokenizer_config.json"])
    let document = try JSONSerialization.jsonObject(
      with: Data(contentsOf: Fixtures.folder.appending(path: "inversions.json")))
    let added = try #require((document as? [String: Any])?["added"] as? [String: Int])
    try JSONSerialization.data(withJSONObject: added.merging(words) { $1 }).write(
      to: folder.url.appending(path: "added_tokens.json"))
    return try CLIPTokenizer(folder: folder.url)
  }

  @Test func idsAreThoseOfDiffusers() throws {
    let tokenizer = try tokenizer()
    let cases = try Fixtures.json("inversions", as: Document.self).cases
    #expect(cases.count == 11)
    for entry in cases { #expect(tokenizer.encode(entry.prompt).ids == entry.ids, "\(entry.prompt)") }
  }

  /// All vectors are one word, whose maps are looked at together.
  @Test func vectorsArePiecesOfOneWord() throws {
    let tokenizer = try tokenizer()
    let tokens = tokenizer.encode("a <cat> on <dog>")
    #expect(tokens.prompt == "a <cat> on <dog>")
    #expect(tokens.words == ["a", "<cat>", "on", "<dog>"])
    #expect(tokens.positions(ofWord: 1).map { tokens.tokens[$0].piece } == ["<cat>", "<cat>_1", "<cat>_2"])
    #expect(tokens.positions(ofWord: 3).count == 2)
    #expect(tokenizer.count("a <cat>") == 4)
  }

  /// A file names them as prompts do, whatever the capitals.
  @Test func learnedWordsAreFoundByName() throws {
    let tokens = try tokenizer(adding: ["MyCat": 767]).encode("a <cat> on MyCat and <dog>")
    let keys = try TokenSelector.words.resolve(tokens)
    #expect(keys.map(\.label) == ["a", "<cat>", "on", "MyCat", "and", "<dog>"])
    #expect(try TokenName("<cat>").positions(in: tokens) == [2, 3, 4])
    #expect(try TokenName("<Cat>").positions(in: tokens) == [2, 3, 4])
    #expect(try TokenName("MyCat").positions(in: tokens) == [6])
    #expect(try TokenName("mycat").positions(in: tokens) == [6])
    #expect(try TokenName("<after mycat>").positions(in: tokens) == [7, 8, 9])
  }

  /// As transformers has it: a CLIP that measures expands nothing.
  @Test func expansionCanBeLeftOut() throws {
    let tokenizer = try tokenizer()
    #expect(tokenizer.encode("a <cat> on", expandingInversions: false).words == ["a", "<cat>", "on"])
    #expect(tokenizer.encode("a <cat> on", expandingInversions: false).positions(of: .word).count == 3)
  }
}
