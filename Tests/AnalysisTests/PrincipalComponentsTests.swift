import Tensors
import TestSupport
import Testing

@testable import Analysis

/// Principal components against NumPy's singular values, within 1e-4 of the largest score, up to the sign.
@Suite struct PrincipalComponentsTests {
  @Test(arguments: ["layout", "real", "few"]) func agreeWithNumPy(_ name: String) throws {
    let maps =
      switch name {
      case "layout": try MapViewsFixture.tensors().tensor(named: "layout.other")
      case "real": try Fixtures.safetensors("maps").tensor(named: "10.self.5")
      default: try Fixtures.safetensors("maps").tensor(named: "0.self.7")
      }
    var components = PrincipalComponents(rows: maps.shape[1])
    for head in maps.parts { try components.add(head) }
    #expect(components.columns == maps.shape[0] * maps.shape[2])
    let found = try components.components(3)
    let expected = try MapViewsFixture.tensors().tensor(named: "components.\(name)")
    let shares = try #require(try MapViewsFixture.numbers().components[name])
    for (index, component) in found.enumerated() {
      let reference = expected.parts[index]
      let sign = zip(component.scores, reference).reduce(0) { $0 + $1.0 * Double($1.1) } < 0 ? -1.0 : 1
      expectClose(
        try Tensor(component.scores.map { Float(sign * $0) }, shape: [reference.count]),
        try Tensor(reference, shape: [reference.count]), tolerance: 1e-5, "\(name), component \(index)")
      #expect(abs(component.share - shares[index]) < 1e-7, "\(component.share), expected \(shares[index])")
      let top = try #require(component.scores.max { abs($0) < abs($1) })
      #expect(top > 0)
    }
    #expect(found.count == 3)
  }

  @Test func blocksOfColumnsAreOneMatrix() throws {
    let seed: UInt64 = 7
    var generator = SeededGenerator(seed: seed)
    let values = (0..<(5 * 700)).map { _ in Float.random(in: 0...1, using: &generator) }
    var whole = PrincipalComponents(rows: 5)
    try whole.add(values)
    var parts = PrincipalComponents(rows: 5)
    for start in [0, 1, 300] {
      let end = [0: 1, 1: 300, 300: 700][start] ?? 0
      try parts.add((0..<5).flatMap { values[($0 * 700 + start)..<($0 * 700 + end)] })
    }
    for (a, b) in zip(try whole.components(3), try parts.components(3)) {
      for (x, y) in zip(a.scores, b.scores) { #expect(abs(x - y) < 1e-9, "seed \(seed)") }
    }
  }

  @Test func fewOrEqualRows() throws {
    var one = PrincipalComponents(rows: 1)
    try one.add([1, 2, 3])
    #expect(try one.components(3).map(\.scores) == [[0]])
    var equal = PrincipalComponents(rows: 3)
    try equal.add([0.1, 0.7, 0.1, 0.7, 0.1, 0.7])
    #expect(try equal.components(3).allSatisfy { $0.scores.allSatisfy { $0 == 0 } && $0.share == 0 })
  }

  @Test func whatCannotBeUsedIsRefused() throws {
    var components = PrincipalComponents(rows: 2)
    #expect(throws: ShapeError.self) { try components.add([1, 2, 3]) }
    try components.add([1, .nan])
    #expect(throws: LinearAlgebraError.self) { _ = try components.components(1) }
  }
}
