import Foundation

/// The random numbers of PyTorch's CPU generator, so that a seed means the same picture as in diffusers.
///
/// `TorchGenerator(seed: s).randn(shape)` equals `torch.randn(shape, generator=torch.Generator("cpu").manual_seed(s))`
/// within 5e-7: the integers behind the numbers are the same, and only the last bit of logarithm, sine and cosine
/// differs. The largest difference measured against torch 2.15 (AVX-512), over the shapes and seeds of
/// `Tests/Fixtures/randn.safetensors`, is 3.6e-7 for 16 values or more and 0 below.
///
/// Encode a generator to write down where it stands; the decoded one goes on with the same numbers.
///
/// - Source: PyTorch 2.x, `aten/src/ATen/native/cpu/DistributionTemplates.h` (`normal_fill`),
///   `aten/src/ATen/core/DistributionsHelper.h` (`normal_distribution`), `aten/src/ATen/core/MT19937RNGEngine.h`.
public struct TorchGenerator: Hashable, Codable, Sendable {
  private var engine: MersenneTwister
  /// The second of a pair made for a tensor of fewer than 16 values, which waits for the next such tensor.
  private var waiting: Double?

  /// - Parameter seed: As for `manual_seed`. The engine takes its low 32 bits alone, so seeds that differ by a multiple
  ///   of 2^32 give the same numbers, in PyTorch too.
  public init(seed: Seed) {
    engine = MersenneTwister(seed: UInt32(truncatingIfNeeded: seed.value))
  }

  /// Values of the standard normal distribution; the generator moves on.
  ///
  /// PyTorch has two ways, and which one it takes depends on the number of values: below 16 one after the other in
  /// double precision, from 16 on in groups of 16 in single precision.
  public mutating func randn(_ shape: [Int]) -> Tensor {
    var tensor = Tensor(uninitialized: shape)
    tensor.withUnsafeMutableValues { values in
      if values.count < 16 {
        for i in values.indices { values[i] = Float(nextNormal()) }
      } else {
        fillInGroups(values)
      }
    }
    return tensor
  }

  /// Values of the uniform distribution on `-bound..<bound`; the generator moves on.
  ///
  /// Equals `torch.empty(shape).uniform_(-bound, bound, generator=...)` within a unit in the last place of `bound`.
  public mutating func uniform(_ shape: [Int], bound: Float) -> Tensor {
    var tensor = Tensor(uninitialized: shape)
    tensor.withUnsafeMutableValues { values in
      for i in values.indices { values[i] = nextUniform24() * (2 * bound) - bound }
    }
    return tensor
  }

  /// Box and Muller's pair in double precision: the cosine now, the sine kept for the next call.
  private mutating func nextNormal() -> Double {
    if let second = waiting {
      waiting = nil
      return second
    }
    let angle = 2 * Double.pi * nextUniform53()
    let radius = (-2 * log1p(-nextUniform53())).squareRoot()
    waiting = radius * sin(angle)
    return radius * cos(angle)
  }

  /// All uniform numbers first, then groups of 16; a remainder is covered by drawing the last 16 values anew.
  private mutating func fillInGroups(_ values: UnsafeMutableBufferPointer<Float>) {
    for i in values.indices { values[i] = nextUniform24() }
    for start in stride(from: 0, through: values.count - 16, by: 16) { Self.transformGroup(values, at: start) }
    if values.count % 16 != 0 {
      let start = values.count - 16
      for i in start..<values.count { values[i] = nextUniform24() }
      Self.transformGroup(values, at: start)
    }
  }

  /// Turns 16 uniform numbers into 16 normal ones in place: number j gives the radius and j + 8 the angle of the pair
  /// that replaces both.
  private static func transformGroup(_ values: UnsafeMutableBufferPointer<Float>, at start: Int) {
    // Not 2 * Float.pi, which Swift rounds towards zero.
    let twoPi = Float(2 * Double.pi)
    for j in start..<start + 8 {
      // PyTorch rounds the angle and the logarithm to float32. An angle in double would be up to 1.4e-6 away.
      let radius = (-2 * Float(log(Double(1 - values[j])))).squareRoot()
      let angle = Double(twoPi * values[j + 8])
      values[j] = radius * Float(cos(angle))
      values[j + 8] = radius * Float(sin(angle))
    }
  }

  /// A multiple of 2^-24 in 0..<1, from one word.
  private mutating func nextUniform24() -> Float {
    Float(engine.next() & 0xff_ffff) * 0x1p-24
  }

  /// A multiple of 2^-53 in 0..<1, from two words, the high one first.
  private mutating func nextUniform53() -> Double {
    let high = UInt64(engine.next())
    let low = UInt64(engine.next())
    let bits: UInt64 = (high << 32 | low) & 0x1f_ffff_ffff_ffff
    return Double(bits) * 0x1p-53
  }
}

/// MT19937, the Mersenne Twister of 32-bit words.
///
/// - Source: Matsumoto and Nishimura 1998, with the seeding by one word of their 2002 revision.
struct MersenneTwister: Hashable, Codable, Sendable {
  private static let size = 624
  private static let shift = 397

  private var words: [UInt32]
  /// How many of `words` have been given out; `size` when all have.
  private var used: Int

  init(seed: UInt32) {
    words = [seed]
    words.reserveCapacity(Self.size)
    for i in 1..<Self.size {
      let last = words[i - 1]
      words.append(1_812_433_253 &* (last ^ last >> 30) &+ UInt32(i))
    }
    used = Self.size
  }

  mutating func next() -> UInt32 {
    if used == Self.size { twist() }
    var y = words[used]
    used += 1
    y ^= y >> 11
    y ^= y << 7 & 0x9d2c_5680
    y ^= y << 15 & 0xefc6_0000
    return y ^ y >> 18
  }

  /// Replaces all words by the next ones. Each depends on words ahead of it, the last ones on new words.
  private mutating func twist() {
    for i in 0..<Self.size {
      let joined = words[i] & 0x8000_0000 | words[(i + 1) % Self.size] & 0x7fff_ffff
      let odd: UInt32 = joined & 1 == 0 ? 0 : 0x9908_b0df
      words[i] = words[(i + Self.shift) % Self.size] ^ joined >> 1 ^ odd
    }
    used = 0
  }
}

extension MersenneTwister {
  private enum CodingKeys: String, CodingKey {
    case words, used
  }

  /// - Throws: `DecodingError` if what was written is not a state of this generator.
  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    words = try container.decode([UInt32].self, forKey: .words)
    used = try container.decode(Int.self, forKey: .used)
    guard words.count == Self.size, (0...Self.size).contains(used) else {
      throw DecodingError.dataCorruptedError(
        forKey: .words, in: container,
        debugDescription: "a generator has \(Self.size) words and a place 0...\(Self.size) in them; "
          + "found \(words.count) words and place \(used)")
    }
  }
}
