import Foundation

/// The memory of tensors, aligned to a cache line, taken from a pool of what earlier tensors gave back.
///
/// `@unchecked Sendable`: it is written only through `Tensor.withUnsafeMutableValues`, which copies unless the tensor
/// holds the one reference.
final class TensorStorage: @unchecked Sendable {
  let buffer: UnsafeMutableBufferPointer<Float>
  var count: Int { buffer.count }

  init(count: Int) {
    let base = TensorMemory.shared.take(bytes: count * MemoryLayout<Float>.stride)
    buffer = UnsafeMutableBufferPointer(start: base.bindMemory(to: Float.self, capacity: max(count, 1)), count: count)
  }

  convenience init(copying other: TensorStorage) {
    self.init(count: other.count)
    if let source = other.buffer.baseAddress { buffer.baseAddress?.update(from: source, count: count) }
  }

  deinit {
    if let base = buffer.baseAddress {
      TensorMemory.shared.give(back: base, bytes: count * MemoryLayout<Float>.stride)
    }
  }
}

/// Blocks that tensors gave back, kept for the next of the same size: a denoising step asks for the same sizes again and
/// again, and fresh pages from the system cost more than most kernels.
///
/// `@unchecked Sendable`: the lock guards all of its state.
package final class TensorMemory: @unchecked Sendable {
  static let shared = TensorMemory()

  /// Bytes kept for reuse at most; beyond it blocks go back to the system.
  private static let keptAtMost = 1 << 30

  private let lock = NSLock()
  private var blocks: [Int: [UnsafeMutableRawPointer]] = [:]
  private var kept = 0

  private static func rounded(_ bytes: Int) -> Int { max(64, (bytes + 63) / 64 * 64) }

  func take(bytes: Int) -> UnsafeMutableRawPointer {
    let size = Self.rounded(bytes)
    let reused = lock.withLock {
      let block = blocks[size]?.popLast()
      if block != nil { kept -= size }
      return block
    }
    if let reused { return reused }
    guard let fresh = aligned_alloc(64, size) else { fatalError("out of memory: a tensor of \(size) bytes") }
    return fresh
  }

  /// Gives what is kept to the system: blocks of one batch's sizes are of no use to another one.
  package static func releaseKept() {
    let all = shared.lock.withLock {
      defer { (shared.blocks, shared.kept) = ([:], 0) }
      return shared.blocks.values.flatMap { $0 }
    }
    for block in all { free(block) }
  }

  func give(back block: UnsafeMutableRawPointer, bytes: Int) {
    let size = Self.rounded(bytes)
    let keeps = lock.withLock {
      guard kept + size <= Self.keptAtMost else { return false }
      kept += size
      blocks[size, default: []].append(block)
      return true
    }
    if !keeps { free(block) }
  }
}
