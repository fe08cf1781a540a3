import Attention

// What the package daam adds up for a word: which layers, and which tokens.

extension AttentionSite {
  /// Whether the package `daam` adds this site's maps: it leaves out the middle block, and any grid whose sides are an eighth
  /// of the latents', which in Stable Diffusion is the middle block's.
  public var isInDAAM: Bool {
    let factor = Int(Double(latentHeight * latentWidth / max(1, queries.count)).squareRoot())
    return !path.hasPrefix("mid_block") && factor != 8
  }
}

extension Sequence<AttentionSite> {
  /// Those that word heat maps are made of: without the middle block, unless there is nothing else.
  /// - Parameter takesMiddleBlock: whether it is kept.
  public func ofWordMaps(takesMiddleBlock: Bool = false) -> [AttentionSite] {
    let all = Array(self)
    let daam = all.filter { takesMiddleBlock || $0.isInDAAM }
    return daam.isEmpty ? all : daam
  }
}

extension PromptTokens {
  /// The words in their order, each once.
  public var distinctWords: [String] { words.uniqued }

  /// The token positions that the package `daam` takes for a word: wherever its pieces stand in the prompt one after another.
  ///
  /// Pieces are compared without the mark of a word's end. So equal words are one, and a short word is found in longer ones
  /// that have its pieces: "a" twice in "s k a t e b o a rd".
  /// - Returns: ascending; empty if the word is not in the prompt.
  public func daamPositions(of word: String) -> [Int] {
    guard let index = words.firstIndex(of: word) else { return [] }
    let pieces = positions(ofWord: index).map(label)
    let all = positions(of: .word)
    let starts = all.indices.filter { all[$0...].prefix(pieces.count).map(label) == pieces }
    return Set(starts.flatMap { all[$0..<($0 + pieces.count)] }).sorted()
  }
}
