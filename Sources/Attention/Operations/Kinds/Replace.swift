import CKernels

extension AttentionOperation {
  public static let replace = AttentionOperation(
    "replace",
    meaning: "the source's in place of the target's own",
    example: "{ op: replace, sites: \"self:4-14\", steps: { fraction: [0, 0.8] } }",
    keys: [
      OperationKey(
        "part", .name(["all", "mass", "pattern"]), standard: "all",
        meaning:
          "`all`; `mass`, only how much each word gets; `pattern`, only where (probabilities of cross-attention)",
        place: .probabilities),
      .sourceSeed, .sourceSeedAdded,
    ],
    takesFrom: .source,
    refusal: { change, _, site in
      change.name("part") == "all" || site.keys.isText ? nil : "part is of words"
    },
    words: { change in
      switch change.name("part") {
      case "mass": "the source's share of each word, the target's places"
      case "pattern": "the source's places of each word, the target's share"
      default: nil
      }
    },
    identity: { $0.name("part") == "all" ? "mix(strength: 1.0)" : $0.name("part") },
    effect: { change in
      switch change.name("part") {
      case "mass": .matrix { ck_edit_part(&$0.region, 1, $0.source, $0.sourceStride, $0.values) }
      case "pattern": .matrix { ck_edit_part(&$0.region, 0, $0.source, $0.sourceStride, $0.values) }
      default: .taken
      }
    })
}

extension OperationEffect {
  /// The source's, whole.
  static let taken = OperationEffect.matrix(whole: .source) {
    ck_edit_mix(&$0.region, 1, $0.source, $0.sourceStride, $0.values)
  }
}

extension OperationKey {
  /// The start noise of a source of its own.
  public static let sourceSeed = OperationKey(
    "source_seed", .seed, standardText: "the group's source",
    meaning: "take from a run of the source's prompt that starts from this seed's noise, made beside the group",
    words: { $0.map { "from the source prompt with seed \($0)" } })

  /// The start noise of a source of its own, told from the run's: each seed has another one.
  public static let sourceSeedAdded = OperationKey(
    "source_seed_added", .seed, standardText: "none",
    meaning:
      "as `source_seed`, but the seed is the run's own plus this number, from 1 (modulo 2^64)",
    words: { $0.map { "from the source prompt with the own seed and \($0)" } })
}
