import Foundation
import Tensors
import Testing

/// How far a tensor lies from the one it should equal: the largest difference over the largest value of the expected.
public struct Difference: CustomStringConvertible {
  public let relative: Double
  public let largest: Double
  public let index: [Int]
  public let shape: [Int]

  /// - Returns: nil if the shapes differ.
  public init?(_ found: Tensor, _ expected: Tensor) {
    guard found.shape == expected.shape else { return nil }
    var largest = 0.0
    var scale = 0.0
    var place = 0
    let a = found.values
    let b = expected.values
    for i in a.indices {
      let difference = a[i] == b[i] ? 0 : abs(Double(a[i]) - Double(b[i]))
      // NaN compares false with everything: it must count as the largest difference, not as none.
      if !(difference <= largest) {
        largest = difference.isNaN ? .infinity : difference
        place = i
      }
      scale = max(scale, abs(Double(b[i])))
    }
    self.largest = largest
    relative = largest == 0 ? 0 : largest / scale
    shape = found.shape
    var rest = place
    index = found.shape.reversed().map { size in
      // An empty tensor has no place of its own.
      defer { rest /= max(size, 1) }
      return rest % max(size, 1)
    }.reversed()
  }

  public var description: String {
    "shape \(shape), largest difference \(largest) at \(index), relative \(relative)"
  }
}

/// Whether a result keeps its bits wherever in a batch it stands, beside whatever.
///
/// OpenBLAS adds up every row of a product in one order, and oneDNN does with AVX-512. With AVX2 the order in which oneDNN
/// adds up a row depends on where the row stands: equal elements of a batch agree to rounding then.
public func keepsBitsInABatch(_ engine: Engine = .current) -> Bool {
  engine.backend != .oneDNN || InstructionSet.best == .avx512
}

/// Records an issue unless two elements of batches, which were made of the same input, are equal: to the bit where the engine
/// keeps the bits, else within `tolerance` as `expectClose`.
public func expectSameInABatch(
  _ found: Tensor, _ expected: Tensor, engine: Engine = .current, tolerance: Double, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  if keepsBitsInABatch(engine) {
    #expect(found == expected, "\(what)", sourceLocation: sourceLocation)
  } else {
    expectClose(found, expected, tolerance: tolerance, what, sourceLocation: sourceLocation)
  }
}

/// Records an issue unless `found` equals `expected` within `tolerance`, as largest difference over largest value.
///
/// With `ATTNLAB_PRINT_DIFFERENCES` set it also prints the difference, so that what was measured can be reported.
public func expectClose(
  _ found: Tensor, _ expected: Tensor, tolerance: Double, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard let difference = Difference(found, expected) else {
    Issue.record("\(what): shape \(found.shape), expected \(expected.shape)", sourceLocation: sourceLocation)
    return
  }
  if ProcessInfo.processInfo.environment["ATTNLAB_PRINT_DIFFERENCES"] != nil {
    print("difference \(what): \(difference.relative), at most \(tolerance)")
  }
  #expect(difference.relative <= tolerance, "\(what): \(difference)", sourceLocation: sourceLocation)
}
