extension AttentionOperation {
  public static let headMean = AttentionOperation(
    "head_mean",
    meaning: "the mean of all heads for every head",
    example: "{ op: head_mean, sites: \"self:*\" }",
    places: AttentionEdit.Place.allCases.filter { $0 != .output },
    identity: { _ in "headMean" },
    effect: { _ in .meanOfHeads })
}
