import Attention

/// What a reader should know of a plan that holds.
public enum PlanRemark: Codable, Hashable, Sendable {
  /// The tokenizer splits a word, and the maps of its pieces are summed.
  case split(word: String, pieces: [String])
  /// A prompt is longer than the tokens that the model reads; it never sees these words.
  case truncated(prompt: String, tokens: Int, words: [String])
  /// How the words of a source's prompt are matched to those of a target's: `TokenAlignment.summary`.
  case aligned(String)
  /// What asks for more than there is, or costs more than it seems, with the key of the file.
  case note(String)

  /// Whether it is of the file that was planned, rather than of prompts.
  var isNote: Bool { if case .note = self { true } else { false } }
}

extension PlanRemark: CustomStringConvertible {
  public var description: String {
    switch self {
    case .split(let word, let pieces):
      "\"\(word)\" is split into \(pieces.joined(separator: " + ")); their maps are summed"
    case .truncated(let prompt, let tokens, let words):
      "\"\(prompt)\" is longer than \(tokens) tokens; the model never sees: \(words.joined(separator: " "))"
    case .aligned(let text), .note(let text): text
    }
  }
}
