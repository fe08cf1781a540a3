import Tensors

/// The vectors of one lane of a batch that are kept: queries, keys, values or the output.
///
/// A vector of the result is the mean over the rows that are mapped to its cell, and not a number where there is none.
public struct VectorObservation: Sendable {
  public internal(set) var lane: Int
  /// `queries`, `keys`, `values` or `output`.
  public let place: AttentionEdit.Place
  /// The grid of cells; tokens stand in one row.
  public let outHeight: Int
  public let outWidth: Int
  /// For each row its cell, or -1 if it is left out.
  public let cellOfRow: [Int32]
  /// Whether rows are the tokens of a text.
  public let areTokens: Bool

  public init(
    lane: Int, place: AttentionEdit.Place, outHeight: Int, outWidth: Int, cellOfRow: [Int32], areTokens: Bool
  ) {
    precondition(!place.isMap, "\(place.rawValue) are no vectors")
    self.lane = lane
    self.place = place
    self.outHeight = outHeight
    self.outWidth = outWidth
    self.cellOfRow = cellOfRow
    self.areTokens = areTokens
  }
}

extension AttentionOperand {
  /// What an observation keeps of vectors whose heads lie side by side.
  /// - Parameters:
  ///   - heads: 1 for a whole row.
  ///   - headDim: values of a vector.
  /// - Returns: `[heads, outHeight, outWidth, headDim]`; of tokens `[heads, 1, headDim, tokens]`, so that tokens are the last
  ///   axis as in maps.
  /// - Throws: `ShapeError`.
  package func observed(_ observation: VectorObservation, heads: Int, headDim: Int) throws -> Tensor {
    let (shape, lane, map) = (matrix.shape, observation.lane, observation.cellOfRow)
    let cells = observation.outHeight * observation.outWidth
    guard shape.count == 3, (0..<shape[0]).contains(lane), map.count == shape[1], column + heads * headDim <= shape[2],
      map.allSatisfy({ (-1..<Int32(cells)).contains($0) })
    else {
      throw ShapeError(
        "observation of \(observation.place.rawValue)",
        expected: "lane \(lane), \(map.count) rows of \(heads * headDim) values", found: shape)
    }
    var counts = [Float](repeating: 0, count: cells)
    for cell in map where cell >= 0 { counts[Int(cell)] += 1 }
    var result = Tensor(
      zeros: observation.areTokens
        ? [heads, 1, headDim, cells] : [heads, observation.outHeight, observation.outWidth, headDim])
    let (ofCell, ofValue) = observation.areTokens ? (1, cells) : (headDim, 1)
    matrix.withUnsafeValues { from in
      result.withUnsafeMutableValues { to in
        for head in 0..<heads {
          let first = head * cells * headDim
          for (row, cell) in map.enumerated() where cell >= 0 {
            let start = (lane * shape[1] + row) * shape[2] + column + head * headDim
            for d in 0..<headDim { to[first + Int(cell) * ofCell + d * ofValue] += from[start + d] }
          }
          for (cell, count) in counts.enumerated() where count != 1 {
            for d in 0..<headDim { to[first + cell * ofCell + d * ofValue] /= count }
          }
        }
      }
    }
    return result
  }
}
