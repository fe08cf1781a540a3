import Testing

@testable import Probing

/// Controls that are made of maps.
@Suite struct MapFeaturesTests {
  /// Two samples of two heads with three cells.
  private let maps: [Float] = [1, 2, 1, 0, 0, 0, 4, 0, 4, 0.5, 0.25, 0.25]

  @Test func massAndPattern() throws {
    let features = try MapFeatures(name: "cross:5", samples: 2, heads: 2, cells: 3, values: maps)
    let mass = try features.mass()
    #expect(mass.values == [4, 0, 8, 1] && mass.width == 2 && mass.name == "cross:5 mass")
    let pattern = try features.pattern()
    #expect(pattern.values == [0.25, 0.5, 0.25, 0, 0, 0, 0.5, 0, 0.5, 0.5, 0.25, 0.25])
    #expect(pattern.name == "cross:5 pattern" && pattern.heads == 2 && pattern.cells == 3)
    #expect(try features.whole().values == maps && features.whole().width == 6)
    let second = try features.choosing(heads: [1])
    #expect(second.values == [0, 0, 0, 0.5, 0.25, 0.25] && second.heads == 1 && second.name == "cross:5")
    #expect(try features.choosing(heads: [0, 1]).values == maps)
    let head = try features.head(1)
    #expect(head.values == [0, 0, 0, 0.5, 0.25, 0.25] && head.name == "cross:5 head 2")
  }

  @Test func eachMapHasAPermutationOfItsOwn() throws {
    let (samples, heads, cells) = (6, 3, 16)
    let ramp = (0..<cells).map(Float.init)
    let values = (0..<(samples * heads)).flatMap { _ in ramp }
    let features = try MapFeatures(name: "self:7", samples: samples, heads: heads, cells: cells, values: values)
    let permuted = try features.permuted(seed: 5)
    let parts = (0..<(samples * heads)).map { Array(permuted.values[($0 * cells)..<(($0 + 1) * cells)]) }
    for part in parts { #expect(part.sorted() == ramp && part != ramp) }
    #expect(Set(parts).count == samples * heads)
    #expect(try features.permuted(seed: 5).values == permuted.values)
    #expect(try features.permuted(seed: 6).values != permuted.values)
  }

  @Test func whatIsNoMapIsRefused() throws {
    let scores = try MapFeatures(name: "cross:5", samples: 2, heads: 1, cells: 2, values: [1, 2, 3, -1])
    #expect {
      try scores.mass()
    } throws: {
      "\($0)"
        == "maps cross:5: head 0 of sample 1 holds a value below 0; mass and pattern are for probabilities alone"
    }
    #expect(throws: ProbingError.self) {
      try MapFeatures(name: "cross:5", samples: 2, heads: 1, cells: 2, values: [1, 2, 3])
    }
  }
}
