import Checkpoints
import Foundation
import TestSupport
import Testing

@testable import DiffusionModels

/// A small vocabulary that is whole: every byte, and one merge.
private let vocabulary = """
  {"!": 0, "a": 1, "b": 2, "ab": 3, "ab</w>": 4, "b</w>": 5, "<|startoftext|>": 6, "<|endoftext|>": 7}
  """

@Suite struct TokenizerFolderTests {
  private func message(_ files: [String: String]) throws -> String {
    let folder = try ScratchFolder("tokenizer")
    for (name, text) in files { try folder.write(text, to: name) }
    do {
      _ = try CLIPTokenizer(folder: folder.url)
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  @Test func smallestFolder() throws {
    let folder = try ScratchFolder("tokenizer")
    try folder.write(vocabulary, to: "vocab.json")
    try folder.write("#version: 0.2\na b</w>\na b\n", to: "merges.txt")
    let tokenizer = try CLIPTokenizer(folder: folder.url)
    #expect(tokenizer.maxLength == 77 && tokenizer.idCount == 8 && tokenizer.paddingID == 7)
    #expect(tokenizer.encode("ab abab c").ids.prefix(7) == [6, 4, 3, 4, 7, 7, 7])
    try folder.write(#"{"model_max_length": 4, "pad_token": "!"}"#, to: "tokenizer_config.json")
    #expect(try CLIPTokenizer(folder: folder.url).encode("ab").ids == [6, 4, 7, 0])
    #expect(try CLIPTokenizer(folder: folder.url).encode("ab ab ab").ids == [6, 4, 4, 7])
  }

  /// Equal ranks go leftmost first, and a merge is off once one of its two has gone into another.
  @Test func mergesOverlap() throws {
    let folder = try ScratchFolder("tokenizer")
    let pieces = ["a", "b", "c", "c</w>", "b</w>", "aa", "ab", "bc</w>", "abc</w>", "<|startoftext|>", "<|endoftext|>"]
    let vocabulary = pieces.enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
    try folder.write("{\(vocabulary)}", to: "vocab.json")
    try folder.write("a a\nb c</w>\na b\na bc</w>\n", to: "merges.txt")
    let tokenizer = try CLIPTokenizer(folder: folder.url)
    func encoded(_ word: String) -> [String] {
      tokenizer.encode(word).tokens.filter { $0.role == .word }.map(\.piece)
    }
    #expect(encoded("aaab") == ["aa", "a", "b</w>"])
    #expect(encoded("abc") == ["abc</w>"])
    #expect(encoded("aaabc") == ["aa", "abc</w>"])
  }

  /// As in the folders of Stable Diffusion 1.x: the end token is given twice, first as matched after normalising, then,
  /// as padding, by its bare text; transformers 5 then finds only the start token in capitals.
  @Test func ofEqualTokensTheLaterCounts() throws {
    let folder = try ScratchFolder(copying: ["vocab.json", "merges.txt"])
    try folder.write(
      #"""
      {"bos_token": {"content": "<|startoftext|>", "normalized": true},
       "eos_token": {"content": "<|endoftext|>", "normalized": true}, "pad_token": "<|endoftext|>",
       "unk_token": {"content": "<|endoftext|>", "normalized": true}}
      """#, to: "special_tokens_map.json")
    let tokenizer = try CLIPTokenizer(folder: folder.url)
    #expect(tokenizer.encode("<|STARTOFTEXT|> <|ENDOFTEXT|>").words == ["<|startoftext|>", "<|", "endoftext", "|>"])
  }

  @Test(arguments: ["1000000000000000019884624838656", "1e30", "9223372036854775807", "null"])
  func noLengthIs77(_ length: String) throws {
    let folder = try ScratchFolder(copying: ["vocab.json", "merges.txt"])
    try folder.write("{\"model_max_length\": \(length)}", to: "tokenizer_config.json")
    #expect(try CLIPTokenizer(folder: folder.url).maxLength == 77)
  }

  @Test func tokenizerJSONTakesMergesAsTextsOrPairs() throws {
    for merges in [#"["a b</w>", "a b"]"#, #"[["a", "b</w>"], ["a", "b"]]"#] {
      let folder = try ScratchFolder("tokenizer")
      try folder.write("{\"model\": {\"vocab\": \(vocabulary), \"merges\": \(merges)}}", to: "tokenizer.json")
      #expect(try CLIPTokenizer(folder: folder.url).encode("abab").ids.prefix(4) == [6, 3, 4, 7])
    }
  }

  /// transformers 4.47 to 4.57 write these tokens by name, `{}` where there are none.
  @Test func extraSpecialTokensByName() throws {
    let folder = try ScratchFolder("tokenizer")
    try folder.write(vocabulary, to: "vocab.json")
    try folder.write("a b</w>\na b\n", to: "merges.txt")
    func ids(_ settings: String) throws -> [Int] {
      try folder.write(settings, to: "tokenizer_config.json")
      return Array(try CLIPTokenizer(folder: folder.url).encode("ab<x> ab").ids.prefix(8))
    }
    let plain = try ids("{}")
    #expect(!plain.contains(8))
    #expect(try ids(#"{"extra_special_tokens": {}}"#) == plain)
    #expect(try ids(#"{"extra_special_tokens": {"image_token": "<x>"}}"#) == [6, 4, 8, 4, 7, 7, 7, 7])
    #expect(try ids(#"{"extra_special_tokens": ["<x>"]}"#) == [6, 4, 8, 4, 7, 7, 7, 7])
  }

  /// Each added token is compared with all the others: a file of a million of them took hours.
  private var tooMany: [(files: [String: String], message: String)] {
    let ids = (0...10_000).map { "\"\($0)\": \($0)" }.joined(separator: ",")
    let texts = (0...10_000).map { "\"\($0)\"" }.joined(separator: ",")
    let pieces = ["vocab.json": vocabulary, "merges.txt": "a b</w>\n"]
    return [
      ("added_tokens.json", "{\(ids)}", "text"),
      ("tokenizer_config.json", "{\"added_tokens_decoder\": {\(ids)}}", "added_tokens_decoder"),
      ("special_tokens_map.json", "{\"additional_special_tokens\": [\(texts)]}", "additional_special_tokens"),
    ].map { file, text, field in
      (
        pieces.merging([file: text]) { $1 },
        "tokenizer/\(file): \(field) is 10001 tokens, expected at most 10000"
      )
    }
  }

  private var unreadable: [(files: [String: String], message: String)] {
    [
      (
        [
          "vocab.json": vocabulary, "merges.txt": "a b</w>\n",
          "tokenizer_config.json": #"{"additional_special_tokens": 3, "added_tokens_decoder": {"x": "a", "7": {}}}"#,
        ],
        """
        tokenizer/tokenizer_config.json: additional_special_tokens is 3, expected a list
        tokenizer/tokenizer_config.json: added_tokens_decoder.x is "a", expected a token with an id
        tokenizer/tokenizer_config.json: added_tokens_decoder.7 is {}, expected a text, or an object with a text as content
        """
      ),
      (
        ["vocab.json": vocabulary, "merges.txt": "a b</w>\n", "added_tokens.json": #"{"x": 1.5}"#],
        "tokenizer/added_tokens.json: x is 1.5, expected an id, a whole number"
      ),
      (
        ["tokenizer.json": #"{"model": {"vocab": [["a"], 3], "merges": 3}}"#],
        """
        tokenizer/tokenizer.json: model.vocab.1 is 3, expected a piece
        tokenizer/tokenizer.json: model.merges is 3, expected a list
        tokenizer: unk_token is "<|endoftext|>", expected a piece of the vocabulary
        """
      ),
      (
        ["tokenizer.json": #"{"model": []}"#],
        """
        tokenizer/tokenizer.json: model is [], expected an object
        tokenizer: unk_token is "<|endoftext|>", expected a piece of the vocabulary
        """
      ),
    ]
  }

  @Test func mergesThatAreNoText() throws {
    let folder = try ScratchFolder("tokenizer")
    try folder.write(vocabulary, to: "vocab.json")
    try folder.write([0x61, 0x20, 0xFF], to: "merges.txt")
    let noText = #expect(throws: CheckpointError.self) { try CLIPTokenizer(folder: folder.url) }
    #expect(noText?.description == "tokenizer/merges.txt: text is unreadable, expected text in UTF-8")
    let merges = folder.url.appending(path: "merges.txt")
    try FileManager.default.removeItem(at: merges)
    try FileManager.default.createSymbolicLink(at: merges, withDestinationURL: URL(filePath: "/dev/zero"))
    let device = #expect(throws: CheckpointError.self) { try CLIPTokenizer(folder: folder.url) }
    #expect(device?.description == "tokenizer/merges.txt: file is a device or a pipe, expected a file")
    try FileManager.default.removeItem(at: merges)
    try folder.write([UInt8](repeating: 0x0A, count: 16 << 20 | 1), to: "merges.txt")
    let long = #expect(throws: CheckpointError.self) { try CLIPTokenizer(folder: folder.url) }
    #expect(long?.description == "tokenizer/merges.txt: file size is 16777217 bytes, expected at most 16777216")
  }

  @Test func errors() throws {
    let merges = "#version: 0.2\na b</w>\n"
    let table: [(files: [String: String], message: String)] = [
      ([:], "tokenizer: vocabulary is missing, expected vocab.json and merges.txt, or tokenizer.json"),
      (
        ["vocab.json": vocabulary],
        "tokenizer: vocabulary is missing, expected vocab.json and merges.txt, or tokenizer.json"
      ),
      (
        ["vocab.json": "[]", "merges.txt": merges],
        "tokenizer/vocab.json: text is [], expected an object, { ... }"
      ),
      (
        ["vocab.json": #"{"<|endoftext|>": 1, "a": 1, "b": -1, "c": 1.0}"#, "merges.txt": ""],
        """
        tokenizer/vocab.json: a is 1, expected another id, since "<|endoftext|>" has it
        tokenizer/vocab.json: b is -1, expected an id, a whole number of at least 0
        tokenizer/vocab.json: c is 1.0, expected an id, a whole number of at least 0
        """
      ),
      (
        ["vocab.json": vocabulary, "merges.txt": "a b</w>\nab\na  b\nb q\n"],
        """
        tokenizer/merges.txt: line 2 is "ab", expected two pieces with a space between
        tokenizer/merges.txt: line 3 is "a  b", expected two pieces with a space between
        tokenizer: merge 2 is "b q", expected "q" in the vocabulary
        """
      ),
      (
        ["vocab.json": #"{"a": 0}"#, "merges.txt": ""],
        #"tokenizer: unk_token is "<|endoftext|>", expected a piece of the vocabulary"#
      ),
      (
        [
          "vocab.json": vocabulary, "merges.txt": merges,
          "tokenizer_config.json":
            #"{"model_max_length": 1, "padding_side": "left", "pad_token": null, "split_special_tokens": true}"#,
        ],
        """
        tokenizer/tokenizer_config.json: model_max_length is 1, expected a whole number of at least 2
        tokenizer/tokenizer_config.json: padding_side is "left", expected "right"
        tokenizer/tokenizer_config.json: split_special_tokens is true, expected false, the only way that is supported
        tokenizer/tokenizer_config.json: pad_token is null, expected a text, or an object with a text as content
        """
      ),
      (
        [
          "vocab.json": vocabulary, "merges.txt": merges,
          "special_tokens_map.json": #"{"pad_token": {"content": "!", "lstrip": true}, "eos_token": 3}"#,
        ],
        """
        tokenizer/special_tokens_map.json: eos_token is 3, expected a text, or an object with a text as content
        tokenizer/special_tokens_map.json: pad_token.lstrip is true, expected false, the only way that is supported
        """
      ),
      (
        ["vocab.json": vocabulary, "merges.txt": merges, "added_tokens.json": #"{"<x>": 9}"#],
        #"tokenizer: id of added token "<x>" is 9, expected 8, the vocabulary's or the next free one"#
      ),
      (
        ["tokenizer.json": #"{"model": {"type": "WordPiece", "vocab": 3, "merges": [["a"]]}}"#],
        """
        tokenizer/tokenizer.json: model.type is "WordPiece", expected "BPE"
        tokenizer/tokenizer.json: model.vocab is 3, expected an object of pieces and ids
        tokenizer/tokenizer.json: model.merges[0] is ["a"], expected two pieces
        tokenizer: unk_token is "<|endoftext|>", expected a piece of the vocabulary
        """
      ),
      (
        ["tokenizer.json": "{\"model\": "],
        "tokenizer/tokenizer.json: line 1, column 11 is the end of the text, expected a value"
      ),
    ]
    for (files, expected) in table + tooMany + unreadable {
      let found = try message(files)
      #expect(found == expected)
    }
  }
}
