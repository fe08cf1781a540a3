import Attention
import Checkpoints
import DiffusionModels
import Foundation
import Pipelines

/// Tokenizer folders and prompts: `CLIPTokenizer`.
///
/// The first byte says what the others are: a prompt for the bundled tokenizer; a prompt and the files of a folder, each
/// up to a byte 0; or the choices of a grammar, which makes a vocabulary that holds what its merges make.
struct TokenizerTarget: FuzzTarget {
  let files: ScratchFiles
  private let bundled: CLIPTokenizer

  private static let names = [
    "vocab.json", "merges.txt", "special_tokens_map.json", "tokenizer_config.json", "added_tokens.json",
    "tokenizer.json",
  ]

  init(files: ScratchFiles) {
    self.files = files.inside("tokenizer")
    do {
      guard let model = BundledModels.url(of: "emoji-scenes") else { fatalError("the bundled model is not there") }
      bundled = try CLIPTokenizer(folder: model.appending(path: "tokenizer"))
    } catch {
      fatalError("the bundled tokenizer: \(error)")
    }
  }

  func run(_ input: FuzzBytes) {
    var input = input
    let prompt: String
    var contents: [[UInt8]]
    switch input.choice(3) {
    case 0: return check(bundled, prompt: String(decoding: input.rest(), as: UTF8.self))
    case 1:
      prompt = String(decoding: input.part(), as: UTF8.self)
      contents = Self.names.map { _ in input.part() }
    default:
      contents = Self.built(&input)
      prompt = String(decoding: input.rest(), as: UTF8.self)
    }
    for (name, bytes) in zip(Self.names, contents) {
      if bytes.isEmpty { files.remove(name) } else { files.write(bytes, to: name) }
    }
    do throws(CheckpointError) {
      check(try CLIPTokenizer(folder: files.folder), prompt: prompt)
    } catch {
      requireReadable(error)
    }
  }

  private func check(_ tokenizer: CLIPTokenizer, prompt: String) {
    let encoded = tokenizer.encode(prompt)
    let tokens = encoded.tokens
    require(tokens.count == tokenizer.maxLength, "\(tokens.count) tokens fill \(tokenizer.maxLength) positions")
    let roles = tokens.map(\.role)
    let used = roles.prefix { $0 == .start || $0 == .word }.count - 1
    require(
      roles == [.start] + Array(repeating: .word, count: used) + [.end]
        + Array(repeating: .padding, count: tokens.count - used - 2), "start, words, end, padding: \(roles)")
    let words = tokens.compactMap(\.word)
    require(words.count == used, "each word's token knows its word, and no other does")
    require(Array(Set(words)).sorted() == Array(encoded.words.indices), "each word has a token: \(encoded)")
    require(zip(words, words.dropFirst()).allSatisfy { $0 == $1 || $0 + 1 == $1 }, "words stand in their order")
    for word in encoded.words.indices {
      require(encoded.positions(ofWord: word).allSatisfy { roles[$0] == .word }, "a word's positions hold it")
    }
    require(tokens.allSatisfy { (0..<tokenizer.idCount).contains($0.id) }, "ids lie below \(tokenizer.idCount)")
    let count = tokenizer.count(prompt)
    require(min(count, tokenizer.maxLength - 2) == used, "\(count) tokens of the prompt, \(used) of them used")
    require(encoded.truncatedWords.isEmpty == (count == used), "what does not fit is said to")
    // No text encoder has more positions.
    if tokens.count <= 4096 { _ = tokenizer.decode(encoded.ids, skippingSpecial: false) }
    require(tokenizer.encode(prompt) == encoded, "the same prompt has the same tokens")
  }

  // MARK: The grammar

  /// The contents of the folder's files, empty for one that is not there.
  private static func built(_ input: inout FuzzBytes) -> [[UInt8]] {
    var pieces = ["a", "b", "é", "!", "Ġ", "a</w>", "b</w>", "!</w>", "<|startoftext|>", "<|endoftext|>"]
    var merges: [String] = []
    for _ in 0..<input.choice(24) {
      let (first, second) = (input.element(pieces), input.element(pieces))
      // Pieces that double again and again would soon fill the memory by themselves.
      guard first.utf8.count + second.utf8.count <= 64 else { continue }
      merges.append("\(first) \(second)")
      if !pieces.contains(first + second) { pieces.append(first + second) }
    }
    if input.happens(in: 16) { pieces.remove(at: input.choice(pieces.count)) }
    let vocabulary = pieces.enumerated().map { id, piece in
      "\(quoted(piece)): \(input.happens(in: 64) ? input.number() : "\(id)")"
    }
    let vocab = "{\(vocabulary.joined(separator: ", "))}"
    let special = input.happens(in: 2) ? "{\(settings(&input))}" : ""
    let config = input.happens(in: 2) ? "{\(settings(&input)), \"model_max_length\": \(length(&input))}" : ""
    let added = input.happens(in: 3) ? "{\(quoted(input.text())): \(pieces.count), \"x\": \(input.number())}" : ""
    if input.happens(in: 4) {
      let list = merges.map(quoted).joined(separator: ", ")
      let tokens = "[{\"id\": \(input.number()), \"content\": \(quoted(input.text())), \"special\": true}]"
      let model =
        "{\"model\": {\"type\": \"BPE\", \"vocab\": \(vocab), \"merges\": [\(list)]}, \"added_tokens\": \(tokens)}"
      return ["", "", special, config, added, model].map { Array($0.utf8) }
    }
    let version = input.happens(in: 2) ? "#version: 0.2\n" : ""
    return [vocab, version + merges.joined(separator: "\n"), special, config, added, ""].map { Array($0.utf8) }
  }

  private static func length(_ input: inout FuzzBytes) -> String {
    input.happens(in: 4) ? input.number() : input.element(["77", "2", "3", "1", "1e30", "100000", "null"])
  }

  private static func settings(_ input: inout FuzzBytes) -> String {
    (0...input.choice(3)).map { _ in
      let role = input.element([
        "bos_token", "eos_token", "unk_token", "pad_token", "mask_token", "extra_special_tokens",
      ])
      let token = input.element(["<|startoftext|>", "<|endoftext|>", "!", "a", "", "AB"])
      switch input.choice(4) {
      case 0: return "\"\(role)\": \"\(token)\""
      case 1:
        return "\"\(role)\": {\"content\": \"\(token)\", \"normalized\": \(input.element(["true", "false", "1"]))}"
      case 2: return "\"\(role)\": [\"\(token)\", {\"content\": \(quoted(input.text()))}]"
      default: return "\"\(role)\": \(input.number())"
      }
    }.joined(separator: ", ")
  }

  private static func quoted(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { $0 == "\"" || $0 == "\\" || $0.value < 0x20 ? "?" : "\($0)" }
    return "\"\(escaped.joined())\""
  }
}
