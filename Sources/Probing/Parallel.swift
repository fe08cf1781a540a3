import COpenBLAS
import Dispatch

/// Work in pieces that know nothing of one another, on all cores.
package enum Parallel {
  /// OpenBLAS computes each piece on one thread, as it does beside the models: one pool, and sums in one order whatever the
  /// number of cores.
  static let oneThreadEach: Void = openblas_set_num_threads(1)

  /// What a function makes of `0 ..< count`, in order.
  /// - Throws: what the first piece that fails throws.
  package static func map<Value: Sendable>(
    _ count: Int, _ body: @Sendable (Int) throws -> Value
  ) throws -> [Value] {
    _ = oneThreadEach
    let results = UnsafeMutableBufferPointer<Result<Value, any Error>?>.allocate(capacity: count)
    results.initialize(repeating: nil)
    defer {
      results.deinitialize()
      results.deallocate()
    }
    // Each piece writes a place of its own, and all have ended before any is read.
    nonisolated(unsafe) let places = results
    DispatchQueue.concurrentPerform(iterations: count) { index in
      places[index] = Result { try body(index) }
    }
    return try results.compactMap { try $0?.get() }
  }
}
