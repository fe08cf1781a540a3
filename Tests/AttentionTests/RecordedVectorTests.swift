import Tensors
import TestSupport
import Testing

@testable import Attention

/// What is kept of queries, keys, values and outputs, against sums written out.
@Suite struct RecordedVectorTests {
  private let sites = [
    AttentionSite(
      index: 0, path: "attn1", kind: .selfAttention, layer: 1, height: 3, width: 5, heads: 2, latentHeight: 3,
      latentWidth: 5),
    AttentionSite(
      index: 1, path: "attn2", kind: .cross, layer: 1, height: 3, width: 5, heads: 2, latentHeight: 3, latentWidth: 5),
  ]

  private func plan(_ quantity: RecordedQuantity, pool: Int? = nil, tokens: [[Int]]? = nil) throws -> AttentionPlan {
    let positions = tokens ?? (0..<77).map { [$0] }
    let keys = positions.map { TokenKey(label: "\($0)", positions: $0) }
    let record = PlannedRecord(
      record: 0, of: quantity, sites: [0, 1], channels: [8, 8], steps: [0], branches: [.conditional],
      meanOfHeads: quantity == .output, tokens: [keys], pool: pool, type: .float32)
    return try AttentionPlan(
      sites: sites, lanes: Lane.batch(runs: 1, guided: true), stepCount: 1, tokens: 77, operations: [],
      records: [record])
  }

  @Test func sizesAreThoseOfTheAxes() throws {
    func sizes(_ quantity: RecordedQuantity, pool: Int? = nil, tokens: [[Int]]? = nil) throws -> [[Int]] {
      try plan(quantity, pool: pool, tokens: tokens).maps(step: 0).map { [$0.heads, $0.height, $0.width, $0.keys] }
    }
    #expect(try sizes(.queries) == [[2, 3, 5, 4], [2, 3, 5, 4]])
    #expect(try sizes(.queries, pool: 2) == [[2, 2, 2, 4], [2, 2, 2, 4]])
    // Tokens are the last axis, as in maps, and are not pooled.
    #expect(try sizes(.keys) == [[2, 3, 5, 4], [2, 1, 4, 77]])
    #expect(try sizes(.values, pool: 2, tokens: [[3], [1, 2]]) == [[2, 2, 2, 4], [2, 1, 4, 2]])
    // An output is of all heads together.
    #expect(try sizes(.output) == [[1, 3, 5, 8], [1, 3, 5, 8]])
    #expect(try sizes(.scores, tokens: [[3], [1, 2]]) == [[2, 3, 5, 15], [2, 3, 5, 2]])
    let values = try plan(.values, tokens: [[3], [1, 2]])
    #expect(values.mapCount == 4 && values.mapBytes == 4 * 2 * (15 * 4 + 4 * 2))
  }

  @Test func vectorsAreMeansOverTheirRows() throws {
    var generator = TorchGenerator(seed: 5)
    // Columns before the heads, as keys and values of one projection have.
    let (column, width) = (3, 3 + 8)
    let pictures = generator.randn([2, 15, width])
    let texts = generator.randn([2, 77, width])
    func value(_ matrix: Tensor, _ row: Int, _ head: Int, _ d: Int) -> Double {
      let start = (matrix.shape[1] + row) * width
      return Double(matrix.values[start + column + head * 4 + d])
    }
    let request = try plan(.keys, pool: 2, tokens: [[3], [1, 2], []]).probe(step: 0)
    let ofPicture = try #require(request.request(site: 0).vectors.first)
    let pooled = try AttentionOperand(pictures, column: column).observed(ofPicture, heads: 2, headDim: 4)
    #expect(pooled.shape == [2, 2, 2, 4])
    let ofText = try #require(request.request(site: 1).vectors.first)
    let words = try AttentionOperand(texts, column: column).observed(ofText, heads: 2, headDim: 4)
    #expect(words.shape == [2, 1, 4, 3])
    for head in 0..<2 {
      for d in 0..<4 {
        for cell in 0..<4 {
          let rows = (0..<15).filter { $0 / 5 * 2 / 3 * 2 + $0 % 5 * 2 / 5 == cell }
          let mean = rows.map { value(pictures, $0, head, d) }.reduce(0, +) / Double(rows.count)
          let found = Double(pooled.values[(head * 4 + cell) * 4 + d])
          #expect(abs(found - mean) < 1e-6)
        }
        let own = (head * 4 + d) * 3
        #expect(Double(words.values[own]) == value(texts, 3, head, d))
        let mean = (value(texts, 1, head, d) + value(texts, 2, head, d)) / 2
        #expect(abs(Double(words.values[own + 1]) - mean) < 1e-6)
        // A key without positions has no vector.
        #expect(words.values[own + 2].isNaN)
      }
    }
  }

  @Test func operandsOfOtherSizesAreRefused() throws {
    let request = try plan(.queries).probe(step: 0).request(site: 0)
    let observation = try #require(request.vectors.first)
    for shape in [[2, 14, 8], [1, 15, 8], [2, 15, 7]] {
      #expect(throws: ShapeError.self) {
        try AttentionOperand(Tensor(zeros: shape)).observed(observation, heads: 2, headDim: 4)
      }
    }
  }

  @Test func logRatiosAreOfCrossAttentionAlone() {
    #expect(RecordedQuantity.logRatio.refusal(at: sites[1]) == nil)
    #expect(
      RecordedQuantity.logRatio.refusal(at: sites[0])
        == "of: log_ratio is of cross-attention alone, which has a start token, and self 1 has none")
    #expect(RecordedQuantity.allCases.filter { $0.refusal(at: sites[0]) != nil } == [.logRatio])
  }
}
