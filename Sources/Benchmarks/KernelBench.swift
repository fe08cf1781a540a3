import Attention
import CKernels
import Tensors

/// The project's own kernels, each against its plain twin in double precision, at sizes of Stable Diffusion 1.5.
///
/// Operations are counted by the formula, an exponential as one: a group or layer norm 6 a value, SiLU 3, GEGLU 5 a
/// result, attention the two products alone, as is usual.
enum KernelBench {
  static var groups: [BenchGroup] {
    attentions.map { sizes in BenchGroup(sizes.name) { [try attention(sizes)] } } + [
      BenchGroup("group norm and SiLU, 2x64x64x320") { [try groupNorm(pixels: 4096, channels: 320)] },
      BenchGroup("group norm and SiLU, 2x16x16x1280") { [try groupNorm(pixels: 256, channels: 1280)] },
      BenchGroup("layer norm, 8192x320") { [try layerNorm(rows: 8192, channels: 320)] },
      BenchGroup("GEGLU, 8192x1280") { [try geglu(rows: 8192, channels: 1280)] },
    ]
  }

  private static let kernels = "kernels \(InstructionSet.best)"

  // MARK: - Attention

  struct AttentionSizes {
    let queries, keys, heads, headDim: Int
    /// Adds up the mean over heads of all probabilities, as a record does.
    var isRecorded = false

    var name: String {
      "attention, 2x\(queries)x\(keys), \(heads) heads of \(headDim)\(isRecorded ? ", recorded" : "")"
    }
  }

  /// Self and cross of SD 1.5's first layers, of its middle ones, and heads so narrow that the softmax is the work.
  static let attentions = [
    AttentionSizes(queries: 4096, keys: 4096, heads: 8, headDim: 40),
    AttentionSizes(queries: 4096, keys: 77, heads: 8, headDim: 40),
    AttentionSizes(queries: 4096, keys: 77, heads: 8, headDim: 40, isRecorded: true),
    AttentionSizes(queries: 1024, keys: 1024, heads: 8, headDim: 80),
    AttentionSizes(queries: 1024, keys: 1024, heads: 8, headDim: 80, isRecorded: true),
    AttentionSizes(queries: 256, keys: 256, heads: 8, headDim: 160),
    AttentionSizes(queries: 2048, keys: 2048, heads: 8, headDim: 8),
  ]

  static func attention(_ sizes: AttentionSizes) throws -> BenchCandidate {
    let width = sizes.heads * sizes.headDim
    let query = random([2, sizes.queries, width], 11)
    let (key, value) = (random([2, sizes.keys, width], 12), random([2, sizes.keys, width], 13))
    let attention = AttentionKernel(heads: sizes.heads, headDim: sizes.headDim)
    let side = Int(Double(sizes.queries).squareRoot())
    let observation = MapObservation(
      lane: 1, meanOfHeads: true, height: side, width: sizes.queries / side, outHeight: side,
      outWidth: sizes.queries / side, keyMap: nil, outKeys: sizes.keys)
    func call() throws -> (output: Tensor, observed: [Tensor]) {
      try attention(
        query: AttentionOperand(query), key: AttentionOperand(key), value: AttentionOperand(value),
        observations: sizes.isRecorded ? [observation] : [])
    }
    return BenchCandidate(
      name: sizes.name, engine: kernels,
      operations: 4 * 2 * Double(sizes.queries) * Double(sizes.keys) * Double(width),
      check: {
        let (output, observed) = try call()
        let twin = AttentionTwin(sizes, query: query, key: key, value: value)
        return Agreement(
          difference: twin.difference(output: output, observed: observed.first),
          allowed: errorBound(max(sizes.keys, sizes.headDim)))
      },
      body: { _ = try call() })
  }

  // MARK: - Norms and activations

  static func groupNorm(pixels: Int, channels: Int) throws -> BenchCandidate {
    let x = random([2, pixels, channels], 21)
    let norm = try NormParameters(weight: random([channels], 22), bias: random([channels], 23))
    let side = Int(Double(pixels).squareRoot())
    return candidate(
      "group norm and SiLU, 2x\(side)x\(side)x\(channels)", operations: 9 * Double(x.count), values: 2 * x.count,
      length: pixels * channels / 32,
      call: { try x.groupNormalized(groups: 32, epsilon: 1e-5, parameters: norm, silu: true) },
      twin: { y in
        x.withUnsafeValues { x in
          norm.weight.withUnsafeValues { gamma in
            norm.bias.withUnsafeValues { beta in
              ck_twin_group_norm(
                2, Int32(pixels), Int32(channels), 32, 1e-5, 1, x.baseAddress, gamma.baseAddress, beta.baseAddress, y)
            }
          }
        }
      })
  }

  static func layerNorm(rows: Int, channels: Int) throws -> BenchCandidate {
    let x = random([rows, channels], 24)
    let norm = try NormParameters(weight: random([channels], 25), bias: random([channels], 26))
    return candidate(
      "layer norm, \(rows)x\(channels)", operations: 6 * Double(x.count), values: 2 * x.count, length: channels,
      call: { try x.layerNormalized(epsilon: 1e-5, parameters: norm) },
      twin: { y in
        x.withUnsafeValues { x in
          norm.weight.withUnsafeValues { gamma in
            norm.bias.withUnsafeValues { beta in
              ck_twin_layer_norm(
                Int32(rows), Int32(channels), 1e-5, x.baseAddress, gamma.baseAddress, beta.baseAddress, y)
            }
          }
        }
      })
  }

  static func geglu(rows: Int, channels: Int) throws -> BenchCandidate {
    let x = random([rows, 2 * channels], 27)
    return candidate(
      "GEGLU, \(rows)x\(channels)", operations: 5 * Double(rows * channels), values: 3 * rows * channels, length: 1,
      call: { try x.geglu() },
      twin: { y in x.withUnsafeValues { ck_twin_geglu(Int32(rows), Int32(channels), $0.baseAddress, y) } })
  }

  private static func candidate(
    _ name: String, operations: Double, values: Int, length: Int, call: @escaping () throws -> Tensor,
    twin: @escaping (UnsafeMutablePointer<Double>?) -> Void
  ) -> BenchCandidate {
    BenchCandidate(
      name: name, engine: kernels, operations: operations, bytes: 4 * Double(values),
      check: {
        let found = try call()
        var expected = [Double](repeating: 0, count: found.count)
        expected.withUnsafeMutableBufferPointer { twin($0.baseAddress) }
        return Agreement(
          difference: found.withUnsafeValues { Agreement.difference($0, expected) }, allowed: errorBound(length))
      },
      body: { _ = try call() })
  }
}

/// The first and the last queries of every lane and head in double precision: whole twins would take minutes.
private struct AttentionTwin {
  private static let rows = 32
  private let sizes: KernelBench.AttentionSizes
  private let query, key, value: Tensor

  init(_ sizes: KernelBench.AttentionSizes, query: Tensor, key: Tensor, value: Tensor) {
    self.sizes = sizes
    (self.query, self.key, self.value) = (query, key, value)
  }

  /// The larger of the differences of the output and of what was observed of lane 1.
  func difference(output: Tensor, observed: Tensor?) -> Double {
    let (width, rows) = (sizes.heads * sizes.headDim, min(Self.rows, sizes.queries))
    let (found, seen) = (output.values, observed?.values)
    var largest = 0.0
    for lane in 0..<2 {
      for from in Set([0, sizes.queries - rows]) {
        var mean = [Double](repeating: 0, count: rows * sizes.keys)
        for head in 0..<sizes.heads {
          let (probabilities, expected) = rowsOfTwin(lane, head, from: from, rows: rows)
          for i in mean.indices { mean[i] += probabilities[i] / Double(sizes.heads) }
          let part = (0..<(rows * sizes.headDim)).map { i in
            found[
              (lane * sizes.queries + from + i / sizes.headDim) * width + head * sizes.headDim + i % sizes.headDim]
          }
          largest = max(largest, Agreement.difference(part, expected))
        }
        if lane == 1, let seen {
          largest = max(largest, Agreement.difference(seen[(from * sizes.keys)..<((from + rows) * sizes.keys)], mean))
        }
      }
    }
    return largest
  }

  private func rowsOfTwin(_ lane: Int, _ head: Int, from: Int, rows: Int) -> ([Double], [Double]) {
    let width = sizes.heads * sizes.headDim
    var shape = ck_attention_shape(
      batch: 1, heads: 1, queries: Int32(rows), keys: Int32(sizes.keys), head_dim: Int32(sizes.headDim), causal: 0,
      scale: 1 / Float(sizes.headDim).squareRoot(), query_stride: Int32(width), key_stride: Int32(width),
      value_stride: Int32(width), output_stride: Int32(sizes.headDim))
    var probabilities = [Double](repeating: 0, count: rows * sizes.keys)
    var output = [Double](repeating: 0, count: rows * sizes.headDim)
    query.withUnsafeValues { q in
      key.withUnsafeValues { k in
        value.withUnsafeValues { v in
          let (ofQuery, ofKey) = ((lane * sizes.queries + from) * width, lane * sizes.keys * width)
          ck_twin_attention(
            &shape, q.baseAddress.map { $0 + ofQuery + head * sizes.headDim },
            k.baseAddress.map { $0 + ofKey + head * sizes.headDim },
            v.baseAddress.map { $0 + ofKey + head * sizes.headDim }, &probabilities, &output)
        }
      }
    }
    return (probabilities, output)
  }
}
