extension AttentionOperation {
  /// - Source: Meng et al. 2022 (SDEdit), with the steps of diffusers' image-to-image pipeline.
  public static let noisedSource = AttentionOperation(
    "noised_source",
    meaning: "the run starts from the source's finished picture with noise added, and takes only the last of the steps",
    example: "{ op: noised_source, strength: 0.6 }",
    keys: [
      OperationKey(
        "strength", .number(0...1), standard: 0.5,
        meaning: "the share of the steps that are taken: 0 leaves the source's picture, 1 keeps hardly anything of it")
    ],
    takesFrom: .source,
    places: [],
    changesStart: true,
    words: { "the source's picture with noise added, then the last \(percent($0.number("strength"))) of the steps" },
    effect: { .noisedSource(strength: $0.number("strength")) })
}

/// `60 %`
private func percent(_ share: Float) -> String {
  let tenths = Int((share * 1000).rounded())
  return tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
}
