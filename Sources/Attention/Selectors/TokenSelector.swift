/// Which tokens of a prompt a cross-attention map keeps.
public enum TokenSelector: Codable, Hashable, Sendable {
  /// Every position, each a key of its own.
  case all
  /// Each word of the prompt.
  case words
  /// Names, each a key of its own.
  case names([TokenName])

  /// Whether its keys depend on the other prompts of a pair.
  public var isOfEdits: Bool {
    if case .names(let names) = self { names.contains(where: \.isOfEdits) } else { false }
  }

  /// Whether a prompt may have no key of one of its names.
  public var mayLackKeys: Bool {
    if case .names(let names) = self { names.contains { $0.isOfEdits || $0 == .padding } } else { false }
  }

  /// The names that a run has no key of, since its edit has no such words, or its prompt no padding.
  public func missing(_ prompt: PromptTokens, _ edit: EditedWords?) -> [TokenName] {
    if case .names(let names) = self { names.filter { !$0.isIn(prompt, edit) } } else { [] }
  }

  /// The keys that a map of this prompt has. A run without edited words has no key `<edited>`, one without kept words none
  /// `<kept>`, and so on; a run without a source has none of them. A prompt that fills all positions has no key `<padding>`.
  /// - Parameter edit: which words a pair changes of the prompt; nil: it is of no pair.
  /// - Throws: `SelectionError` if a word is not in the prompt or a position not in its range.
  public func resolve(_ prompt: PromptTokens, edit: EditedWords? = nil) throws(SelectionError) -> [TokenKey] {
    switch self {
    case .all:
      return prompt.tokens.indices.map { TokenKey(label: prompt.label(of: $0), positions: [$0]) }
    case .words:
      var seen: [String: Int] = [:]
      return prompt.words.indices.map { word in
        let name = prompt.words[word]
        // As names count occurrences.
        let count = (seen[name.lowercased()] ?? 0) + 1
        seen[name.lowercased()] = count
        return TokenKey(label: count == 1 ? name : "\(name)#\(count)", positions: prompt.positions(ofWord: word))
      }
    case .names(let names):
      var keys: [TokenKey] = []
      for name in names where name.isIn(prompt, edit) {
        let positions = try name.positions(in: prompt, edit: edit)
        if let other = keys.first(where: { !$0.positions.allSatisfy { !positions.contains($0) } }) {
          throw SelectionError(
            "tokens", problem: "\"\(name)\" and \"\(other.label)\" share a position of \"\(prompt.prompt)\"",
            hint: "keep one of them")
        }
        keys.append(TokenKey(label: name.description, positions: positions))
      }
      return keys
    }
  }
}

/// What one key of a recorded cross-attention map is: the sum over its token positions.
public struct TokenKey: Codable, Hashable, Sendable {
  /// As it was asked for: a word, or `<start>`.
  public let label: String
  /// Ascending.
  public let positions: [Int]

  public init(label: String, positions: [Int]) {
    self.label = label
    self.positions = positions
  }
}

/// One name in a list of tokens.
public enum TokenName: Codable, Hashable, Sendable, CustomStringConvertible {
  /// A word, or a phrase of words that follow one another with one space between two, and which of its occurrences, from
  /// 1; all pieces are summed.
  case word(String, occurrence: Int)
  /// All words that come after an occurrence of a word or phrase, summed.
  case after(String, occurrence: Int)
  /// All words of a pair's prompt that the edit changes, summed: of a target those that its source has not.
  case edited
  /// All words of a pair's prompt that the edit keeps, summed.
  case kept
  /// The kept words before the first edited one, summed: what they say, both prompts say.
  case earlier
  /// The kept word right behind the last edited one: of a color, what has the color.
  case next
  /// All words behind that one, summed.
  case later
  case start
  case end
  /// All positions after the end token, summed.
  case padding
  /// From 0, the start token.
  case position(Int)

  /// The names in angle brackets.
  public static let roleNames = [
    "<start>", "<end>", "<padding>", "<edited>", "<kept>", "<earlier>", "<next>", "<later>", "<after word>",
  ]

  /// Reads `car`, `car#2`, `red car`, `<after car>` or a name in angle brackets; words in lower case. Any other text in angle
  /// brackets is a word that a model was taught, as `<cat-toy>`.
  /// - Throws: `SelectionError` if it is none of these.
  public init(_ text: String) throws(SelectionError) {
    switch text {
    case "<edited>": self = .edited
    case "<kept>": self = .kept
    case "<earlier>": self = .earlier
    case "<next>": self = .next
    case "<later>": self = .later
    case "<start>": self = .start
    case "<end>": self = .end
    case "<padding>": self = .padding
    default:
      let isAfter = text.hasPrefix("<after ") && text.hasSuffix(">")
      let name = isAfter ? text.dropFirst("<after ".count).dropLast() : text[...]
      // A sign at the very beginning is the word itself.
      let sign = name.lastIndex(of: "#").flatMap { $0 == name.startIndex ? nil : $0 }
      let word = name[..<(sign ?? name.endIndex)].lowercased().split(separator: " ").joined(separator: " ")
      let occurrence = sign.map { Int(name[name.index(after: $0)...]) } ?? 1
      guard !word.isEmpty, let occurrence, occurrence > 0 else {
        throw SelectionError(
          "tokens", problem: "\"\(text)\" is not a token",
          hint:
            "allowed: a word (car), an occurrence of it (car#2), a phrase (red car), the words behind it (<after car>), "
            + "<edited>, <kept>, <earlier>, <next>, <later>, <start>, <end>, <padding> or a position")
      }
      self = isAfter ? .after(word, occurrence: occurrence) : .word(word, occurrence: occurrence)
    }
  }

  public var description: String {
    switch self {
    case .word(let word, let occurrence): occurrence == 1 ? word : "\(word)#\(occurrence)"
    case .after(let word, let occurrence): "<after \(word)\(occurrence == 1 ? "" : "#\(occurrence)")>"
    case .edited: "<edited>"
    case .kept: "<kept>"
    case .earlier: "<earlier>"
    case .next: "<next>"
    case .later: "<later>"
    case .start: "<start>"
    case .end: "<end>"
    case .padding: "<padding>"
    case .position(let position): "\(position)"
    }
  }

  /// Whether what it stands for depends on the other prompts of a pair.
  public var isOfEdits: Bool { ofEdits != nil }

  /// Whether a prompt has it, as far as its edit and its length decide that.
  fileprivate func isIn(_ prompt: PromptTokens, _ edit: EditedWords?) -> Bool {
    if self == .padding { return !prompt.positions(of: .padding).isEmpty }
    return ofEdits.map { ofEdits in edit.map { !$0[keyPath: ofEdits.words].isEmpty } ?? false } ?? true
  }

  /// What of an edit's words it is, and what a pair does where there is none of it.
  private var ofEdits: (words: KeyPath<EditedWords, [Int]>, ifNone: String)? {
    switch self {
    case .edited: (\.edited, "changes no word")
    case .kept: (\.kept, "keeps no word")
    case .earlier: (\.earlier, "keeps no word before those it changes")
    case .next: (\.next, "keeps no word behind those it changes")
    case .later: (\.later, "keeps no second word behind those it changes")
    default: nil
    }
  }

  /// What a pair does that leaves its prompt without such words: `changes no word`; nil for a name that no edit decides.
  package var reasonOfAbsence: String? { ofEdits?.ifNone }

  /// The positions that the name stands for; of `<padding>` there are none in a prompt that fills all positions.
  /// - Parameter edit: which words a pair changes of the prompt; nil: it is of no pair.
  /// - Throws: `SelectionError` if there are none of any other name: what the prompt has instead.
  public func positions(in prompt: PromptTokens, edit: EditedWords? = nil) throws(SelectionError) -> [Int] {
    switch self {
    case .start: return prompt.positions(of: .start)
    case .end: return prompt.positions(of: .end)
    case .padding: return prompt.positions(of: .padding)
    case .position(let position):
      guard prompt.tokens.indices.contains(position) else {
        throw SelectionError(
          "tokens", problem: "there is no position \(position)", hint: "they are 0 to \(prompt.tokens.count - 1)")
      }
      return [position]
    case .edited, .kept, .earlier, .next, .later: return try positionsOfEdit(prompt, edit)
    case .word(let text, let occurrence):
      return try place(of: text, occurrence, in: prompt).flatMap { prompt.positions(ofWord: $0) }
    case .after(let text, let occurrence):
      let first = try place(of: text, occurrence, in: prompt).upperBound
      guard first < prompt.words.count else {
        throw SelectionError("tokens", value: description, problem: "\"\(text)\" is at the end of \"\(prompt.prompt)\"")
      }
      return prompt.words.indices[first...].flatMap { prompt.positions(ofWord: $0) }
    }
  }

  /// The positions of a name that an edit decides.
  private func positionsOfEdit(_ prompt: PromptTokens, _ edit: EditedWords?) throws(SelectionError) -> [Int] {
    guard let ofEdits else { return [] }
    guard let words = edit?[keyPath: ofEdits.words] else {
      throw SelectionError(
        "tokens", value: description, problem: "the prompt \"\(prompt.prompt)\" has no source here",
        hint: "write its words, or make it the target of a pair")
    }
    guard !words.isEmpty else {
      throw SelectionError(
        "tokens", value: description, problem: "the pair \(ofEdits.ifNone) of \"\(prompt.prompt)\"")
    }
    return words.flatMap { prompt.positions(ofWord: $0) }
  }

  /// The words of an occurrence, as indices.
  private func place(of text: String, _ occurrence: Int, in prompt: PromptTokens) throws(SelectionError) -> Range<Int> {
    let places = Self.places(of: text, in: prompt.words)
    guard occurrence <= places.count else { throw missing(text, places.count, prompt) }
    return places[occurrence - 1]
  }

  /// Where words follow one another as in a phrase. A word that the model was taught may have capitals and spaces in it.
  private static func places(of text: String, in words: [String]) -> [Range<Int>] {
    let words = words.map { $0.lowercased() }
    let most = text.split(separator: " ").count
    return words.indices.compactMap { first in
      let last = words.indices[first...].prefix(most).first { words[first...$0].joined(separator: " ") == text }
      return last.map { first..<($0 + 1) }
    }
  }

  private func missing(_ text: String, _ count: Int, _ prompt: PromptTokens) -> SelectionError {
    let words = prompt.words.map { "\"\($0)\"" }.joined(separator: ", ")
    if count > 0 {
      return SelectionError(
        "tokens", value: description, problem: "the prompt \"\(prompt.prompt)\" has \"\(text)\" \(count) time(s)")
    }
    if !Self.places(of: text, in: prompt.words + prompt.truncatedWords).isEmpty {
      return SelectionError(
        "tokens",
        problem:
          "\"\(text)\" lies beyond the \(prompt.tokens.count) tokens that the model reads of \"\(prompt.prompt)\""
      )
    }
    let names = text.hasPrefix("<") ? "; other tokens are \(Self.roleNames.joined(separator: ", "))" : ""
    return SelectionError(
      "tokens", problem: "\"\(text)\" is not in the prompt \"\(prompt.prompt)\"",
      hint: "its words are \(words)\(names)")
  }
}

extension PromptTokens {
  /// What stands at a position: the piece of a word, or the role in angle brackets.
  public func label(of position: Int) -> String {
    let token = tokens[position]
    switch token.role {
    case .word: return token.piece.hasSuffix("</w>") ? String(token.piece.dropLast(4)) : token.piece
    default: return "<\(token.role.rawValue)>"
    }
  }
}
