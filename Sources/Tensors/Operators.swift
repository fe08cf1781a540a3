import CEngine
import Foundation

/// Weights packed once, and what is computed with them: the owner of an operator of the engine.
///
/// `@unchecked Sendable`: the operator is reached only through `run`, under a lock, since it keeps prepared shapes.
final class PackedOperator: @unchecked Sendable {
  private let handle: OpaquePointer
  private let name: String
  private let lock = NSLock()

  init(name: String, make: (UnsafeMutablePointer<CChar>, Int) -> OpaquePointer?) throws {
    _ = InstructionSet.holdsLibraries
    var message = [CChar](repeating: 0, count: 512)
    guard let handle = make(&message, message.count) else {
      throw EngineError(operation: name, message: text(message))
    }
    self.handle = handle
    self.name = name
  }

  deinit { ce_destroy(handle) }

  func run(_ body: (OpaquePointer, UnsafeMutablePointer<CChar>, Int) -> Int32) throws {
    var message = [CChar](repeating: 0, count: 512)
    let status = lock.withLock { body(handle, &message, message.count) }
    guard status == 0 else { throw EngineError(operation: name, message: text(message)) }
  }
}

private func text(_ message: [CChar]) -> String {
  String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// `y = x weightT + bias` over the last axis.
public struct Linear: Sendable {
  public let inputs: Int
  public let outputs: Int
  private let name: String
  private let packed: PackedOperator

  /// - Parameters:
  ///   - name: the module path, for errors.
  ///   - weight: `[outputs, inputs]`.
  ///   - bias: `[outputs]`, or nil for none.
  /// - Throws: `ShapeError` if the shapes do not fit; `EngineError`.
  public init(_ name: String, weight: Tensor, bias: Tensor?, engine: Engine = .current) throws {
    guard weight.shape.count == 2 else {
      throw ShapeError(name, expected: "a weight [outputs, inputs]", found: weight.shape)
    }
    let (outputs, inputs) = (weight.shape[0], weight.shape[1])
    guard bias == nil || bias?.shape == [outputs] else {
      throw ShapeError(name, expected: "a bias [\(outputs)]", found: bias?.shape ?? [])
    }
    self.inputs = inputs
    self.outputs = outputs
    self.name = name
    packed = try weight.withUnsafeValues { w in
      try withOptionalValues(bias) { b in
        try PackedOperator(name: name) {
          ce_product_create(engine.backend.code, Int32(inputs), Int32(outputs), w.baseAddress, b, $0, $1)
        }
      }
    }
  }

  /// - Parameter x: `[..., inputs]`; the bits of an element of the first axis do not depend on its place there.
  /// - Returns: `[..., outputs]`.
  /// - Throws: `ShapeError`; `EngineError`.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    var y = Tensor(uninitialized: Array(x.shape.dropLast()) + [outputs])
    try run(x, into: &y, store: CE_OVERWRITE)
    return y
  }

  /// `y += x weightT + bias`: a residual connection without a pass of its own.
  /// - Throws: `ShapeError`; `EngineError`.
  public func add(_ x: Tensor, to y: inout Tensor) throws {
    guard y.shape == Array(x.shape.dropLast()) + [outputs] else {
      throw ShapeError(name, expected: "a sum of shape \(Array(x.shape.dropLast()) + [outputs])", found: y.shape)
    }
    try run(x, into: &y, store: CE_ADD)
  }

  private func run(_ x: Tensor, into y: inout Tensor, store: ce_store) throws {
    guard x.shape.last == inputs else { throw ShapeError(name, expected: "[..., \(inputs)]", found: x.shape) }
    guard x.count > 0 else { return }
    let batch = x.shape.count > 1 ? x.shape[0] : 1
    let rows = x.count / (batch * inputs)
    try x.withUnsafeValues { source in
      try y.withUnsafeMutableValues { destination in
        try packed.run {
          ce_product_run($0, Int32(batch), Int32(rows), source.baseAddress, destination.baseAddress, store, $1, $2)
        }
      }
    }
  }
}

/// A convolution over feature maps `[batch, height, width, channels]` with square kernels.
public struct Convolution: Sendable {
  public let inputs: Int
  public let outputs: Int
  private let name: String
  private let shape: ce_convolution_shape
  private let packed: PackedOperator

  /// - Parameters:
  ///   - name: the module path, for errors.
  ///   - weight: `[outputs, inputs, kernel, kernel]`, as PyTorch stores it.
  ///   - bias: `[outputs]`, or nil for none.
  ///   - stride: in cells of the input.
  ///   - padding: zeros before the first and after the last row, and likewise for columns.
  /// - Throws: `ShapeError` if the shapes do not fit; `EngineError`.
  public init(
    _ name: String, weight: Tensor, bias: Tensor?, stride: Int = 1, padding: (begin: Int, end: Int) = (0, 0),
    engine: Engine = .current
  ) throws {
    guard weight.shape.count == 4, weight.shape[2] == weight.shape[3] else {
      throw ShapeError(name, expected: "a weight [outputs, inputs, kernel, kernel]", found: weight.shape)
    }
    let outputs = weight.shape[0]
    guard bias == nil || bias?.shape == [outputs] else {
      throw ShapeError(name, expected: "a bias [\(outputs)]", found: bias?.shape ?? [])
    }
    self.inputs = weight.shape[1]
    self.outputs = outputs
    self.name = name
    var shape = ce_convolution_shape(
      in_channels: Int32(inputs), out_channels: Int32(outputs), kernel: Int32(weight.shape[2]),
      stride: Int32(stride), pad_begin: Int32(padding.begin), pad_end: Int32(padding.end))
    self.shape = shape
    packed = try weight.withUnsafeValues { w in
      try withOptionalValues(bias) { b in
        try PackedOperator(name: name) {
          ce_convolution_create(engine.backend.code, &shape, w.baseAddress, b, $0, $1)
        }
      }
    }
  }

  /// - Parameter x: `[batch, height, width, inputs]`.
  /// - Returns: `[batch, height', width', outputs]`.
  /// - Throws: `ShapeError`; `EngineError`.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    var y = Tensor(uninitialized: try outputShape(x))
    try run(x, into: &y, store: CE_OVERWRITE)
    return y
  }

  /// `y += convolution(x)`: a residual connection without a pass of its own.
  /// - Throws: `ShapeError`; `EngineError`.
  public func add(_ x: Tensor, to y: inout Tensor) throws {
    let shape = try outputShape(x)
    guard y.shape == shape else { throw ShapeError(name, expected: "a sum of shape \(shape)", found: y.shape) }
    try run(x, into: &y, store: CE_ADD)
  }

  private func outputShape(_ x: Tensor) throws -> [Int] {
    var shape = self.shape
    guard x.shape.count == 4, x.shape[3] == inputs else {
      throw ShapeError(name, expected: "[batch, height, width, \(inputs)]", found: x.shape)
    }
    let extents = x.shape[1...2].map { Int(ce_convolution_extent(&shape, Int32($0))) }
    guard extents.allSatisfy({ $0 > 0 }) else {
      throw ShapeError(name, expected: "a map at least as large as the kernel", found: x.shape)
    }
    return [x.shape[0]] + extents + [outputs]
  }

  private func run(_ x: Tensor, into y: inout Tensor, store: ce_store) throws {
    guard x.count > 0 else { return }
    try x.withUnsafeValues { source in
      try y.withUnsafeMutableValues { destination in
        try packed.run {
          ce_convolution_run(
            $0, Int32(x.shape[0]), Int32(x.shape[1]), Int32(x.shape[2]), source.baseAddress, destination.baseAddress,
            store, $1, $2)
        }
      }
    }
  }
}

/// The address of a tensor's values, or nil for no tensor.
private func withOptionalValues<R>(_ tensor: Tensor?, _ body: (UnsafePointer<Float>?) throws -> R) rethrows -> R {
  guard let tensor else { return try body(nil) }
  return try tensor.withUnsafeValues { try body($0.baseAddress) }
}
