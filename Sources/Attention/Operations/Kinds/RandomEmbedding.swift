extension AttentionOperation {
  /// Identity without meaning: the vector of a token differs from that of any other, is always the same, and says nothing.
  ///
  /// With the words left out, what stands behind them moves forward in the text; here each of its positions has the
  /// vector that it has in the shorter text. At a chosen position stands `n x / |x|`, where `n` is the length of the
  /// vector that the whole prompt has there, and `x` is `torch.randn(width)` of the generator with the seed
  /// `seed * 65536 + token` (of which PyTorch takes the low 32 bits), `token` being the number of the replaced token in
  /// the vocabulary.
  public static let randomEmbedding = AttentionOperation(
    "random_embedding",
    meaning:
      "the encoded prompt is that of the prompt without `words`, and at each of these stands a random vector of its own "
      + "length, the same for the same token",
    example: "{ op: random_embedding, words: [red], seed: 7 }",
    keys: [
      OperationKey(
        "seed", .seed, standard: 0, meaning: "the vectors are those of `torch.randn` for seed x 65536 + token")
    ],
    places: [],
    words: {
      "random vectors of equal length for the words, drawn for seed \($0.seed("seed")); all else as without them"
    },
    effect: { .randomWords(seed: $0.seed("seed")) })
}
