import Foundation
import Tensors
import TestSupport
import Testing

/// One seed of `Tests/Fixtures/randn.json`.
private struct Drawn: Decodable, CustomStringConvertible {
  let seed: Seed
  let shapes: [[Int]]
  let sequence: [[Int]]

  var description: String { "seed \(seed)" }

  static func all() throws -> [Drawn] {
    try Fixtures.json("randn", as: [Drawn].self)
  }
}

@Suite struct TorchGeneratorTests {
  /// Absolute, where `expectClose` is relative: a normal value has its own scale.
  private func expectEqual(_ found: Tensor, _ expected: Tensor, _ what: String) throws -> Double {
    let difference = try #require(Difference(found, expected), "\(what): shape \(found.shape)")
    // Below 16 values PyTorch works in double, and so do we: the same bits.
    let bound = found.count < 16 ? 0 : 5e-7
    #expect(difference.largest <= bound, "\(what): \(difference)")
    return difference.largest
  }

  @Test func equalsTorchFromAFreshGenerator() throws {
    let drawn = try Fixtures.safetensors("randn")
    var largest = 0.0
    for fixture in try Drawn.all() {
      for shape in fixture.shapes {
        var generator = TorchGenerator(seed: fixture.seed)
        let name = "\(fixture.seed).\(shape.map(String.init).joined(separator: "x"))"
        largest = max(largest, try expectEqual(generator.randn(shape), try drawn.tensor(named: name), name))
      }
    }
    print("TorchGenerator: largest difference from torch.randn \(largest)")
  }

  @Test func equalsTorchCallAfterCall() throws {
    let drawn = try Fixtures.safetensors("randn")
    for fixture in try Drawn.all() {
      var generator = TorchGenerator(seed: fixture.seed)
      for (n, shape) in fixture.sequence.enumerated() {
        let name = "\(fixture.seed).sequence.\(n)"
        _ = try expectEqual(generator.randn(shape), try drawn.tensor(named: name), name)
      }
    }
  }

  @Test func takesTheLow32BitsOfTheSeed() {
    var low = TorchGenerator(seed: 7)
    var high = TorchGenerator(seed: Seed(1 << 40 | 7))
    #expect(low.randn([5, 5]) == high.randn([5, 5]))
    var other = TorchGenerator(seed: 8)
    #expect(low.randn([5, 5]) != other.randn([5, 5]))
  }

  @Test(arguments: [0, 1, 3, 16, 17, 623, 2000]) func goesOnAfterBeingWrittenDown(drawnBefore: Int) throws {
    var generator = TorchGenerator(seed: 42)
    _ = generator.randn([drawnBefore])
    let written = try JSONEncoder().encode(generator)
    var restored = try JSONDecoder().decode(TorchGenerator.self, from: written)
    #expect(restored == generator)
    for shape in [[1], [64], [3]] { #expect(restored.randn(shape) == generator.randn(shape)) }
  }

  @Test func refusesAStateOfAnotherSize() throws {
    let error = #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(TorchGenerator.self, from: Data(#"{"engine":{"words":[1,2],"used":3}}"#.utf8))
    }
    guard case .dataCorrupted(let context) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(
      context.debugDescription
        == "a generator has 624 words and a place 0...624 in them; found 2 words and place 3")
  }
}
