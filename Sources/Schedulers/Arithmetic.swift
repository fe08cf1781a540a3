import Tensors

// Elementwise arithmetic, so that a step reads like its formula and rounds after each operation, as PyTorch does.
// Shapes are checked by the step before it begins.

private func combine(_ a: Tensor, _ b: Tensor, _ operation: (Float, Float) -> Float) -> Tensor {
  precondition(a.shape == b.shape, "a step's tensors have one shape: \(a.shape), \(b.shape)")
  var result = Tensor(uninitialized: a.shape)
  result.withUnsafeMutableValues { out in
    a.withUnsafeValues { x in
      b.withUnsafeValues { y in
        for i in out.indices { out[i] = operation(x[i], y[i]) }
      }
    }
  }
  return result
}

extension Tensor {
  func mapped(_ operation: (Float) -> Float) -> Tensor {
    var result = self
    result.withUnsafeMutableValues { values in
      for i in values.indices { values[i] = operation(values[i]) }
    }
    return result
  }

  /// Each value, cut to `-limit...limit`.
  func clamped(to limit: Float) -> Tensor { mapped { min(max($0, -limit), limit) } }

  static func + (a: Tensor, b: Tensor) -> Tensor { combine(a, b, +) }
  static func - (a: Tensor, b: Tensor) -> Tensor { combine(a, b, -) }
  static func * (a: Float, b: Tensor) -> Tensor { b.mapped { a * $0 } }
  static func / (a: Tensor, b: Float) -> Tensor { a.mapped { $0 / b } }
}
