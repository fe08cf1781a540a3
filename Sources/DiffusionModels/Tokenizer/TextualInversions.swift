import Foundation

/// Learned words of several vectors. Each vector is a token of its own: `<cat>`, `<cat>_1`, `<cat>_2`; in a prompt the
/// first stands for all of them.
/// - Source: `_maybe_convert_prompt` of diffusers' `TextualInversionLoaderMixin`.
struct TextualInversions: Sendable {
  /// By the first token: all of them, in order.
  private let vectors: [String: [String]]

  /// - Parameter added: the contents of a tokenizer's added tokens.
  init(added: [String]) {
    let known = Set(added)
    var vectors: [String: [String]] = [:]
    for token in known where known.contains("\(token)_1") {
      let others = (1...known.count).lazy.map { "\(token)_\($0)" }.prefix(while: known.contains)
      vectors[token] = [token] + others
    }
    self.vectors = vectors
  }

  private static let mostBytes = 1 << 24

  func hasSeveralVectors(_ token: String) -> Bool { vectors[token] != nil }

  /// All tokens that a token stands for; itself alone for any other token.
  func vectors(of token: String) -> [String] { vectors[token] ?? [token] }

  /// The prompt with `<cat> <cat>_1 <cat>_2` for each `<cat>`.
  ///
  /// Every occurrence of the text is replaced, also one within a longer token, as diffusers replaces it.
  /// A text that becomes longer than any prompt is read stays as it is from there on: names may be parts of one another.
  /// - Parameter pieces: the prompt's tokens.
  func expanded(_ prompt: String, pieces: [String]) -> String {
    var seen = Set<String>()
    var result = prompt
    for piece in pieces where seen.insert(piece).inserted {
      guard let all = vectors[piece] else { continue }
      let added = (result.utf8.count / max(1, piece.utf8.count)).multipliedReportingOverflow(
        by: all.reduce(0) { $0 + $1.utf8.count + 1 })
      guard !added.overflow, added.partialValue <= Self.mostBytes else { break }
      result = result.replacingOccurrences(of: piece, with: all.joined(separator: " "), options: .literal)
    }
    return result
  }
}
