import Analysis
import TestSupport
import Testing

/// How well a map finds a mask, on maps whose values are worked out by hand and against a twin that counts pairs.
@Suite struct MapRankingTests {
  /// Every place of the mask beside every other place: the share of pairs in which it is higher, ties as half.
  private func counted(_ values: [Double], _ mask: [Bool]) -> Double {
    var (sum, pairs) = (0.0, 0)
    for inside in values.indices where mask[inside] {
      for outside in values.indices where !mask[outside] {
        sum += values[inside] > values[outside] ? 1 : values[inside] == values[outside] ? 0.5 : 0
        pairs += 1
      }
    }
    return sum / Double(pairs)
  }

  private static let areas: [([Double], [Bool], Double)] = [
    ([4, 3, 2, 1], [true, true, false, false], 1.0), ([4, 3, 2, 1], [false, false, true, true], 0.0),
    ([1, 1, 1, 1], [true, false, false, true], 0.5),
    // Of four pairs 4 > 3 and 4 > 1 and 2 > 1.
    ([4, 3, 2, 1], [true, false, true, false], 0.75),
    // 2 > 1, 2 = 2, 1 = 1, 1 < 2.
    ([2, 2, 1, 1], [true, false, true, false], 0.5), ([0, -1], [true, false], 1.0),
  ]

  @Test(arguments: areas) func area(_ values: [Double], _ mask: [Bool], _ expected: Double) {
    #expect(MapRanking.auc(values, mask: mask) == expected)
    #expect(counted(values, mask) == expected)
  }

  @Test func theAreaEqualsCountingAllPairs() {
    var generator = SeededGenerator(seed: 31)
    for count in [2, 3, 17, 64, 257] {
      for levels in [2, 5, 1000] {
        let values = (0..<count).map { _ in Double(Int.random(in: 0..<levels, using: &generator)) / 7 }
        var mask = (0..<count).map { _ in Bool.random(using: &generator) }
        (mask[0], mask[1]) = (true, false)
        let (found, expected) = (MapRanking.auc(values, mask: mask), counted(values, mask))
        #expect(abs(found - expected) < 1e-12, "seed 31, \(count) places of \(levels) levels: \(found), \(expected)")
        // The other way around, and by order alone.
        #expect(abs(MapRanking.auc(values, mask: mask.map { !$0 }) - (1 - expected)) < 1e-12)
        #expect(MapRanking.auc(values.map { $0 * $0 * $0 - 3 }, mask: mask) == found)
      }
    }
  }

  private static let overlaps: [([Double], [Bool], Double)] = [
    ([4, 3, 2, 1], [true, true, false, false], 1.0), ([4, 3, 2, 1], [false, false, true, true], 0.0),
    // One of the two highest is in the mask: one in both, three in either.
    ([4, 3, 2, 1], [true, false, true, false], 1.0 / 3),
    // Places that equal the lowest of the highest are among them: three of four, one of them in the mask.
    ([3, 2, 2, 1], [false, true, false, true], 1.0 / 4), ([1, 1, 1, 1], [true, false, false, false], 1.0 / 4),
    ([1, 1], [true, true], 1.0),
  ]

  @Test(arguments: overlaps) func overlap(_ values: [Double], _ mask: [Bool], _ expected: Double) {
    #expect(MapRanking.iou(values, mask: mask) == expected)
  }

  @Test func whatHasNoValueIsNoNumber() {
    #expect(MapRanking.auc([], mask: []).isNaN && MapRanking.iou([], mask: []).isNaN)
    #expect(MapRanking.auc([1, 2], mask: [true, true]).isNaN && MapRanking.auc([1, 2], mask: [false, false]).isNaN)
    #expect(MapRanking.iou([1, 2], mask: [false, false]).isNaN)
    for value in [Double.nan, .infinity, -.infinity] {
      #expect(MapRanking.auc([value, 2], mask: [true, false]).isNaN)
      #expect(MapRanking.iou([value, 2], mask: [true, false]).isNaN)
    }
  }
}
