// Elementwise arithmetic, so that a step reads like its formula and rounds after each operation, as PyTorch does.
// The caller has checked shapes.

private func combine(_ a: Tensor, _ b: Tensor, _ operation: (Float, Float) -> Float) -> Tensor {
  precondition(a.shape == b.shape, "tensors of one shape: \(a.shape), \(b.shape)")
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
  private func mapped(_ operation: (Float) -> Float) -> Tensor {
    var result = self
    result.withUnsafeMutableValues { values in
      for i in values.indices { values[i] = operation(values[i]) }
    }
    return result
  }

  /// Each value, cut to `-limit...limit`.
  package func clamped(to limit: Float) -> Tensor { mapped { min(max($0, -limit), limit) } }

  package static func + (a: Tensor, b: Tensor) -> Tensor { combine(a, b, +) }
  package static func - (a: Tensor, b: Tensor) -> Tensor { combine(a, b, -) }
  package static func * (a: Float, b: Tensor) -> Tensor { b.mapped { a * $0 } }
  package static func / (a: Tensor, b: Float) -> Tensor { a.mapped { $0 / b } }
}
