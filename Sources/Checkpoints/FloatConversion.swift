/// Little-endian elements of any alignment to float32.
///
/// Plain loops over raw memory: they vectorise in a release build, and cost little in a debug build.
enum FloatConversion {
  /// - Precondition: `source` holds `destination.count` elements of `dtype`, which is one of the float types.
  static func convert(
    _ source: UnsafeRawBufferPointer, dtype: SafetensorsDtype, into destination: UnsafeMutableBufferPointer<Float>
  ) {
    let count = destination.count
    precondition(source.count == count * dtype.byteCount, "\(source.count) bytes are not \(count) of \(dtype)")
    guard count > 0, let input = source.baseAddress, let output = destination.baseAddress else { return }
    var i = 0
    switch dtype {
    case .float32:
      UnsafeMutableRawPointer(output).copyMemory(from: input, byteCount: source.count)
    case .float16:
      while i < count {
        output[i] = float(half: UInt32(input.loadUnaligned(fromByteOffset: i &* 2, as: UInt16.self)))
        i &+= 1
      }
    case .bfloat16:
      while i < count {
        let bits = UInt32(input.loadUnaligned(fromByteOffset: i &* 2, as: UInt16.self))
        output[i] = Float(bitPattern: bits &<< 16)
        i &+= 1
      }
    case .float64:
      while i < count {
        output[i] = Float(input.loadUnaligned(fromByteOffset: i &* 8, as: Double.self))
        i &+= 1
      }
    default:
      preconditionFailure("\(dtype) is not a float type")
    }
  }

  /// IEEE 754 binary16 to binary32, exact for every value.
  ///
  /// The bits of the magnitude, moved to float32's places, read as the value times 2^-112, since the exponents' biases
  /// are 15 and 127; the product is exact also for halves below the normal range. Infinity and NaN keep their fraction.
  @inline(__always)
  static func float(half: UInt32) -> Float {
    let magnitude = (half & 0x7FFF) &<< 13
    let scaled = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
    let special: UInt32 = magnitude >= 0x0F80_0000 ? 0x7F80_0000 : 0
    return Float(bitPattern: scaled | special | (half & 0x8000) &<< 16)
  }
}
