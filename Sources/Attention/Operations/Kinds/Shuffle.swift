import CKernels
import Tensors

extension AttentionOperation {
  public static let shuffle = AttentionOperation(
    "shuffle",
    meaning: "the rows of the map in another order, drawn from seed",
    example: "{ op: shuffle, sites: \"cross:*\", seed: 7 }",
    keys: [
      OperationKey(
        "seed", .seed, standard: 0, meaning: "the order is that of `torch.randn(rows)` for the seed, ascending")
    ],
    words: { "rows in the order drawn for seed \($0.seed("seed"))" },
    effect: { change in
      let seed = change.seed("seed")
      return .matrix { matrix in
        let order = ascendingPlaces(matrix.rows, seed: seed)
        matrix.withScratch(copies: 1) { ck_edit_permute(&matrix.region, order, matrix.values, $0) }
      }
    })
}

/// The places of `count` normal values of a seed in ascending order: `torch.randn(count, generator=g).argsort()`.
private func ascendingPlaces(_ count: Int, seed: Seed) -> [Int32] {
  var generator = TorchGenerator(seed: seed)
  let values = generator.randn([count]).values
  return values.indices.sorted { (values[$0], $0) < (values[$1], $1) }.map(Int32.init)
}
