import CKernels

extension AttentionOperation {
  /// What the attention has in the call before the first of the operation's steps, in all of these steps.
  ///
  /// What is kept is what the run used in that call, after all other operations at the same place.
  /// - Source: Zhang et al. 2024, "Cross-Attention Makes Inference Cumbersome in Text-to-Image Diffusion Models" (TGATE), which
  ///   keeps the output of all cross-attention and gives both halves of guidance their mean. There the halves are then the
  ///   same, and one of them is not computed any more; here both are computed.
  public static let cache = AttentionOperation(
    "cache",
    meaning: "what the attention had in the call before the first of `steps`, kept for all of them",
    example: "{ op: cache, of: output, sites: \"cross:*\", steps: { fraction: [0.4, 1] }, branch: both, halves: mean }",
    keys: [
      OperationKey(
        "halves", .name(["own", "mean"]), standard: "own",
        meaning: "`own`: each half of guidance keeps its own; `mean`: each has the mean of both")
    ],
    takesFrom: .earlierCall,
    places: [.queries, .keys, .values, .probabilities, .output],
    words: {
      "what it was in the call before the first of the steps, kept"
        + ($0.name("halves") == "mean" ? " as the mean of both halves of guidance" : "")
    },
    effect: { _ in .matrix { ck_edit_mix(&$0.region, 1, $0.source, $0.sourceStride, $0.values) } })
}
