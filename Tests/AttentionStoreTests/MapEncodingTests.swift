import Attention
import Foundation
import TestSupport
import Testing

@testable import AttentionStore

@Suite("Map encoding")
struct MapEncodingTests {
  /// The values around which rounding is decided: every half-precision number, the middle to the next, and the single
  /// precision numbers beside both.
  static let decisive: [Float] = (0...UInt16.max).flatMap { bits -> [Float] in
    let value = Float(Float16(bitPattern: bits))
    guard value.isFinite else { return [value] }
    let next = Float(Float16(bitPattern: bits).nextUp)
    let middle = next.isFinite ? (value + next) / 2 : value
    return [value, value.nextUp, value.nextDown, middle, middle.nextUp, middle.nextDown]
  }

  @Test("every half-precision number decodes to Swift's value and comes back as it was")
  func exhaustive() {
    let all = Array(UInt16.min...UInt16.max)
    let data = all.withUnsafeBytes { Data($0) }
    let values = MapType.float16.decode(data)
    #expect(values.count == 65536)
    var wrong: [UInt16] = []
    for (bits, value) in zip(all, values) {
      let expected = Float16(bitPattern: bits)
      let same = expected.isNaN ? value.isNaN : value.bitPattern == Float(expected).bitPattern
      if !same { wrong.append(bits) }
    }
    #expect(wrong.isEmpty)
    #expect(MapType.float16.encode(values) == data)
  }

  @Test("rounding is Swift's: to nearest, ties to even")
  func rounding() {
    var values = Self.decisive
    values += [65519.996, 65520, 65535, 65536, 1e9, 3e38, .infinity, 2.98e-8, 2.99e-8, 0x1p-140].flatMap { [$0, -$0] }
    let seed: UInt64 = 20_240_611
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<500_000 { values.append(Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))) }
    let data = MapType.float16.encode(values)
    let found = data.withUnsafeBytes { Array($0.bindMemory(to: UInt16.self)) }
    var wrong: [Float] = []
    for (value, bits) in zip(values, found) {
      let expected = Float16(value)
      let same = value.isNaN ? Float16(bitPattern: bits).isNaN : bits == expected.bitPattern
      if !same { wrong.append(value) }
    }
    #expect(found.count == values.count)
    #expect(wrong.isEmpty, "seed \(seed): \(wrong.count) values, the first \(wrong.prefix(3))")
  }

  @Test("the stated bounds of the rounding error hold for probabilities")
  func errorBounds() {
    for value in stride(from: Float(0), through: 1, by: 1e-5) {
      let back = floatOfHalf(halfBits(value))
      let bound = value >= 6.104e-5 ? value * 0x1p-11 : 0x1p-25
      #expect(abs(back - value) <= bound)
    }
  }

  @Test("bytes are little-endian", arguments: MapType.allCases)
  func bytes(type: MapType) {
    let expected: [UInt8] = type == .float32 ? [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0] : [0, 0x3c, 0, 0xc0]
    #expect(Array(type.encode([1, -2])) == expected)
  }

  @Test(
    "sizes round trip, and so does a slice that is not aligned", arguments: [0, 1, 2, 3, 7, 8, 15, 16, 17, 33, 1001])
  func sizes(count: Int) {
    let values = (0..<count).map { Float($0) / 1024 }
    for type in MapType.allCases {
      let data = type.encode(values)
      #expect(data.count == count * type.bytes)
      #expect(type.decode(data) == values)
      let shifted = (Data([7]) + data).dropFirst()
      #expect(type.decode(shifted) == values)
    }
  }

  @Test("float32 keeps every bit")
  func float32() {
    let values: [Float] = [
      0, -0.0, .leastNonzeroMagnitude, .leastNormalMagnitude, 0.1, .greatestFiniteMagnitude, .infinity,
    ]
    #expect(
      MapType.float32.decode(MapType.float32.encode(values)).map(\.bitPattern) == values.map(\.bitPattern))
  }
}
