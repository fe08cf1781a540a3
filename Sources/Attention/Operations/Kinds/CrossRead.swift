extension AttentionOperation {
  /// `softmax(queries of the source x keys of the target / sqrt(headDim))`: what the source's picture would give to the
  /// target's words.
  ///
  /// The target computes its own attention all the same, bit for bit. What `record` keeps of its maps at these sites and
  /// steps is the other map: in `of: probabilities`, `scores` and `log_ratio`. Its keys are those of the target.
  public static let crossRead = AttentionOperation(
    "cross_read",
    meaning:
      "changes nothing: what `record` keeps of maps is the softmax of the source's queries and the target's keys "
      + "(cross-attention)",
    example: "{ op: cross_read, sites: \"cross:*\" }",
    keys: [.sourceSeed, .sourceSeedAdded],
    takesFrom: .source,
    places: [.probabilities],
    onlyObserves: true,
    refusal: { _, _, site in site.keys.isText ? nil : "cross_read is for cross-attention" },
    words: { _ in "recorded maps are those of the source's queries and the target's keys; nothing is changed" },
    effect: { _ in .readAcross })
}
