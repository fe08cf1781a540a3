import CKernels

extension AttentionOperation {
  /// Row `q` becomes `m[q] object(q) + (1 - m[q]) background(q)`: `object` is the row without the keys of the source's
  /// background, `background` the row without those of its object, each brought back to a sum of 1, and `m` is how much of
  /// the object stands at the place of the target. See ``ObjectMasks``.
  /// - Source: Cao et al. 2023 (MasaCtrl), the released `MutualSelfAttentionControlMaskAuto`.
  public static let objectMask = AttentionOperation(
    "object_mask",
    meaning:
      "places of the object look at the source's object alone, all others at its background (self-attention maps)",
    example: "{ op: object_mask, sites: \"self:11-16\", object: [car] }",
    keys: [
      OperationKey(
        "object", .words, standardText: "none, it must be given",
        meaning:
          "the words that name the object, whose cross-attention maps say where it is; each prompt takes those of them that "
          + "it has",
        words: { if case .texts(let words)? = $0 { "the object is \(words.joined(separator: " or "))" } else { nil } }),
      OperationKey(
        "threshold", .number(0...1), standard: 0.1,
        meaning: "from which share of its range on the map of the source is the object, 0 to 1"),
    ],
    takesFrom: .source,
    places: [.probabilities],
    refusal: { _, _, site in site.keys.isText ? "object_mask is for self-attention" : nil },
    identity: { "object_mask(object: \($0.texts("object")), threshold: \($0.number("threshold")))" },
    effect: { _ in
      .matrix { matrix in
        guard let objects = matrix.objects else { return }
        objects.queries.withUnsafeBufferPointer { queries in
          objects.keys.withUnsafeBufferPointer { keys in
            ck_edit_split(&matrix.region, queries.baseAddress, keys.baseAddress, matrix.values)
          }
        }
      }
    })
}
