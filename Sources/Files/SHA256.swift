import CSHA256
import Foundation

/// SHA-256 of bytes that come in pieces (FIPS 180-4).
///
/// Where the processor has instructions for it, a core takes in more than 1 GB a second; elsewhere about 200 MB.
public struct SHA256: Sendable {
  private static let blockSize = 64
  private static let isAccelerated: Int32 = csha256_is_accelerated()

  private var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]
  /// The beginning of a block.
  private var rest: [UInt8] = []
  /// Bytes taken in so far.
  private var count: UInt64 = 0
  private let accelerated: Int32

  public init() { self.init(accelerated: true) }

  /// - Parameter accelerated: whether the processor's instructions are used where it has them; the result is the same.
  init(accelerated: Bool) { self.accelerated = accelerated ? Self.isAccelerated : 0 }

  /// Takes in more bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    count += UInt64(bytes.count)
    var bytes = bytes[...]
    if !rest.isEmpty {
      let missing = min(Self.blockSize - rest.count, bytes.count)
      rest += bytes.prefix(missing)
      bytes = bytes.dropFirst(missing)
      guard rest.count == Self.blockSize else { return }
      rest.withUnsafeBytes { take($0[...]) }
      rest = []
    }
    let whole = bytes.count / Self.blockSize * Self.blockSize
    take(bytes.prefix(whole))
    rest = Array(bytes.dropFirst(whole))
  }

  public mutating func update(_ data: Data) { data.withUnsafeBytes { update($0) } }

  /// The hash of all bytes that were taken in, as 64 hexadecimal digits.
  public func finish() -> String {
    var last = self
    // A one, zeros to the end of a block, and the number of bits in its last eight bytes.
    var padding: [UInt8] = [0x80]
    while (rest.count + padding.count) % Self.blockSize != Self.blockSize - 8 { padding.append(0) }
    padding += withUnsafeBytes(of: (count * 8).bigEndian, Array.init)
    padding.withUnsafeBytes { last.update($0) }
    return last.state.map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
  }

  /// The hash of some bytes, as 64 hexadecimal digits.
  public static func hash(_ data: Data) -> String {
    var hasher = SHA256()
    hasher.update(data)
    return hasher.finish()
  }

  /// - Parameter blocks: whole ones.
  private mutating func take(_ blocks: Slice<UnsafeRawBufferPointer>) {
    let bytes = UnsafeRawBufferPointer(rebasing: blocks)
    guard let start = bytes.bindMemory(to: UInt8.self).baseAddress else { return }
    csha256_blocks(accelerated, &state, start, bytes.count / Self.blockSize)
  }
}

/// The SHA-256 of some bytes, as 64 hexadecimal digits.
package func sha256(_ data: Data) -> String { SHA256.hash(data) }
