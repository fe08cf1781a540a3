extension AttentionOperation {
  public static let datasetMean = AttentionOperation(
    "dataset_mean",
    meaning: "the mean over a set of prompts and seeds, which run beside the target",
    example: "{ op: dataset_mean, of: output, sites: \"cross:8-10\", prompts: [a car, a dog], seeds: [1, 2] }",
    keys: [.datasetPrompts, .datasetSeeds],
    takesFrom: .dataset,
    identity: { _ in "mix(strength: 1.0)" },
    effect: { _ in .taken })
}

extension OperationKey {
  public static let datasetPrompts = OperationKey(
    "prompts", .prompts, standardText: "the sources and single prompts of `generate`",
    meaning: "prompts and templates as in `generate`",
    words: { value in
      guard case .texts(let prompts)? = value else { return "over the sources and single prompts of the file" }
      return "over " + prompts.map { "\"\($0)\"" }.joined(separator: ", ")
    })

  public static let datasetSeeds = OperationKey(
    "seeds", .seeds, standardText: "those of `generate`", meaning: "each prompt with each seed, at most 256 runs",
    words: { value in
      guard case .seeds(let seeds)? = value else { return "its seeds" }
      return "seeds " + seeds.map(String.init).joined(separator: ", ")
    })
}
