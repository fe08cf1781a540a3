import Attention
import DiffusionModels
import Tensors

/// Encodes the prompts of a batch, with what operations change of them.
struct PromptEncoder {
  private let model: StableDiffusion
  private var known: [PromptTokens: Tensor] = [:]

  init(_ model: StableDiffusion) { self.model = model }

  /// - Parameter changes: made in this order.
  /// - Returns: `[1, tokens, channels]`. Each text is encoded by itself: what a run sees of it does not depend on the others.
  /// - Throws: `ShapeError`; `EngineError`.
  mutating func embedding(_ text: PromptTokens, changes: [PromptChange]) throws -> Tensor {
    var result = try encoded(text)
    for change in changes {
      if let random = change.random { result = try withRandomWords(result, text, random) }
      // A plan that somebody else wrote down may name a role twice.
      let positions = Set(change.roles.flatMap(text.positions(of:)))
      if positions.isEmpty { continue }
      result = result.taking(
        Dictionary(uniqueKeysWithValues: positions.map { ($0, $0) }), from: try encoded(model.tokenizer.encode("")))
    }
    return result
  }

  private mutating func encoded(_ text: PromptTokens) throws -> Tensor {
    if let embedding = known[text] { return embedding }
    let embedding = try model.textEncoder.encode(text)
    known[text] = embedding
    return embedding
  }

  /// See `random_embedding`: the text without some words, and at each of their positions a random vector as long as its own.
  private mutating func withRandomWords(
    _ own: Tensor, _ text: PromptTokens, _ random: PromptChange.RandomWords
  ) throws -> Tensor {
    let replaced = Set(random.positions)
    let kept = text.tokens.indices.filter { !replaced.contains($0) }
    // What a text without the words has behind its end: the empty prompt has padding there too.
    let padding = model.tokenizer.encode("").tokens.suffix(replaced.count)
    let shorter = try encoded(
      PromptTokens(
        prompt: text.prompt, tokens: kept.map { text.tokens[$0] } + padding, words: text.words, truncatedWords: []))
    var result = own.taking(
      Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) }), from: shorter)
    let width = own.shape[2]
    for position in random.positions {
      var generator = TorchGenerator(seed: random.seed(ofToken: text.tokens[position].id))
      let vector = generator.randn([width]).values
      let row = (position * width)..<((position + 1) * width)
      let length = own.withUnsafeValues { Self.length($0[row]) }
      let share = length / Self.length(vector[...])
      result.withUnsafeMutableValues { values in
        for (index, place) in row.enumerated() { values[place] = Float(Double(vector[index]) * share) }
      }
    }
    return result
  }

  private static func length(_ values: some Sequence<Float>) -> Double {
    values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
  }
}

extension Tensor {
  /// An encoded prompt, `[1, tokens, channels]`, with another's vectors at some positions.
  /// - Parameter positions: by position, the other's.
  fileprivate func taking(_ positions: [Int: Int], from other: Tensor) -> Tensor {
    var result = self
    let width = shape[2]
    other.withUnsafeValues { from in
      result.withUnsafeMutableValues { to in
        for (position, source) in positions {
          for i in 0..<width { to[position * width + i] = from[source * width + i] }
        }
      }
    }
    return result
  }
}
