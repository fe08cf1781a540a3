import Attention
import CKernels
import Tensors
import TestSupport
import Testing

/// Attention against its twin; fills and observations against what the twin's whole probabilities say they are.
@Suite struct AttentionKernelTests {
  struct Case {
    let batch, heads, queries, keys, headDim: Int
    var causal = false
    var query: Tensor
    var key: Tensor
    var value: Tensor

    init(batch: Int, heads: Int, queries: Int, keys: Int, headDim: Int, causal: Bool = false, seed: Seed = 1) {
      (self.batch, self.heads, self.queries, self.keys, self.headDim) = (batch, heads, queries, keys, headDim)
      self.causal = causal
      var generator = TorchGenerator(seed: seed)
      query = generator.randn([batch, queries, heads * headDim])
      key = generator.randn([batch, keys, heads * headDim])
      value = generator.randn([batch, keys, heads * headDim])
    }

    func run(
      _ set: InstructionSet, fills: [ProbabilityFill] = [], observations: [MapObservation] = []
    ) throws -> (output: Tensor, observed: [Tensor]) {
      try AttentionKernel(heads: heads, headDim: headDim, causal: causal)(
        query: AttentionOperand(query), key: AttentionOperand(key), value: AttentionOperand(value), fills: fills,
        observations: observations, instructions: set)
    }

    /// Probabilities of a lane and head by the twin, and its output.
    func twin(lane: Int, head: Int) -> (probabilities: [Double], output: [Double]) {
      let width = Int32(heads * headDim)
      var shape = ck_attention_shape(
        batch: 1, heads: 1, queries: Int32(queries), keys: Int32(keys), head_dim: Int32(headDim),
        causal: causal ? 1 : 0, scale: 1 / Float(headDim).squareRoot(), query_stride: width, key_stride: width,
        value_stride: width, output_stride: width)
      var probabilities = [Double](repeating: 0, count: queries * keys)
      var output = [Double](repeating: 0, count: queries * headDim)
      query.withUnsafeValues { q in
        key.withUnsafeValues { k in
          value.withUnsafeValues { v in
            guard let q = q.baseAddress, let k = k.baseAddress, let v = v.baseAddress else { return }
            ck_twin_attention(
              &shape, q + lane * queries * heads * headDim + head * headDim,
              k + lane * keys * heads * headDim + head * headDim,
              v + lane * keys * heads * headDim + head * headDim, &probabilities, &output)
          }
        }
      }
      return (probabilities, output)
    }

    /// The whole output, with the probabilities of lane `source[n]` (or a constant) for lane n.
    func expected(_ fills: [ProbabilityFill]) throws -> Tensor {
      var output = Tensor(zeros: [batch, queries, heads * headDim])
      for n in 0..<batch {
        for h in 0..<heads {
          let p = probabilities(n, h, fills)
          output.withUnsafeMutableValues { out in
            value.withUnsafeValues { v in
              for q in 0..<queries {
                for d in 0..<headDim {
                  var sum = 0.0
                  for k in 0..<keys {
                    sum += p[q * keys + k] * Double(v[(n * keys + k) * heads * headDim + h * headDim + d])
                  }
                  out[(n * queries + q) * heads * headDim + h * headDim + d] = Float(sum)
                }
              }
            }
          }
        }
      }
      return output
    }

    func probabilities(_ n: Int, _ h: Int, _ fills: [ProbabilityFill]) -> [Double] {
      switch fills.isEmpty ? .own : fills[n] {
      case .own: twin(lane: n, head: h).probabilities
      case .source(let s): twin(lane: s, head: h).probabilities
      case .zero: [Double](repeating: 0, count: queries * keys)
      case .uniform: [Double](repeating: 1 / Double(keys), count: queries * keys)
      }
    }
  }

  static let sets = InstructionSet.allCases.filter { $0 <= .best }

  @Test(arguments: sets) func output(_ set: InstructionSet) throws {
    // Queries about the tile of 24 and the block of 6, keys and head sizes about the vector widths.
    for queries in [1, 4, 5, 7, 23, 24, 25, 50] {
      for keys in [1, 4, 15, 16, 17, 77] {
        for headDim in [1, 12, 16, 36, 40] {
          let test = Case(batch: 2, heads: 2, queries: queries, keys: keys, headDim: headDim)
          expectClose(
            try test.run(set).output, try test.expected([]), tolerance: 3e-7 * Double(max(keys, headDim)).squareRoot(),
            "\(set), \(queries) queries, \(keys) keys, \(headDim)")
        }
      }
    }
  }

  @Test(arguments: sets) func causal(_ set: InstructionSet) throws {
    for count in [1, 2, 16, 77] {
      let test = Case(batch: 1, heads: 3, queries: count, keys: count, headDim: 32, causal: true)
      expectClose(try test.run(set).output, try test.expected([]), tolerance: 3e-6, "\(set), \(count)")
    }
  }

  @Test(arguments: sets) func fills(_ set: InstructionSet) throws {
    let test = Case(batch: 5, heads: 2, queries: 30, keys: 30, headDim: 12)
    let fills: [ProbabilityFill] = [.own, .source(0), .zero, .uniform, .source(0)]
    expectClose(try test.run(set, fills: fills).output, try test.expected(fills), tolerance: 3e-6, "\(set)")
  }

  /// Observations of every kind against the twin's probabilities, cell by cell.
  @Test(arguments: sets) func observations(_ set: InstructionSet) throws {
    for (height, width) in [(1, 1), (2, 2), (3, 5), (8, 8), (9, 13), (16, 16)] {
      let keys = 21
      let test = Case(batch: 3, heads: 2, queries: height * width, keys: keys, headDim: 8)
      let fills: [ProbabilityFill] = [.own, .source(0), .own]
      var keyMap = [Int32](repeating: -1, count: keys)
      (keyMap[3], keyMap[4], keyMap[20]) = (1, 1, 0)
      var observations: [MapObservation] = []
      for lane in 0..<3 {
        for mean in [false, true] {
          for (outHeight, outWidth) in [(height, width), (min(2, height), min(3, width)), (1, 1)] {
            for map in [nil, keyMap] {
              observations.append(
                MapObservation(
                  lane: lane, meanOfHeads: mean, height: height, width: width, outHeight: outHeight,
                  outWidth: outWidth, keyMap: map, outKeys: map == nil ? keys : 2))
            }
          }
        }
      }
      // All at once, and one by one: what else is observed must not matter.
      let together = try test.run(set, fills: fills, observations: observations)
      for (index, observation) in observations.enumerated() {
        let alone = try test.run(set, fills: fills, observations: [observation])
        let expected = try expectedObservation(test, fills, observation)
        expectClose(together.observed[index], expected, tolerance: 1e-5, "\(set), \(height)x\(width), \(index)")
        expectClose(alone.observed[0], expected, tolerance: 1e-5, "\(set), \(height)x\(width), \(index) alone")
        #expect(alone.output == together.output)
      }
      #expect(try test.run(set, fills: fills).output == together.output, "recording changed the result")
    }
  }

  private func expectedObservation(
    _ test: Case, _ fills: [ProbabilityFill], _ o: MapObservation
  ) throws -> Tensor {
    let cells = o.outHeight * o.outWidth
    let heads = o.meanOfHeads ? 1 : test.heads
    var sums = [Double](repeating: 0, count: heads * cells * o.outKeys)
    var counts = [Double](repeating: 0, count: cells)
    for q in 0..<test.queries {
      counts[q / o.width * o.outHeight / o.height * o.outWidth + q % o.width * o.outWidth / o.width] += 1
    }
    for h in 0..<test.heads {
      let p = test.probabilities(o.lane, h, fills)
      for q in 0..<test.queries {
        let cell = q / o.width * o.outHeight / o.height * o.outWidth + q % o.width * o.outWidth / o.width
        for k in 0..<test.keys {
          let key = o.keyMap.map { Int($0[k]) } ?? k
          guard key >= 0 else { continue }
          sums[((o.meanOfHeads ? 0 : h) * cells + cell) * o.outKeys + key] +=
            p[q * test.keys + k] / counts[cell] / Double(o.meanOfHeads ? test.heads : 1)
        }
      }
    }
    return try Tensor(
      sums.map(Float.init), shape: (o.meanOfHeads ? [] : [heads]) + [o.outHeight, o.outWidth, o.outKeys])
  }

  @Test(arguments: sets) func rowsSumToOne(_ set: InstructionSet) throws {
    var test = Case(batch: 1, heads: 2, queries: 64, keys: 77, headDim: 40)
    // Scores of a hundred: the softmax must not overflow.
    test.query.withUnsafeMutableValues { values in for i in values.indices { values[i] *= 50 } }
    let all = MapObservation(
      lane: 0, meanOfHeads: false, height: 8, width: 8, outHeight: 8, outWidth: 8, keyMap: nil, outKeys: 77)
    let values = try test.run(set, observations: [all]).observed[0].values
    for row in 0..<(2 * 64) {
      let sum = values[(row * 77)..<((row + 1) * 77)].reduce(0) { $0 + Double($1) }
      #expect(abs(sum - 1) < 1e-5, "\(set), row \(row): \(sum)")
    }
  }

  /// The comparison itself must notice a transposed and a slightly rescaled result.
  @Test func theComparisonBites() throws {
    let test = Case(batch: 1, heads: 1, queries: 12, keys: 12, headDim: 12)
    let right = try test.expected([])
    var scaled = right
    scaled.withUnsafeMutableValues { values in for i in values.indices { values[i] *= 1.001 } }
    let transposed = try Tensor((0..<144).map { right.values[$0 % 12 * 12 + $0 / 12] }, shape: right.shape)
    for wrong in [scaled, transposed] {
      #expect((Difference(wrong, right)?.relative ?? 0) > 3e-6)
    }
  }

  @Test func errors() throws {
    let test = Case(batch: 2, heads: 2, queries: 4, keys: 4, headDim: 4)
    #expect(throws: ShapeError.self) { try test.run(.best, fills: [.own]) }
    #expect(throws: ShapeError.self) { try test.run(.best, fills: [.source(1), .source(0)]) }
    #expect(throws: ShapeError.self) { try test.run(.best, fills: [.own, .source(2)]) }
    #expect(throws: ShapeError.self) {
      try test.run(
        .best,
        observations: [
          MapObservation(
            lane: 0, meanOfHeads: true, height: 2, width: 2, outHeight: 3, outWidth: 2, keyMap: nil, outKeys: 4)
        ])
    }
    #expect(throws: ShapeError.self) {
      try AttentionKernel(heads: 2, headDim: 4)(
        query: AttentionOperand(test.query, column: 1), key: AttentionOperand(test.key),
        value: AttentionOperand(test.value))
    }
  }
}
