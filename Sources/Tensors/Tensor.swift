/// Values in float32, contiguous in row-major order, with value semantics: a copy shares storage until one is written.
///
/// Feature maps are NHWC, `[batch, height, width, channels]`, so that a feature map and a token sequence
/// `[batch, height * width, channels]` are the same memory.
public struct Tensor: Sendable {
  /// The size along each axis; `[]` is a single value. No size is negative.
  public private(set) var shape: [Int]
  private var storage: TensorStorage

  /// The number of values: the product of the sizes.
  public var count: Int { storage.count }

  /// Zeros of a shape.
  public init(zeros shape: [Int]) {
    self.init(uninitialized: shape)
    withUnsafeMutableValues { $0.update(repeating: 0) }
  }

  /// Storage of a shape whose values are whatever was in memory: for results that are written whole.
  public init(uninitialized shape: [Int]) {
    precondition(shape.allSatisfy { $0 >= 0 }, "a tensor's sizes are not negative: \(shape)")
    self.shape = shape
    self.storage = TensorStorage(count: shape.reduce(1, *))
  }

  /// Values in row-major order.
  /// - Throws: `ShapeError` if their number is not the product of the sizes.
  public init(_ values: [Float], shape: [Int]) throws {
    guard values.count == shape.reduce(1, *) else {
      throw ShapeError("Tensor", expected: "\(shape.reduce(1, *)) values for \(shape)", found: "\(values.count)")
    }
    self.init(uninitialized: shape)
    withUnsafeMutableValues { destination in
      _ = destination.update(fromContentsOf: values)
    }
  }

  /// The same values under another shape of the same number of values.
  /// - Throws: `ShapeError` if the number of values differs.
  public func reshaped(_ shape: [Int]) throws -> Tensor {
    guard shape.reduce(1, *) == count else {
      throw ShapeError("reshape", expected: "\(count) values", found: shape)
    }
    var copy = self
    copy.shape = shape
    return copy
  }

  /// All values in row-major order.
  public var values: [Float] { withUnsafeValues { Array($0) } }

  /// Reads the values in place.
  public func withUnsafeValues<R, E: Error>(_ body: (UnsafeBufferPointer<Float>) throws(E) -> R) throws(E) -> R {
    try body(UnsafeBufferPointer(storage.buffer))
  }

  /// Writes the values in place, after taking a copy if the storage is shared.
  public mutating func withUnsafeMutableValues<R, E: Error>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws(E) -> R
  ) throws(E) -> R {
    if !isKnownUniquelyReferenced(&storage) { storage = TensorStorage(copying: storage) }
    return try body(storage.buffer)
  }
}

extension Tensor: Equatable {
  /// Same shape and same bits, except that -0 equals 0 and NaN equals nothing.
  public static func == (a: Tensor, b: Tensor) -> Bool {
    a.shape == b.shape
      && a.withUnsafeValues { x in b.withUnsafeValues { y in x.elementsEqual(y) } }
  }
}
