/// Which tokens of a prompt a cross-attention map keeps.
public enum TokenSelector: Codable, Hashable, Sendable {
  /// Every position, each a key of its own.
  case all
  /// Each word of the prompt.
  case words
  /// Names, each a key of its own.
  case names([TokenName])

  /// The keys that a map of this prompt has.
  /// - Throws: `SelectionError` if a word is not in the prompt or a position not in its range.
  public func resolve(_ prompt: PromptTokens) throws(SelectionError) -> [TokenKey] {
    switch self {
    case .all:
      return prompt.tokens.indices.map { TokenKey(label: prompt.label(of: $0), positions: [$0]) }
    case .words:
      var seen: [String: Int] = [:]
      return prompt.words.indices.map { word in
        let name = prompt.words[word]
        seen[name, default: 0] += 1
        let label = seen[name] == 1 ? name : "\(name)#\(seen[name] ?? 1)"
        return TokenKey(label: label, positions: prompt.positions(ofWord: word))
      }
    case .names(let names):
      var keys: [TokenKey] = []
      for name in names {
        let positions = try name.positions(in: prompt)
        if let other = keys.first(where: { !$0.positions.allSatisfy { !positions.contains($0) } }) {
          throw SelectionError(
            "tokens: \"\(name)\" and \"\(other.label)\" share a position of \"\(prompt.prompt)\"; keep one of them")
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
  /// A word and which of its occurrences, from 1; all its pieces are summed.
  case word(String, occurrence: Int)
  /// All words that come after an occurrence of a word, summed.
  case after(String, occurrence: Int)
  case start
  case end
  /// All positions after the end token, summed.
  case padding
  /// From 0, the start token.
  case position(Int)

  /// The names in angle brackets.
  public static let roleNames = ["<start>", "<end>", "<padding>", "<after word>"]

  /// Reads `car`, `car#2`, `<after car>`, `<start>`, `<end>` or `<padding>`; words in lower case.
  /// - Throws: `SelectionError` if it is none of these.
  public init(_ text: String) throws(SelectionError) {
    switch text {
    case "<start>": self = .start
    case "<end>": self = .end
    case "<padding>": self = .padding
    default:
      let isAfter = text.hasPrefix("<after ") && text.hasSuffix(">")
      let name = isAfter ? text.dropFirst("<after ".count).dropLast() : text[...]
      // A sign at the very beginning is the word itself.
      let sign = name.lastIndex(of: "#").flatMap { $0 == name.startIndex ? nil : $0 }
      let word = name[..<(sign ?? name.endIndex)].lowercased()
      let occurrence = sign.map { Int(name[name.index(after: $0)...]) } ?? 1
      guard !word.isEmpty, !word.hasPrefix("<"), let occurrence, occurrence > 0 else {
        throw SelectionError(
          "tokens: \"\(text)\" is not a token; allowed: a word (car), an occurrence of it (car#2), the words behind it "
            + "(<after car>), <start>, <end>, <padding> or a position")
      }
      self = isAfter ? .after(word, occurrence: occurrence) : .word(word, occurrence: occurrence)
    }
  }

  public var description: String {
    switch self {
    case .word(let word, let occurrence): occurrence == 1 ? word : "\(word)#\(occurrence)"
    case .after(let word, let occurrence): "<after \(word)\(occurrence == 1 ? "" : "#\(occurrence)")>"
    case .start: "<start>"
    case .end: "<end>"
    case .padding: "<padding>"
    case .position(let position): "\(position)"
    }
  }

  /// The positions that the name stands for.
  /// - Throws: `SelectionError` if there are none: what the prompt has instead.
  public func positions(in prompt: PromptTokens) throws(SelectionError) -> [Int] {
    switch self {
    case .start: return prompt.positions(of: .start)
    case .end: return prompt.positions(of: .end)
    case .padding: return prompt.positions(of: .padding)
    case .position(let position):
      guard prompt.tokens.indices.contains(position) else {
        throw SelectionError("tokens: there is no position \(position); they are 0 to \(prompt.tokens.count - 1)")
      }
      return [position]
    case .word(let word, let occurrence):
      return prompt.positions(ofWord: try index(of: word, occurrence, in: prompt))
    case .after(let word, let occurrence):
      let first = try index(of: word, occurrence, in: prompt) + 1
      guard first < prompt.words.count else {
        throw SelectionError("tokens: \"\(description)\": \"\(word)\" is the last word of \"\(prompt.prompt)\"")
      }
      return prompt.words.indices[first...].flatMap { prompt.positions(ofWord: $0) }
    }
  }

  private func index(of word: String, _ occurrence: Int, in prompt: PromptTokens) throws(SelectionError) -> Int {
    let places = prompt.words.indices.filter { prompt.words[$0] == word }
    guard occurrence <= places.count else { throw missing(word, places.count, prompt) }
    return places[occurrence - 1]
  }

  private func missing(_ word: String, _ count: Int, _ prompt: PromptTokens) -> SelectionError {
    let words = prompt.words.map { "\"\($0)\"" }.joined(separator: ", ")
    if count > 0 {
      return SelectionError(
        "tokens: \"\(description)\": the prompt \"\(prompt.prompt)\" has \"\(word)\" \(count) time(s)")
    }
    if prompt.truncatedWords.contains(word) {
      return SelectionError(
        "tokens: \"\(word)\" lies beyond the \(prompt.tokens.count) tokens that the model reads of \"\(prompt.prompt)\""
      )
    }
    return SelectionError("tokens: \"\(word)\" is not in the prompt \"\(prompt.prompt)\"; its words are \(words)")
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
