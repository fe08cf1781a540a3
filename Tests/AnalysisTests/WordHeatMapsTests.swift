import Checkpoints
import Tensors
import TestSupport
import Testing

@testable import Analysis

/// DAAM against PyTorch, within 1e-6 of the largest value.
@Suite struct WordHeatMapsTests {
  private struct Map {
    let site: Int
    let grid: GridSize
    /// `[heads, cells, keys]`
    let values: Tensor
  }

  /// The maps of the bundled model that PyTorch recorded, and random ones on grids that are not square.
  private static func maps(_ name: String) throws -> [Map] {
    if name == "random" {
      let file = try MapViewsFixture.tensors()
      return try file.names.filter { $0.hasPrefix("random.") }.map { name in
        let values = try file.tensor(named: name)
        let site = Int(name.split(separator: ".")[1]) ?? 0
        return Map(site: site, grid: GridSize(height: values.shape[1], width: values.shape[2]), values: values)
      }
    }
    let file = try Fixtures.safetensors("maps")
    let sides = [1: 16, 7: 2, 12: 8]
    return try file.names.filter { $0.contains("cross") }.map { name in
      let layer = Int(name.split(separator: ".")[2]) ?? 0
      let side = try #require(sides[layer])
      return Map(site: layer, grid: GridSize(height: side, width: side), values: try file.tensor(named: name))
    }
  }

  private static let cases: [String: (words: [WordHeatMaps.Word], size: GridSize)] = [
    "real": ([[1], [2], [3], [2, 3]].map { WordHeatMaps.Word(keys: $0) }, GridSize(height: 16, width: 16)),
    "random": ([[2], [5, 6]].map { WordHeatMaps.Word(keys: $0) }, GridSize(height: 12, width: 20)),
  ]

  /// The paper's.
  private static let formula = WordHeatMaps.Definition(isClamped: false, sumsLayers: true, sumsTokens: true)

  @Test(arguments: ["real", "random"], ["heads", "means", "unclamped"])
  func agreesWithPyTorch(_ name: String, _ kind: String) throws {
    let (words, size) = try #require(Self.cases[name])
    var heatMaps = WordHeatMaps(
      words: words, size: size, definition: kind == "unclamped" ? Self.formula : WordHeatMaps.Definition())
    let maps = try Self.maps(name)
    #expect(maps.count == (name == "real" ? 5 : 8))
    for map in maps {
      let keys = map.values.count / map.values.shape[0] / map.grid.cells
      let heads = map.values.parts
      if kind == "means" {
        let mean = heads[0].indices.map { index in heads.reduce(0) { $0 + $1[index] } / Float(heads.count) }
        try heatMaps.add(mean, on: map.grid, keyCount: keys, site: map.site, head: nil, heads: heads.count)
      } else {
        for (head, values) in heads.enumerated() {
          try heatMaps.add(values, on: map.grid, keyCount: keys, site: map.site, head: head, heads: heads.count)
        }
      }
    }
    let found = try Tensor(heatMaps.maps.joined().map(Float.init), shape: [words.count, size.height, size.width])
    let expected = try MapViewsFixture.tensors().tensor(named: "daam.\(name).\(kind)")
    expectClose(found, expected, tolerance: 1e-6, "\(name), \(kind)")
  }

  /// Without the clamp a record of means over heads has the same sum as one of single heads.
  @Test func meansHaveTheSumOfTheHeads() throws {
    let (words, size) = try #require(Self.cases["random"])
    var heatMaps = WordHeatMaps(words: words, size: size, definition: Self.formula)
    for map in try Self.maps("random") {
      let heads = map.values.parts
      let mean = heads[0].indices.map { index in heads.reduce(0) { $0 + $1[index] } / Float(heads.count) }
      try heatMaps.add(mean, on: map.grid, keyCount: 7, site: map.site, head: nil, heads: heads.count)
    }
    let found = try Tensor(heatMaps.maps.joined().map(Float.init), shape: [words.count, size.height, size.width])
    expectClose(found, try MapViewsFixture.tensors().tensor(named: "daam.random.unclamped"), tolerance: 1e-6)
  }

  @Test(arguments: 0..<5) func bicubicAgreesWithPyTorch(_ index: Int) throws {
    let file = try MapViewsFixture.tensors()
    let old = try file.tensor(named: "bicubic.\(index).from")
    let new = try file.tensor(named: "bicubic.\(index).to")
    let values = Bicubic.resampled(
      old.values.map(Double.init), from: GridSize(height: old.shape[0], width: old.shape[1]),
      to: GridSize(height: new.shape[0], width: new.shape[1]))
    expectClose(try Tensor(values.map(Float.init), shape: new.shape), new, tolerance: 1e-6, "case \(index)")
  }

  /// A key that is the sum of three tokens counts as three, and choices differ by factors where nothing is clamped.
  @Test func tokensAndLayersAreAveragedOrSummed() throws {
    let grid = GridSize(height: 1, width: 2)
    func maps(_ definition: WordHeatMaps.Definition) throws -> [[Double]] {
      var heatMaps = WordHeatMaps(
        words: [WordHeatMaps.Word(keys: [0, 1], tokens: 4), WordHeatMaps.Word(keys: [1])], size: grid,
        definition: definition)
      try heatMaps.add([8, 4, 16, 4], on: grid, keyCount: 2, site: 0, head: 0, heads: 2)
      try heatMaps.add([0, 0, 8, 12], on: grid, keyCount: 2, site: 0, head: 1, heads: 2)
      try heatMaps.add([4, 2, 0, 2], on: grid, keyCount: 2, site: 1, head: nil, heads: 2)
      return heatMaps.maps
    }
    // Of four heads: 8 + 4 and 0 + 0, twice 4 + 2; 16 + 4 and 8 + 12, twice 0 + 2. Their means, over four tokens where those are averaged.
    #expect(try maps(.init()) == [[1.5, 2.75], [2, 5]])
    #expect(try maps(.init(sumsTokens: true)) == [[6, 11], [2, 5]])
    #expect(try maps(.init(sumsLayers: true)) == [[6, 11], [8, 20]])
  }

  @Test func mapsThatDoNotFitAreRefused() throws {
    var heatMaps = WordHeatMaps(words: [WordHeatMaps.Word(keys: [0, 3])], size: GridSize(height: 1, width: 2))
    let grid = GridSize(height: 1, width: 1)
    #expect(throws: ShapeError("WordHeatMaps", expected: "keys from 0 to 2", found: "3")) {
      try heatMaps.add([1, 2, 3], on: grid, keyCount: 3, site: 0, head: nil, heads: 1)
    }
    #expect(throws: ShapeError("WordHeatMaps", expected: "1 x 1 x 4 values", found: "3")) {
      try heatMaps.add([1, 2, 3], on: grid, keyCount: 4, site: 0, head: nil, heads: 1)
    }
    #expect(heatMaps.count == 0 && heatMaps.maps == [[0, 0]])
  }
}
