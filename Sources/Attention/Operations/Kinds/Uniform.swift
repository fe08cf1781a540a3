import CKernels

extension AttentionOperation {
  public static let uniform = AttentionOperation(
    "uniform",
    meaning: "the same probability for every key, 1 / keys",
    example: "{ op: uniform, sites: \"self:*\", heads: [1] }",
    places: [.probabilities],
    effect: { _ in .matrix(whole: .uniform) { ck_edit_fill(&$0.region, 1 / Float($0.keys), $0.values) } })
}
