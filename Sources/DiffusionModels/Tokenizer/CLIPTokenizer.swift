import Attention
import Checkpoints
import Foundation

/// CLIP's tokenizer: a prompt to the token ids of the text encoder.
///
/// Gives the ids that `CLIPTokenizer` of transformers 5 gives for `padding="max_length", truncation=True`, for every
/// text: checked over fixtures and, once, over random Unicode texts (see the tests).
/// - Source: Radford et al. 2021; `transformers/models/clip/tokenization_clip.py`.
public final class CLIPTokenizer: Sendable {
  /// Positions of a prompt, start and end included: 77 for Stable Diffusion.
  public let maxLength: Int
  /// The id before every prompt, `<|startoftext|>`.
  public let startID: Int
  /// The id after every prompt, `<|endoftext|>`.
  public let endID: Int
  /// The id that fills the rest: `<|endoftext|>` in Stable Diffusion 1.x, `!` in 2.x.
  public let paddingID: Int
  /// One more than the largest id: what a text encoder's `vocab_size` must at least be.
  public let idCount: Int

  private let encoder: BytePairEncoder
  private let finder: AddedTokenFinder
  private let normalizedFinder: AddedTokenFinder
  private let added: [Int: AddedToken]
  private let inversions: TextualInversions

  /// Reads a tokenizer folder: `tokenizer.json`, or `vocab.json` and `merges.txt`; with `tokenizer_config.json`,
  /// `special_tokens_map.json` and `added_tokens.json` where they are there.
  ///
  /// Which file wins over which is as in transformers 5: `tokenizer.json` over the two older files, and
  /// `special_tokens_map.json` over `tokenizer_config.json`, unless that holds `added_tokens_decoder`. A folder
  /// without `model_max_length`, or with one over 100,000 (transformers' sign for none), has 77.
  /// - Throws: `CheckpointError` with every problem of the files.
  public convenience init(folder: URL) throws(CheckpointError) {
    self.init(try CLIPTokenizerFiles(folder: folder))
  }

  init(_ files: CLIPTokenizerFiles) {
    maxLength = files.maxLength
    startID = files.start
    endID = files.end
    paddingID = files.padding
    encoder = BytePairEncoder(vocabulary: files.vocabulary, merges: files.merges, unknown: files.unknown)
    added = Dictionary(files.added.map { ($0.id, $0.token) }, uniquingKeysWith: { _, last in last })
    finder = AddedTokenFinder(
      files.added.filter { !$0.token.normalized }
        .map { (Array($0.token.content.unicodeScalars), $0.id, $0.token.content) })
    normalizedFinder = AddedTokenFinder(
      files.added.filter(\.token.normalized)
        .map { (CLIPText.normalized($0.token.content.unicodeScalars), $0.id, $0.token.content) })
    inversions = TextualInversions(added: files.added.map(\.token.content))
    idCount = max(files.vocabulary.values.max() ?? 0, files.added.map(\.id).max() ?? 0) + 1
  }

  /// A word of the prompt, and the ids of its pieces.
  private struct Word {
    let text: String
    let ids: [Int]
  }

  /// The token ids of a prompt, with what each position holds.
  ///
  /// A literal `<|endoftext|>` in a prompt is the token of that name with the role `word`, as the model takes it. A
  /// word whose first pieces fit and whose last do not is in `words` and in `truncatedWords`.
  /// A textual inversion of several vectors stands for all of them, as in diffusers' pipelines: it is one word of several
  /// pieces.
  /// - Returns: `maxLength` tokens: start, words, end, padding.
  public func encode(_ prompt: String) -> PromptTokens { encode(prompt, expandingInversions: true) }

  /// The same, where it may be chosen that a textual inversion stands for its first vector, as in transformers.
  public func encode(_ prompt: String, expandingInversions: Bool) -> PromptTokens {
    var tokens = [PromptTokens.Token(id: startID, piece: piece(startID), role: .start)]
    var words: [String] = []
    var truncated: [String] = []
    let room = maxLength - 2
    var used = 0
    for word in expandingInversions ? expandedWords(prompt) : self.words(prompt) {
      let kept = word.ids.prefix(room - used)
      used += kept.count
      if kept.count < word.ids.count { truncated.append(word.text) }
      guard !kept.isEmpty else { continue }
      tokens += kept.map { .init(id: $0, piece: piece($0), role: .word, word: words.count) }
      words.append(word.text)
    }
    tokens.append(.init(id: endID, piece: piece(endID), role: .end))
    let padding = PromptTokens.Token(id: paddingID, piece: piece(paddingID), role: .padding)
    tokens += Array(repeating: padding, count: maxLength - tokens.count)
    return PromptTokens(prompt: prompt, tokens: tokens, words: words, truncatedWords: truncated)
  }

  /// The number of tokens that a prompt has of its own, without start and end and before anything is cut off.
  public func count(_ prompt: String) -> Int {
    expandedWords(prompt).reduce(0) { $0 + $1.ids.count }
  }

  /// The text of token ids, in lower case and with a space after each word, as transformers' `decode` gives it.
  ///
  /// Ids that do not exist are left out; bytes that are not UTF-8, as of half a word, become U+FFFD.
  /// - Parameter skippingSpecial: whether start, end and padding are left out.
  public func decode(_ ids: [Int], skippingSpecial: Bool = true) -> String {
    var bytes: [UInt8] = []
    for id in ids {
      if let token = added[id] {
        if skippingSpecial && token.special { continue }
      }
      bytes += ByteAlphabet.bytes(of: piece(id))
    }
    let text = String(decoding: bytes, as: UTF8.self)
      .replacingOccurrences(of: BytePairEncoder.endOfWord, with: " ", options: .literal)
    // Python's `strip`, which also takes the four separators of ASCII for white space.
    let isSpace = { (scalar: Unicode.Scalar) in
      scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    }
    let head = text.unicodeScalars.drop(while: isSpace)
    guard let last = head.lastIndex(where: { !isSpace($0) }) else { return "" }
    return CLIPText.string(head[...last])
  }

  /// A token as the vocabulary spells it; empty for an id that does not exist.
  ///
  /// An added token that is matched in the normalised text is spelled normalised, as transformers does.
  public func piece(_ id: Int) -> String {
    guard let token = added[id] else { return encoder.piece(of: id) ?? "" }
    return token.normalized ? CLIPText.string(CLIPText.normalized(token.content.unicodeScalars)) : token.content
  }

  /// The words of a prompt in which each textual inversion stands for all of its vectors.
  private func expandedWords(_ prompt: String) -> [Word] {
    let words = self.words(prompt)
    let pieces = words.flatMap { $0.ids.map(piece) }
    guard pieces.contains(where: inversions.hasSeveralVectors) else { return words }
    let expanded = self.words(inversions.expanded(prompt, pieces: pieces))
    var joined: [Word] = []
    var place = 0
    while place < expanded.count {
      let vectors = inversions.vectors(of: expanded[place].ids.map(piece).joined())
      let end = place + vectors.count
      if vectors.count > 1, end <= expanded.count, expanded[place..<end].map({ $0.ids.map(piece).joined() }) == vectors
      {
        joined.append(Word(text: expanded[place].text, ids: expanded[place..<end].flatMap(\.ids)))
        place = end
      } else {
        joined.append(expanded[place])
        place += 1
      }
    }
    return joined
  }

  private func words(_ prompt: String) -> [Word] {
    var words: [Word] = []
    for segment in finder.split(Array(prompt.unicodeScalars)) {
      guard case .text(let raw) = segment else {
        append(segment, to: &words)
        continue
      }
      for inner in normalizedFinder.split(CLIPText.normalized(raw)) { append(inner, to: &words) }
    }
    return words
  }

  private func append(_ segment: AddedTokenFinder.Segment, to words: inout [Word]) {
    switch segment {
    case .token(let id, let content):
      words.append(Word(text: content, ids: [id]))
    case .text(let text):
      words += CLIPText.words(text).map { Word(text: $0, ids: encoder.encode($0)) }
    }
  }
}
