/// A prompt as the text encoder sees it: its token positions, and which word each belongs to.
///
/// A word is what the tokenizer's splitting rule yields before byte-pair encoding: a run of letters, a digit, a run of
/// other signs, or an English contraction such as `'s`; in lower case.
public struct PromptTokens: Codable, Hashable, Sendable {
  /// What stands at a position.
  public enum Role: String, Codable, CaseIterable, Hashable, Sendable {
    case start
    case word
    case end
    case padding
  }

  public struct Token: Codable, Hashable, Sendable {
    /// In the vocabulary.
    public let id: Int
    /// As the vocabulary spells it, as `bac` or `car</w>`.
    public let piece: String
    public let role: Role
    /// Index into `words`, for the role `word`.
    public let word: Int?

    public init(id: Int, piece: String, role: Role, word: Int? = nil) {
      self.id = id
      self.piece = piece
      self.role = role
      self.word = word
    }
  }

  public let prompt: String
  /// One a position; 77 for Stable Diffusion.
  public let tokens: [Token]
  /// The words in their order, as split from the prompt. Words cut off by the length limit are not in it.
  public let words: [String]
  /// Words that did not fit and that the model therefore never sees.
  public let truncatedWords: [String]

  public init(prompt: String, tokens: [Token], words: [String], truncatedWords: [String]) {
    self.prompt = prompt
    self.tokens = tokens
    self.words = words
    self.truncatedWords = truncatedWords
  }

  public var ids: [Int] { tokens.map(\.id) }

  /// The positions of all pieces of a word, given by its index in `words`.
  public func positions(ofWord word: Int) -> [Int] {
    tokens.indices.filter { tokens[$0].word == word }
  }

  /// The positions that hold a role.
  public func positions(of role: Role) -> [Int] {
    tokens.indices.filter { tokens[$0].role == role }
  }
}
