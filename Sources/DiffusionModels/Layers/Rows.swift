import Tensors

extension Tensor {
  /// One row of each element: `[batch, size]` of `[batch, rows, size]`.
  /// - Parameter positions: which row, one an element.
  /// - Throws: `ShapeError` if there are not as many, or one is beyond the rows.
  package func rows(_ positions: [Int]) throws -> Tensor {
    guard shape.count == 3, positions.count == shape[0], positions.allSatisfy({ (0..<shape[1]).contains($0) }) else {
      throw ShapeError("rows", expected: "[\(positions.count), rows, size] with rows \(positions)", found: shape)
    }
    let (rows, size) = (shape[1], shape[2])
    var result = Tensor(uninitialized: [positions.count, size])
    withUnsafeValues { x in
      result.withUnsafeMutableValues { y in
        for (element, position) in positions.enumerated() {
          let start = (element * rows + position) * size
          _ = y[(element * size)...].update(fromContentsOf: x[start..<(start + size)])
        }
      }
    }
    return result
  }

  /// Each row, along the last axis, divided by its length; a row without length stays as it is.
  package func withRowsOfLengthOne() -> Tensor {
    var result = self
    let size = max(shape.last ?? 1, 1)
    result.withUnsafeMutableValues { values in
      for start in stride(from: 0, to: values.count, by: size) {
        let row = start..<(start + size)
        let length = Float(values[row].reduce(0) { $0 + Double($1) * Double($1) }.squareRoot())
        guard length > 0 else { continue }
        for i in row { values[i] /= length }
      }
    }
    return result
  }
}
