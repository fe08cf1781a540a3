import ArgumentParser
import Attention
import DiffusionModels
import Formatting
import Foundation

struct TokensCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokens",
    abstract: "Show how a prompt is split into tokens, and which word each belongs to.",
    discussion: """
      Experiment files select cross-attention by word, and mean the positions that are listed here. A word of \
      several pieces has several positions, whose maps are summed.

      Examples:
        attnlab tokens "a red car"
        attnlab tokens "a red car" --model ~/models/stable-diffusion-v1-5 --json
      """)

  @Argument(help: ArgumentHelp("The prompt.", valueName: "prompt"))
  var prompt: String

  @OptionGroup var modelOption: ModelOption
  @OptionGroup var output: JSONOption

  private struct Report: Encodable {
    struct Token: Encodable {
      let position, id: Int
      let piece: String
      let word: String?
      let wordIndex: Int?
      let role: String
    }
    let prompt: String
    let tokens: [Token]
    let words, truncatedWords: [String]
  }

  func run() throws {
    let folder = try commandLineModel(modelOption.model)
    let encoded = try CLIPTokenizer(folder: folder.url.appending(path: "tokenizer")).encode(prompt)
    if output.json {
      let tokens = encoded.tokens.enumerated().map { position, token in
        Report.Token(
          position: position, id: token.id, piece: token.piece, word: token.word.map { encoded.words[$0] },
          wordIndex: token.word, role: token.role.rawValue)
      }
      let report = Report(
        prompt: prompt, tokens: tokens, words: encoded.words, truncatedWords: encoded.truncatedWords)
      return try StandardOutput.write(json: report)
    }
    try StandardOutput.write(Self.table(encoded).text)
    let used = encoded.positions(of: .word).count
    try StandardOutput.write("\n\(used) of the \(encoded.tokens.count - 2) tokens that a prompt may have\n")
    if !encoded.truncatedWords.isEmpty {
      try StandardOutput.write(
        "cut off, so the model never sees: \(printable(encoded.truncatedWords.joined(separator: " ")))\n")
    }
  }

  /// A row a position; the padding, which is the same everywhere, in one.
  static func table(_ encoded: PromptTokens) -> TextTable {
    var table = TextTable(["position", "id", "piece", "word", "role"], right: [0, 1])
    for (position, token) in encoded.tokens.enumerated() where token.role != .padding {
      table.add(
        ["\(position)", "\(token.id)", token.piece, token.word.map { encoded.words[$0] } ?? "", token.role.rawValue])
    }
    if let first = encoded.positions(of: .padding).first {
      let last = encoded.tokens.count - 1
      let token = encoded.tokens[first]
      table.add([first == last ? "\(first)" : "\(first)-\(last)", "\(token.id)", token.piece, "", token.role.rawValue])
    }
    return table
  }
}
