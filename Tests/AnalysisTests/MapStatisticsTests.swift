import Foundation
import Tensors
import TestSupport
import Testing

@testable import Analysis

/// Statistics of maps against NumPy and SciPy, and where their values follow from the formula.
@Suite struct MapStatisticsTests {
  private static let grid = GridSize(height: 6, width: 10)

  private func mixture(_ name: String) throws -> HeadMixture {
    var mixture = HeadMixture(rows: 60, keys: 60)
    for head in try MapViewsFixture.tensors().tensor(named: name).parts { try mixture.add(head) }
    return mixture
  }

  private func expect(_ found: [String: Double], _ expected: [String: Double]) {
    for (name, value) in expected {
      let difference = abs((found[name] ?? .nan) - value)
      #expect(difference < 1e-9, "\(name): \(found[name] ?? .nan), expected \(value)")
    }
    #expect(found.count == expected.count)
  }

  @Test func agreeWithSciPy() throws {
    let heads = try mixture("layout.heads")
    let distance = try MapDistance(heads, mixture("layout.other"))
    expect(
      [
        "entropy": heads.entropy, "head_entropy": heads.headEntropy, "head_divergence": heads.headDivergence,
        "distance": heads.distance(on: Self.grid), "uniform_distance": HeadMixture.uniformDistance(on: Self.grid),
        "total_variation": distance.totalVariation, "jensen_shannon": distance.jensenShannon,
      ], try MapViewsFixture.numbers().layout)
  }

  @Test func wordsAgreeWithSciPy() throws {
    let file = try MapViewsFixture.tensors()
    let word = try file.tensor(named: "word").values.map(Double.init)
    let distance = MapDistance(word, try file.tensor(named: "word.other").values.map(Double.init))
    expect(
      [
        "spread": MapSpread.of(word, on: Self.grid), "uniform_spread": MapSpread.uniform(on: Self.grid),
        "total_variation": distance.totalVariation, "jensen_shannon": distance.jensenShannon,
      ], try MapViewsFixture.numbers().word)
  }

  @Test func boundsAreReached() throws {
    let grid = GridSize(height: 2, width: 3)
    let identity = (0..<36).map { Float($0 / 6 == $0 % 6 ? 1 : 0) }
    var alone = HeadMixture(rows: 6, keys: 6)
    try alone.add(identity)
    #expect(alone.entropy == 0 && alone.headDivergence == 0 && alone.distance(on: grid) == 0)
    // Rows of any sum: all alike, and twice as much in the second row.
    var uniform = HeadMixture(rows: 6, keys: 6)
    try uniform.add((0..<36).map { $0 / 6 == 1 ? 0.5 : 0.25 })
    #expect(abs(uniform.entropy - log(6)) < 1e-12)
    #expect(abs(uniform.distance(on: grid) - HeadMixture.uniformDistance(on: grid)) < 1e-12)
    // Two heads that never look at the same key.
    var apart = HeadMixture(rows: 6, keys: 6)
    try apart.add(identity)
    try apart.add((0..<36).map { Float(($0 / 6 + 1) % 6 == $0 % 6 ? 1 : 0) })
    #expect(abs(apart.headDivergence - log(2)) < 1e-12 && apart.headEntropy == 0)
    let distance = try MapDistance(alone, uniform)
    #expect(abs(distance.totalVariation - 5.0 / 6) < 1e-12)
    #expect(MapDistance([1, 0], [0, 3]).totalVariation == 1)
    #expect(abs(MapDistance([1, 0], [0, 3]).jensenShannon - log(2)) < 1e-12)
    #expect(MapSpread.of([0, 0, 0, 0, 7, 0], on: grid) == 0)
  }

  @Test func rowsWithoutAttentionCountNowhere() throws {
    var mixture = HeadMixture(rows: 2, keys: 2)
    try mixture.add([0, 0, 1, 1])
    #expect(abs(mixture.entropy - log(2)) < 1e-12)
    try mixture.add([1, 0, .infinity, 1])
    #expect(mixture.entropy.isNaN && mixture.headDivergence.isNaN)
    #expect(HeadMixture(rows: 2, keys: 2).entropy.isNaN)
    #expect(MapDistance([0, 0], [1, 1]).totalVariation.isNaN && MapDistance([1, 1], [.nan, 1]).jensenShannon.isNaN)
    #expect(MapSpread.of([0, 0], on: GridSize(height: 1, width: 2)).isNaN)
    #expect(MapSpread.of([3, -1], on: GridSize(height: 1, width: 2)).isNaN)
    #expect(MapDistance([3, -1], [1, 1]).totalVariation.isNaN)
    var negative = HeadMixture(rows: 2, keys: 2)
    try negative.add([2, -1, 1, 0])
    #expect(negative.entropy == 0 && negative.row(0) == nil)
    #expect(try MapDistance(mixture, mixture).totalVariation.isNaN)
  }

  @Test func shapesAreChecked() throws {
    var mixture = HeadMixture(rows: 2, keys: 2)
    #expect(throws: ShapeError("HeadMixture", expected: "2 x 2 values", found: "3")) { try mixture.add([1, 2, 3]) }
    #expect(throws: ShapeError("MapDistance", expected: "[2, 2]", found: [2, 3])) {
      _ = try MapDistance(mixture, HeadMixture(rows: 2, keys: 3))
    }
  }
}
