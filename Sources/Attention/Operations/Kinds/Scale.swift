import CKernels
import Foundation

extension AttentionOperation {
  public static let scale = AttentionOperation(
    "scale",
    meaning: "times factor; rows are not brought back to a sum of 1 unless renormalize: true",
    example: "{ op: scale, sites: \"cross:*\", words: [red], factor: 3 }",
    keys: [
      OperationKey(
        "factor", .number(-1000...1000), standard: 1.0, meaning: "what values are multiplied by, -1000 to 1000")
    ],
    words: { "times \($0.number("factor").formatted())" },
    effect: { change in
      let factor = change.number("factor")
      return factor == 1 ? .nothing : .matrix { ck_edit_scale(&$0.region, factor, $0.values) }
    })
}
