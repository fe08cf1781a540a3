import CKernels
import Tensors

/// Columns of a matrix that hold the queries, keys or values of all heads, head after head.
public struct AttentionOperand: Sendable {
  /// `[batch, rows, width]`.
  public let matrix: Tensor
  /// The column of the first head.
  public let column: Int

  public init(_ matrix: Tensor, column: Int = 0) {
    self.matrix = matrix
    self.column = column
  }
}

/// What fills the probabilities of one lane of a batch.
public enum ProbabilityFill: Hashable, Sendable {
  /// The softmax of its own scores.
  case own
  /// The probabilities of another lane, itself `.own`, applied to this one's values.
  case source(Int)
  case zero
  case uniform
}

/// Attention over a batch, with the probabilities of lanes filled and observed as asked.
///
/// Probabilities are never kept whole: they live for one tile of queries, in cache. The map of one head is whole for lanes
/// with edits or with observations of scores.
public struct AttentionKernel: Sendable {
  public let heads: Int
  public let headDim: Int
  /// Whether query i sees the keys 0...i alone.
  public let causal: Bool

  public init(heads: Int, headDim: Int, causal: Bool = false) {
    self.heads = heads
    self.headDim = headDim
    self.causal = causal
  }

  /// `softmax(query . keyT / sqrt(headDim)) . value` for each lane and head.
  /// - Parameters:
  ///   - query: rows are queries.
  ///   - key: rows are keys.
  ///   - value: rows are keys.
  ///   - fills: one a lane; empty: all `.own`.
  ///   - edits: of scores and probabilities, in order; a lane that has some has the fill `.own`, and no other
  ///     lane takes its probabilities.
  ///   - grid: the queries as rows and columns, for edits that look at neighbors; nil: one row.
  ///   - observations: what to add up. Those of scores, and those with another lane's queries, compute scores once more,
  ///     for their lanes alone.
  /// - Returns: the result `[batch, queries, heads * headDim]`, and for each observation
  ///   `[outHeight, outWidth, outKeys]` of the mean or `[heads, outHeight, outWidth, outKeys]`.
  /// - Throws: `ShapeError`.
  /// - Source: Vaswani et al. 2017, eq. 1.
  public func callAsFunction(
    query: AttentionOperand, key: AttentionOperand, value: AttentionOperand, fills: [ProbabilityFill] = [],
    edits: [AttentionEdit] = [], grid: (height: Int, width: Int)? = nil, observations: [MapObservation] = [],
    instructions: InstructionSet = .best
  ) throws -> (output: Tensor, observed: [Tensor]) {
    var shape = try checkedShape(query, key, value)
    try check(fills, observations, shape)
    try check(edits, fills, shape)
    var output = Tensor(uninitialized: [Int(shape.batch), Int(shape.queries), heads * headDim])
    var observed = ObservationBuffers(observations, heads: heads)
    guard shape.batch > 0, shape.queries > 0 else { return (output, observed.tensors()) }
    var lanes = fills.map(\.code)
    let editsOf = Dictionary(grouping: edits, by: \.lane)
    if !edits.isEmpty, lanes.isEmpty { lanes = Array(repeating: ProbabilityFill.own.code, count: Int(shape.batch)) }
    for lane in editsOf.keys { lanes[lane].fill = CK_SKIP }
    var workspace = Tensor(uninitialized: [ck_attention_workspace(&shape, ck_threads())])
    observed.withRequests { requests, whole in
      withPointers(query.matrix, key.matrix, value.matrix) { q, k, v in
        output.withUnsafeMutableValues { out in
          workspace.withUnsafeMutableValues { space in
            lanes.withUnsafeBufferPointer { lanes in
              ck_attention(
                instructions.code, ck_threads(), &shape, q.map { $0 + query.column }, k.map { $0 + key.column },
                v.map { $0 + value.column }, out.baseAddress, lanes.isEmpty ? nil : lanes.baseAddress,
                requests.baseAddress, Int32(requests.count), space.baseAddress)
            }
          }
          guard let q, let k, let v, let out = out.baseAddress else { return }
          let maps = MapAttention(
            shape: shape, instructions: instructions, query: q + query.column, key: k + key.column,
            value: v + value.column, output: out, height: grid?.height ?? 1, width: grid?.width ?? Int(shape.queries))
          for lane in editsOf.keys.sorted() {
            maps.run(
              lane: lane, edits: editsOf[lane] ?? [], observations: requests,
              scores: whole.filter { $0.lane == lane && !$0.isCrossRead })
          }
          let apart = whole.filter { $0.isCrossRead || editsOf[$0.lane] == nil }
          for lane in Set(apart.map(\.lane)).sorted() {
            let own = apart.filter { $0.lane == lane }
            for other in Set(own.map(\.queriesOf)).sorted() {
              maps.observe(lane: lane, queriesOf: other, own.filter { $0.queriesOf == other })
            }
          }
        }
      }
    }
    return (output, observed.tensors())
  }

  private func checkedShape(
    _ query: AttentionOperand, _ key: AttentionOperand, _ value: AttentionOperand
  ) throws -> ck_attention_shape {
    let (q, k, v) = (query.matrix.shape, key.matrix.shape, value.matrix.shape)
    guard q.count == 3, k.count == 3, v.count == 3, q[0] == k[0], k[0] == v[0], k[1] == v[1], k[1] > 0 else {
      throw ShapeError("attention", expected: "query, key, value of one batch", found: "\(q), \(k), \(v)")
    }
    for (operand, name) in [(query, "query"), (key, "key"), (value, "value")] {
      guard operand.column >= 0, operand.column + heads * headDim <= operand.matrix.shape[2] else {
        throw ShapeError(
          "attention \(name)", expected: "columns \(operand.column) ..< \(operand.column + heads * headDim)",
          found: operand.matrix.shape)
      }
    }
    return ck_attention_shape(
      batch: Int32(q[0]), heads: Int32(heads), queries: Int32(q[1]), keys: Int32(k[1]), head_dim: Int32(headDim),
      causal: causal ? 1 : 0, scale: 1 / Float(headDim).squareRoot(), query_stride: Int32(q[2]),
      key_stride: Int32(k[2]), value_stride: Int32(v[2]), output_stride: Int32(heads * headDim))
  }

  private func check(_ edits: [AttentionEdit], _ fills: [ProbabilityFill], _ shape: ck_attention_shape) throws {
    let (batch, edited) = (Int(shape.batch), Set(edits.map(\.lane)))
    for edit in edits {
      let isOwn = fills.isEmpty || ((0..<batch).contains(edit.lane) && fills[edit.lane] == .own)
      let sources =
        edit.sources.allSatisfy { (0..<batch).contains($0) && !edited.contains($0) }
        && edit.sources.isEmpty != edit.change.operation.takesFrom.isOfLanes
        && edit.held?.fits(heads: heads, rows: Int(shape.queries), columns: Int(shape.keys))
          ?? (edit.change.operation.takesFrom != .earlierCall)
      guard (0..<batch).contains(edit.lane), isOwn, sources, edit.place.isMap else {
        throw ShapeError("attention edits", expected: "a map of one of \(batch) lanes", found: "\(edit)")
      }
    }
    for case .source(let source) in fills where edited.contains(source) {
      throw ShapeError("attention fills", expected: "a source that is not edited", found: "lane \(source)")
    }
  }

  private func check(
    _ fills: [ProbabilityFill], _ observations: [MapObservation], _ shape: ck_attention_shape
  ) throws {
    let batch = Int(shape.batch)
    guard fills.isEmpty || fills.count == batch else {
      throw ShapeError("attention fills", expected: "\(batch)", found: "\(fills.count)")
    }
    for case .source(let source) in fills where !(0..<batch).contains(source) || fills[source] != .own {
      throw ShapeError("attention fills", expected: "a source that computes its own", found: "lane \(source)")
    }
    for o in observations {
      let fits =
        (0..<batch).contains(o.lane) && (0..<batch).contains(o.queriesOf ?? o.lane)
        && o.height * o.width == Int(shape.queries)
        && (1...max(1, o.height)).contains(o.outHeight) && (1...max(1, o.width)).contains(o.outWidth)
        && o.keyMap.map { $0.count == Int(shape.keys) && $0.allSatisfy { (-1..<Int32(o.outKeys)).contains($0) } }
          ?? (o.outKeys == Int(shape.keys))
      guard fits else {
        throw ShapeError(
          "attention observation", expected: "\(shape.queries) queries, \(shape.keys) keys, \(batch) lanes",
          found: "\(o)")
      }
    }
  }
}

extension ProbabilityFill {
  fileprivate var code: ck_lane {
    switch self {
    case .own: ck_lane(fill: CK_OWN, source: 0)
    case .source(let lane): ck_lane(fill: CK_SOURCE, source: Int32(lane))
    case .zero: ck_lane(fill: CK_ZERO, source: 0)
    case .uniform: ck_lane(fill: CK_UNIFORM, source: 0)
    }
  }
}
