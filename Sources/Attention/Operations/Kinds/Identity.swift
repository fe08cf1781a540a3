import CKernels

extension AttentionOperation {
  public static let identity = AttentionOperation(
    "identity",
    meaning: "each place sees itself alone (self-attention maps)",
    example: "{ op: identity, sites: \"self:up\" }",
    places: [.probabilities],
    refusal: { _, _, site in site.queries == site.keys ? nil : "identity is for self-attention" },
    effect: { _ in .matrix { ck_edit_identity(&$0.region, $0.values) } })
}
