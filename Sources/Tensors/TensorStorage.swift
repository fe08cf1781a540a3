import Foundation

/// The memory of tensors, aligned to a cache line.
///
/// `@unchecked Sendable`: it is written only through `Tensor.withUnsafeMutableValues`, which copies unless the tensor
/// holds the one reference.
final class TensorStorage: @unchecked Sendable {
  let buffer: UnsafeMutableBufferPointer<Float>
  var count: Int { buffer.count }

  init(count: Int) {
    let bytes = max(64, (count * MemoryLayout<Float>.stride + 63) / 64 * 64)
    guard let base = aligned_alloc(64, bytes) else { fatalError("out of memory: a tensor of \(bytes) bytes") }
    buffer = UnsafeMutableBufferPointer(start: base.bindMemory(to: Float.self, capacity: max(count, 1)), count: count)
  }

  convenience init(copying other: TensorStorage) {
    self.init(count: other.count)
    if let source = other.buffer.baseAddress { buffer.baseAddress?.update(from: source, count: count) }
  }

  deinit { free(buffer.baseAddress) }
}
