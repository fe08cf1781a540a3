import CKernels
import Foundation

extension AttentionOperation {
  public static let blur = AttentionOperation(
    "blur",
    meaning: "each row averaged with its neighbors on the grid, a Gaussian of sigma cells",
    example: "{ op: blur, of: queries, sites: \"self:11-16\", sigma: 1.5 }",
    keys: [OperationKey("sigma", .number(0...64), standard: 1.0, meaning: "cells, 0 to 64")],
    refusal: { _, place, site in
      [.keys, .values].contains(place) && site.keys.isText
        ? "the \(place.rawValue) of cross-attention are tokens and have no grid" : nil
    },
    words: { "a Gaussian of \($0.number("sigma").formatted()) cells over neighbors" },
    effect: { change in
      let sigma = change.number("sigma")
      if sigma == 0 { return .nothing }
      return .matrix { matrix in
        matrix.withScratch(copies: 2) {
          ck_edit_blur(&matrix.region, matrix.height, matrix.width, sigma, matrix.values, $0)
        }
      }
    })
}
