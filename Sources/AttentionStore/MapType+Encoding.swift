import Attention
import Foundation
import Tensors

extension MapType {
  /// The `dtype` of `attention_map`.
  var column: String {
    switch self {
    case .float32: "float32"
    case .float16: "float16"
    }
  }

  /// The values as little-endian bytes.
  /// - Returns: `values.count * bytes` bytes.
  public func encode(_ values: UnsafeBufferPointer<Float>) -> Data {
    var data = Data(count: values.count * bytes)
    data.withUnsafeMutableBytes { encode(values, into: $0) }
    return data
  }

  /// The values as little-endian bytes.
  public func encode(_ values: [Float]) -> Data {
    values.withUnsafeBufferPointer(encode)
  }

  /// Writes the values as little-endian bytes into memory of the caller's.
  /// - Parameter target: `values.count * bytes` bytes, aligned to `bytes`.
  public func encode(_ values: UnsafeBufferPointer<Float>, into target: UnsafeMutableRawBufferPointer) {
    precondition(target.count == values.count * bytes, "MapType: the target does not fit the values")
    switch self {
    case .float32:
      let words = target.bindMemory(to: UInt32.self)
      for i in values.indices { words[i] = values[i].bitPattern.littleEndian }
    case .float16:
      let words = target.bindMemory(to: UInt16.self)
      for i in values.indices { words[i] = halfBits(values[i]).littleEndian }
    }
  }

  /// The maps of the heads of one site, each as its row holds it; encoded when they are asked for.
  /// - Parameter values: `[heads, height, width, keys]`, or without the first axis of one head.
  package func encodedRows(_ values: Tensor, heads: Int) -> some Sequence<Data> {
    let size = values.count / heads
    return (0..<heads).lazy.map { head in
      values.withUnsafeValues { encode(UnsafeBufferPointer(rebasing: $0[(head * size)..<((head + 1) * size)])) }
    }
  }

  /// The values of little-endian bytes.
  /// - Returns: `data.count / bytes` values; a part of a value at the end is left out.
  public func decode(_ data: Data) -> [Float] {
    let count = data.count / bytes
    return data.withUnsafeBytes { source in
      [Float](unsafeUninitializedCapacity: count) { target, initialized in
        switch self {
        case .float32:
          for i in 0..<count {
            let word = source.loadUnaligned(fromByteOffset: 4 * i, as: UInt32.self)
            target.initializeElement(at: i, to: Float(bitPattern: UInt32(littleEndian: word)))
          }
        case .float16:
          for i in 0..<count {
            let word = source.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self)
            target.initializeElement(at: i, to: floatOfHalf(UInt16(littleEndian: word)))
          }
        }
        initialized = count
      }
    }
  }
}

/// The bits of the half-precision number nearest to `value`, ties to even. NaN keeps the top of its payload.
///
/// Swift's `Float16` gives the same bits, through a call for every value where the build targets plain x86-64; this is
/// arithmetic and selection alone, which the compiler turns into vector instructions.
@inline(__always)
func halfBits(_ value: Float) -> UInt16 {
  let magnitude = value.bitPattern & 0x7fff_ffff
  let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000

  // The exponent's bias goes from 127 to 15; adding half a unit less one, and the last kept bit, rounds to even.
  let normal = (magnitude &- 0x3800_0000 &+ 0xfff &+ ((magnitude >> 13) & 1)) >> 13
  // The unit in the last place of 0.5 is 2^-24, the smallest half: the addition itself rounds to even.
  let subnormal = (Float(bitPattern: magnitude) + 0.5).bitPattern &- 0x3f00_0000
  // A payload whose top bits are all zero would turn NaN into infinity.
  let payload = (magnitude >> 13) & 0x3ff
  let nan = 0x7c00 | (payload == 0 ? 0x200 : payload)

  var bits = magnitude < 0x3880_0000 ? subnormal : normal
  bits = magnitude >= 0x4780_0000 ? 0x7c00 : bits
  bits = magnitude > 0x7f80_0000 ? nan : bits
  return sign | UInt16(truncatingIfNeeded: bits)
}

/// The value of a half-precision number; every one is exact.
@inline(__always)
func floatOfHalf(_ bits: UInt16) -> Float {
  let sign = UInt32(bits & 0x8000) << 16
  let magnitude = UInt32(bits & 0x7fff) << 13
  let exponent = magnitude & 0x0f80_0000

  let normal = magnitude &+ 0x3800_0000
  // Subnormal: put under the exponent of 2^-14 as if it had a leading one, which is taken off again.
  let subnormal = (Float(bitPattern: magnitude &+ 0x3880_0000) - Float(bitPattern: 0x3880_0000)).bitPattern
  // Infinity and NaN: the exponent becomes 255.
  let special = magnitude &+ 0x7000_0000

  var word = exponent == 0 ? subnormal : normal
  word = exponent == 0x0f80_0000 ? special : word
  return Float(bitPattern: sign | word)
}
