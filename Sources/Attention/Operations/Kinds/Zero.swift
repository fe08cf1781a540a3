import CKernels

extension AttentionOperation {
  public static let zero = AttentionOperation(
    "zero",
    meaning: "0 in its place",
    example: "{ op: zero, sites: \"cross:8-10\" }",
    effect: { _ in .matrix(whole: .zero) { ck_edit_fill(&$0.region, 0, $0.values) } })
}
