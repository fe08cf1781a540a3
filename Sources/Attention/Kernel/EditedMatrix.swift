import CKernels
import Tensors

/// A matrix inside a tensor that an edit changes: rows `stride` floats apart.
struct EditedMatrix {
  let values: UnsafeMutablePointer<Float>
  let rows: Int
  let columns: Int
  let stride: Int
  /// Rows as a grid, for what looks at neighbors.
  let height: Int
  let width: Int
  /// Whether tokens are the rows (keys, values) or the columns (maps).
  let tokensAreRows: Bool

  /// Applies a change; the mean of all heads is not one matrix's.
  ///
  /// - Parameters:
  ///   - sources: those of the edit, `sourceStride` floats from row to row.
  func apply(_ edit: AttentionEdit, sources: [UnsafePointer<Float>], sourceStride: Int, keys: Int) {
    guard let first = sources.first else { return apply(edit, source: nil, sourceStride: sourceStride, keys: keys) }
    guard sources.count > 1 || edit.alignment != nil else {
      return apply(edit, source: first, sourceStride: sourceStride, keys: keys)
    }
    var one =
      sources.count == 1 ? nil : mean(sources, stride: sourceStride)
    if let alignment = edit.alignment {
      let stride = one == nil ? sourceStride : columns
      let aligned = { (source: UnsafePointer<Float>) in
        alignment.aligned(
          source, rows: rows, columns: columns, stride: stride, tokensAreRows: tokensAreRows,
          keepsSum: edit.place == .probabilities)
      }
      one = one.map { $0.withUnsafeValues { $0.baseAddress.map(aligned) ?? Tensor(zeros: [0]) } } ?? aligned(first)
    }
    one?.withUnsafeValues { apply(edit, source: $0.baseAddress, sourceStride: columns, keys: keys) }
  }

  /// `[rows, columns]`
  private func mean(_ sources: [UnsafePointer<Float>], stride: Int) -> Tensor {
    var mean = Tensor(zeros: [rows, columns])
    let share = 1 / Float(sources.count)
    mean.withUnsafeMutableValues { values in
      for row in 0..<rows {
        for source in sources {
          for column in 0..<columns { values[row * columns + column] += source[row * stride + column] }
        }
        for column in 0..<columns { values[row * columns + column] *= share }
      }
    }
    return mean
  }

  private func apply(_ edit: AttentionEdit, source: UnsafePointer<Float>?, sourceStride: Int, keys: Int) {
    let tokenMask = edit.tokens.map { tokens in
      var mask = [UInt8](repeating: 0, count: tokensAreRows ? rows : columns)
      for token in tokens where mask.indices.contains(token) { mask[token] = 1 }
      return mask
    }
    withOptionalPointer(tokensAreRows ? tokenMask : nil) { rowMask in
      withOptionalPointer(tokensAreRows ? nil : tokenMask) { columnMask in
        var matrix = ChangedMatrix(
          region: ck_region(
            rows: Int32(rows), columns: Int32(columns), stride: Int32(stride), row_mask: rowMask,
            column_mask: columnMask),
          values: values, source: source, sourceStride: Int32(sourceStride), keys: keys, height: Int32(height),
          width: Int32(width), objects: edit.objects)
        if case .matrix(_, let change) = edit.change.effect { change(&matrix) }
        if edit.renormalizes { ck_edit_renormalize(&matrix.region, values) }
      }
    }
  }
}

private func withOptionalPointer<R>(_ bytes: [UInt8]?, _ body: (UnsafePointer<UInt8>?) -> R) -> R {
  guard let bytes else { return body(nil) }
  return bytes.withUnsafeBufferPointer { body($0.baseAddress) }
}

extension Tensor {
  /// Applies edits of vectors, `[batch, rows, width]`, whose heads lie side by side from a column on.
  ///
  /// - Parameters:
  ///   - edits: of one place; their order counts.
  ///   - column: of the first head.
  ///   - heads: how many; 1 for a whole row.
  ///   - grid: rows as height and width, for what looks at neighbors.
  /// - Returns: the receiver where there is no edit; else a copy.
  public func edited(
    _ edits: [AttentionEdit], column: Int, heads: Int, headDim: Int, grid: (height: Int, width: Int)
  ) -> Tensor {
    guard !edits.isEmpty, shape.count == 3 else { return self }
    var result = self
    let (rows, width) = (shape[1], shape[2])
    // The sources are read from the receiver: they are as they were before any edit.
    withUnsafeValues { before in
      result.withUnsafeMutableValues { after in
        guard let from = before.baseAddress, let to = after.baseAddress else { return }
        func start(_ lane: Int, _ head: Int) -> Int { lane * rows * width + column + head * headDim }
        for edit in edits {
          if edit.isMeanOfHeads {
            meanOfHeads(edit, heads: heads, headDim: headDim, rows: rows, width: width) { to + start(edit.lane, $0) }
            continue
          }
          for head in 0..<heads where edit.changes(head: head) {
            let matrix = EditedMatrix(
              values: to + start(edit.lane, head), rows: rows, columns: headDim, stride: width, height: grid.height,
              width: grid.width, tokensAreRows: true)
            if let held = edit.held {
              precondition(held.fits(heads: heads, rows: rows, columns: headDim), "what was kept is of this attention")
              held.withMatrix(ofHead: head) { matrix.apply(edit, sources: [$0], sourceStride: $1, keys: rows) }
            } else {
              matrix.apply(
                edit, sources: edit.sources.map { from + start($0, head) }, sourceStride: width, keys: rows)
            }
          }
        }
      }
    }
    return result
  }

  private func meanOfHeads(
    _ edit: AttentionEdit, heads: Int, headDim: Int, rows: Int, width: Int,
    _ start: (Int) -> UnsafeMutablePointer<Float>
  ) {
    for row in 0..<rows where edit.tokens?.contains(row) ?? true {
      for d in 0..<headDim {
        let mean = (0..<heads).reduce(Float(0)) { $0 + start($1)[row * width + d] } / Float(heads)
        for head in 0..<heads where edit.changes(head: head) { start(head)[row * width + d] = mean }
      }
    }
  }
}
