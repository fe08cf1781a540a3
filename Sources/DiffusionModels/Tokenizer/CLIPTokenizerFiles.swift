import Checkpoints
import Foundation

/// What the files of a tokenizer folder say, checked, and merged in the order in which transformers 5 does it.
struct CLIPTokenizerFiles {
  private(set) var vocabulary: [ExactString: Int] = [:]
  private(set) var merges: [BytePairEncoder.Merge] = []
  var added: [(token: AddedToken, id: Int)] = []
  var maxLength = 77
  var start = 0
  var end = 0
  var unknown = 0
  var padding = 0

  let folder: URL
  var problems: [CheckpointError.Problem] = []
  /// The tokens that have a part to play, by key, as `bos_token`.
  var named: [String: AddedToken] = [:]
  var extra: [AddedToken] = []
  /// Tokens that the files give together with their ids.
  var declared: [(token: AddedToken, id: Int)] = []

  /// Named tokens in the order in which transformers adds them.
  static let roles = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]
  /// What `CLIPTokenizer` of transformers takes where the files are silent.
  static let defaults = [
    "bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>",
    "pad_token": "<|endoftext|>",
  ]
  /// More added tokens than this are no tokenizer of CLIP.
  static let mostAdded = 10_000
  /// A larger `model_max_length` is transformers' way to say that there is none.
  static let longest = 100_000

  init(folder: URL) throws(CheckpointError) {
    self.folder = folder
    let tokenizer = try object("tokenizer.json")
    if let tokenizer { readModel(tokenizer) } else { try readVocabularyAndMerges() }
    try readSettings(tokenizer)
    for (role, content) in Self.defaults where named[role] == nil {
      named[role] =
        declared.first { $0.token.content == content }?.token
        ?? AddedToken(content: content, normalized: false, special: true, isBare: true)
    }
    addTokens()
    checkMerges()
    guard problems.isEmpty else { throw CheckpointError(problems) }
  }

  // MARK: Files

  private func name(_ file: String) -> String { "\(folder.lastPathComponent)/\(file)" }

  mutating func report(_ file: String, _ field: String, _ found: JSONValue?, expected: String) {
    report(file, field, found: found?.summary ?? "missing", expected: expected)
  }

  mutating func report(_ file: String, _ field: String, found: String, expected: String) {
    problems.append(.init(file: name(file), field: field, found: found, expected: expected))
  }

  /// A JSON object of the folder; nil if there is no such file.
  func object(_ file: String) throws(CheckpointError) -> ConfigFile? {
    let url = folder.appending(path: file)
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    return try ConfigFile(contentsOf: url, named: name(file))
  }

  // MARK: Vocabulary and merges

  private mutating func readVocabularyAndMerges() throws(CheckpointError) {
    let url = folder.appending(path: "merges.txt")
    guard let vocabulary = try object("vocab.json"), FileManager.default.fileExists(atPath: url.path) else {
      throw CheckpointError(
        .init(
          file: folder.lastPathComponent, field: "vocabulary", found: "missing",
          expected: "vocab.json and merges.txt, or tokenizer.json"))
    }
    readVocabulary(.object(vocabulary.object), file: "vocab.json", field: nil)
    let text = try readText(url, named: name("merges.txt"))
    // Lines and parts are cut at bytes: as characters, a space and a mark that follows it would be one.
    var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty ?? false { lines.removeLast() }
    for (number, line) in lines.enumerated() {
      let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      if line.starts(with: "#version".utf8) { continue }
      readMerge(Substring(line), "merges.txt", "line \(number + 1)")
    }
  }

  private mutating func readModel(_ file: ConfigFile) {
    guard case .object(let model) = file["model"] else {
      report("tokenizer.json", "model", file["model"], expected: "an object")
      return
    }
    if let type = model["type"], type != .string("BPE") {
      report("tokenizer.json", "model.type", type, expected: "\"BPE\"")
    }
    readVocabulary(model["vocab"], file: "tokenizer.json", field: "model.vocab")
    guard case .array(let list) = model["merges"] else {
      report("tokenizer.json", "model.merges", model["merges"], expected: "a list")
      return
    }
    for (place, merge) in list.enumerated() {
      switch merge {
      case .string(let text): readMerge(Substring(text), "tokenizer.json", "model.merges[\(place)]")
      case .array(let parts):
        if parts.count == 2, case .string(let first) = parts[0], case .string(let second) = parts[1] {
          merges.append(.init(first: first, second: second))
        } else {
          fallthrough
        }
      default: report("tokenizer.json", "model.merges[\(place)]", merge, expected: "two pieces")
      }
    }
  }

  private mutating func readMerge(_ line: Substring, _ file: String, _ field: String) {
    let parts = line.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      report(file, field, .string(String(line)), expected: "two pieces with a space between")
      return
    }
    merges.append(.init(first: String(Substring(parts[0])), second: String(Substring(parts[1]))))
  }

  /// An object of pieces and ids, or a list of pieces in the order of their ids.
  private mutating func readVocabulary(_ value: JSONValue?, file: String, field: String?) {
    let prefix = field.map { "\($0)." } ?? ""
    var pieces: [(String, JSONValue)] = []
    switch value {
    case .object(let object): pieces = object.members.map { ($0.key, $0.value) }
    case .array(let list):
      for (id, item) in list.enumerated() {
        var item = item
        if case .array(let pair) = item, let first = pair.first { item = first }
        guard case .string(let piece) = item else {
          report(file, "\(prefix)\(id)", item, expected: "a piece")
          continue
        }
        pieces.append((piece, .integer(id)))
      }
    default: report(file, field ?? "text", value, expected: "an object of pieces and ids")
    }
    var owners: [Int: String] = [:]
    for (piece, value) in pieces {
      guard case .integer(let id) = value, (0...Int(Int32.max)).contains(id) else {
        report(file, prefix + piece, value, expected: "an id, a whole number of at least 0")
        continue
      }
      if let owner = owners.updateValue(piece, forKey: id) {
        report(file, prefix + piece, value, expected: "another id, since \(JSONValue.string(owner).summary) has it")
      }
      vocabulary[ExactString(piece)] = id
    }
  }

  private mutating func checkMerges() {
    for (rank, merge) in merges.enumerated() {
      for piece in [merge.first, merge.second, merge.first + merge.second]
      where vocabulary[ExactString(piece)] == nil {
        problems.append(
          .init(
            file: folder.lastPathComponent, field: "merge \(rank + 1)",
            found: JSONValue.string("\(merge.first) \(merge.second)").summary,
            expected: "\(JSONValue.string(piece).summary) in the vocabulary"))
        break
      }
    }
  }
}
