import Tensors
import TestSupport
import Testing

/// Products and convolutions against plain sums in double precision, on every backend of this build.
@Suite struct EngineTests {
  static let engines = Engine.Backend.allCases.filter(\.isAvailable).map(Engine.init)

  private func random(_ shape: [Int], seed: UInt64) -> Tensor {
    var generator = TorchGenerator(seed: Seed(seed))
    return generator.randn(shape)
  }

  @Test(arguments: engines) func product(_ engine: Engine) throws {
    for rows in [1, 2, 4, 77, 127, 128, 129, 512] {
      for (inputs, outputs) in [(1, 1), (3, 5), (48, 144), (128, 96), (320, 17)] {
        for bias in [false, true] {
          let x = random([rows, inputs], seed: 1)
          let weight = random([outputs, inputs], seed: 2)
          let offset = random([outputs], seed: 3)
          let linear = try Linear("test", weight: weight, bias: bias ? offset : nil, engine: engine)
          var expected = Tensor(zeros: [rows, outputs])
          expected.withUnsafeMutableValues { y in
            x.withUnsafeValues { x in
              weight.withUnsafeValues { w in
                offset.withUnsafeValues { b in
                  for r in 0..<rows {
                    for o in 0..<outputs {
                      var sum = bias ? Double(b[o]) : 0
                      for i in 0..<inputs { sum += Double(x[r * inputs + i]) * Double(w[o * inputs + i]) }
                      y[r * outputs + o] = Float(sum)
                    }
                  }
                }
              }
            }
          }
          let name = "\(engine.backend), \(rows) rows, \(inputs) to \(outputs), bias \(bias)"
          let bound = 3e-7 * Double(inputs).squareRoot()
          expectClose(try linear(x), expected, tolerance: bound, name)
          var sum = random([rows, outputs], seed: 4)
          try expected.add(sum)
          try linear.add(x, to: &sum)
          expectClose(sum, expected, tolerance: bound, "\(name), added")
        }
      }
    }
  }

  @Test(arguments: engines) func convolution(_ engine: Engine) throws {
    for (height, width) in [(1, 1), (2, 3), (5, 4), (16, 16), (17, 13)] {
      for (inputs, outputs) in [(1, 1), (4, 48), (48, 4), (33, 20)] {
        for (kernel, stride, begin, end) in [(3, 1, 1, 1), (3, 2, 1, 1), (3, 2, 0, 1), (1, 1, 0, 0)] {
          guard height + begin + end >= kernel, width + begin + end >= kernel else { continue }
          let x = random([2, height, width, inputs], seed: 5)
          let weight = random([outputs, inputs, kernel, kernel], seed: 6)
          let bias = random([outputs], seed: 7)
          let convolution = try Convolution(
            "test", weight: weight, bias: bias, stride: stride, padding: (begin, end), engine: engine)
          var expected = try direct(x, weight, bias, stride: stride, begin: begin, end: end)
          let name =
            "\(engine.backend), \(height)x\(width), \(inputs) to \(outputs), \(kernel)/\(stride)/\(begin)\(end)"
          let bound = 3e-7 * Double(inputs * kernel * kernel).squareRoot()
          expectClose(try convolution(x), expected, tolerance: bound, name)
          var sum = random(expected.shape, seed: 8)
          try expected.add(sum)
          try convolution.add(x, to: &sum)
          expectClose(sum, expected, tolerance: bound, "\(name), added")
        }
      }
    }
  }

  /// The definition, in double precision.
  private func direct(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor, stride: Int, begin: Int, end: Int
  ) throws -> Tensor {
    let (batch, height, width, inputs) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    let (outputs, kernel) = (weight.shape[0], weight.shape[2])
    let outHeight = (height + begin + end - kernel) / stride + 1
    let outWidth = (width + begin + end - kernel) / stride + 1
    let (values, weights, biases) = (x.values, weight.values, bias.values)
    var result: [Float] = []
    for n in 0..<batch {
      for oy in 0..<outHeight {
        for ox in 0..<outWidth {
          for o in 0..<outputs {
            var sum = Double(biases[o])
            for ky in 0..<kernel {
              for kx in 0..<kernel {
                let (y, x) = (oy * stride + ky - begin, ox * stride + kx - begin)
                guard (0..<height).contains(y), (0..<width).contains(x) else { continue }
                for i in 0..<inputs {
                  sum +=
                    Double(values[((n * height + y) * width + x) * inputs + i])
                    * Double(weights[((o * inputs + i) * kernel + ky) * kernel + kx])
                }
              }
            }
            result.append(Float(sum))
          }
        }
      }
    }
    return try Tensor(result, shape: [batch, outHeight, outWidth, outputs])
  }

  /// A picture's result must not depend on its place in the batch, or swapping a run with itself would change bits.
  @Test(arguments: engines) func placeInTheBatch(_ engine: Engine) throws {
    for (height, width, inputs, outputs) in [(16, 16, 48, 48), (2, 2, 144, 144), (8, 8, 96, 384), (5, 3, 33, 20)] {
      let one = random([1, height, width, inputs], seed: 9)
      let linear = try Linear("test", weight: random([outputs, inputs], seed: 10), bias: nil, engine: engine)
      let convolution = try Convolution(
        "test", weight: random([outputs, inputs, 3, 3], seed: 11), bias: nil, padding: (1, 1), engine: engine)
      for batch in [2, 3, 7, 14] {
        let many = try Tensor.stacked(Array(repeating: one, count: batch))
        for result in [try linear(many), try convolution(many)] {
          let first = try result.slice(0..<1)
          for n in 1..<batch {
            let other = try result.slice(n..<(n + 1))
            let what = "\(engine.backend), \(height)x\(width), \(n) of \(batch)"
            expectSameInABatch(
              other, first, engine: engine, tolerance: 3e-7 * Double(9 * inputs).squareRoot(), what)
          }
        }
      }
    }
  }

  @Test func shapesAreChecked() throws {
    let linear = try Linear("blocks.0.to_q", weight: Tensor(zeros: [3, 5]), bias: nil)
    #expect { _ = try linear(Tensor(zeros: [2, 4])) } throws: {
      "\($0)" == "blocks.0.to_q: expected [..., 5], found [2, 4]"
    }
    let convolution = try Convolution("conv_in", weight: Tensor(zeros: [8, 4, 3, 3]), bias: nil)
    #expect { _ = try convolution(Tensor(zeros: [1, 16, 16, 3])) } throws: {
      "\($0)" == "conv_in: expected [batch, height, width, 4], found [1, 16, 16, 3]"
    }
    #expect { _ = try Linear("x", weight: Tensor(zeros: [3, 5]), bias: Tensor(zeros: [4])) } throws: {
      "\($0)" == "x: expected a bias [3], found [4]"
    }
  }
}
