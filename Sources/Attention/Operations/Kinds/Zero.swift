import CKernels

extension AttentionOperation {
  public static let zero = AttentionOperation(
    "zero",
    meaning: "0: the attention adds nothing but its output bias",
    example: "{ op: zero, sites: \"cross:8-10\" }",
    effect: { _ in .matrix(whole: .zero) { ck_edit_fill(&$0.region, 0, $0.values) } })
}
