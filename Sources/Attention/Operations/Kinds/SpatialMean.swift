import CKernels

extension AttentionOperation {
  /// `p[i, k]` becomes `(1 / queries) sum over i of p[i, k]`: how much a key gets is kept, where it lies is not.
  public static let spatialMean = AttentionOperation(
    "spatial_mean",
    meaning: "each key's mean over the queries: how much it gets stays, where is lost (cross-attention maps)",
    example: "{ op: spatial_mean, sites: \"cross:*\", words: [red] }",
    places: [.probabilities],
    refusal: { _, _, site in site.keys.isText ? nil : "spatial_mean is for cross-attention" },
    effect: { _ in .matrix { ck_edit_column_mean(&$0.region, $0.values) } })
}
