import CKernels
import Foundation

extension AttentionOperation {
  public static let mix = AttentionOperation(
    "mix",
    meaning: "(1 - strength) of the target's and strength of the source's",
    example: "{ op: mix, sites: \"self:*\", strength: 0.3 }",
    keys: [
      OperationKey("strength", .number(0...1), standard: 0.5, meaning: "the share of the source's, 0 to 1"),
      .sourceSeed, .sourceSeedAdded,
    ],
    takesFrom: .source,
    words: { change in
      let strength = change.number("strength")
      return "\((1 - strength).formatted()) of the target's and \(strength.formatted()) of the source's"
    },
    effect: { change in
      let strength = change.number("strength")
      if strength == 0 { return .nothing }
      if strength == 1 { return .taken }
      return .matrix { ck_edit_mix(&$0.region, strength, $0.source, $0.sourceStride, $0.values) }
    })
}
