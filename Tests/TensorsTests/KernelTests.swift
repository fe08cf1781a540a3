import CKernels
import Tensors
import TestSupport
import Testing

/// Every kernel against its plain twin in double precision, on every instruction set of this machine.
///
/// The bound is 3e-7 times the square root of the length of the longest sum, relative to the largest value.
@Suite struct KernelTests {
  static let sets = InstructionSet.allCases.filter { $0 <= .best }

  private func random(_ shape: [Int], seed: UInt64) -> Tensor {
    var generator = TorchGenerator(seed: Seed(seed))
    return generator.randn(shape)
  }

  private func bound(_ length: Int) -> Double { 3e-7 * Double(max(length, 1)).squareRoot() }

  private func twin(_ shape: [Int], _ body: (UnsafeMutablePointer<Double>?) -> Void) throws -> Tensor {
    var values = [Double](repeating: 0, count: shape.reduce(1, *))
    values.withUnsafeMutableBufferPointer { body($0.baseAddress) }
    return try Tensor(values.map(Float.init), shape: shape)
  }

  @Test(arguments: sets) func groupNorm(_ set: InstructionSet) throws {
    // Rows about the chunk of 64, channels about the vector widths, one group and one channel a group.
    for pixels in [1, 2, 63, 64, 65, 130] {
      for (channels, groups) in [(4, 1), (4, 4), (15, 3), (16, 2), (17, 1), (48, 16), (320, 32)] {
        for silu in [false, true] {
          let x = random([2, pixels, channels], seed: UInt64(pixels * 1000 + channels))
          let gamma = random([channels], seed: 7)
          let beta = random([channels], seed: 8)
          let found = try x.groupNormalized(
            groups: groups, epsilon: 1e-5, parameters: NormParameters(weight: gamma, bias: beta), silu: silu,
            instructions: set)
          let expected = try twin(x.shape) { y in
            x.withUnsafeValues { a in
              gamma.withUnsafeValues { g in
                beta.withUnsafeValues { b in
                  ck_twin_group_norm(
                    2, Int32(pixels), Int32(channels), Int32(groups), 1e-5, silu ? 1 : 0, a.baseAddress, g.baseAddress,
                    b.baseAddress, y)
                }
              }
            }
          }
          expectClose(
            found, expected, tolerance: bound(pixels * channels / groups),
            "\(set), \(pixels) pixels, \(channels) channels, \(groups) groups, silu \(silu)")
        }
      }
    }
  }

  @Test(arguments: sets) func groupNormFarFromZero(_ set: InstructionSet) throws {
    // A mean a thousand times the deviation: a sum of squares would lose all of the variance.
    var x = random([1, 256, 32], seed: 3)
    x.withUnsafeMutableValues { values in for i in values.indices { values[i] += 1000 } }
    let parameters = try NormParameters(
      weight: Tensor(Array(repeating: 1, count: 32), shape: [32]), bias: Tensor(zeros: [32]))
    let found = try x.groupNormalized(groups: 4, epsilon: 1e-5, parameters: parameters, instructions: set)
    let expected = try twin(x.shape) { y in
      x.withUnsafeValues { a in
        parameters.weight.withUnsafeValues { g in
          parameters.bias.withUnsafeValues { b in
            ck_twin_group_norm(1, 256, 32, 4, 1e-5, 0, a.baseAddress, g.baseAddress, b.baseAddress, y)
          }
        }
      }
    }
    // The inputs' own rounding, 1000 * 2^-24, bounds what can be asked.
    expectClose(found, expected, tolerance: 1e-4, "\(set)")
  }

  @Test(arguments: sets) func layerNorm(_ set: InstructionSet) throws {
    for rows in [1, 63, 64, 65] {
      for channels in [1, 3, 15, 16, 17, 48, 768] {
        let x = random([rows, channels], seed: UInt64(rows * 1000 + channels))
        let gamma = random([channels], seed: 7)
        let beta = random([channels], seed: 8)
        let found = try x.layerNormalized(
          epsilon: 1e-5, parameters: NormParameters(weight: gamma, bias: beta), instructions: set)
        let expected = try twin(x.shape) { y in
          x.withUnsafeValues { a in
            gamma.withUnsafeValues { g in
              beta.withUnsafeValues { b in
                ck_twin_layer_norm(
                  Int32(rows), Int32(channels), 1e-5, a.baseAddress, g.baseAddress, b.baseAddress, y)
              }
            }
          }
        }
        expectClose(found, expected, tolerance: bound(channels), "\(set), \(rows) x \(channels)")
      }
    }
  }

  @Test(arguments: sets) func activations(_ set: InstructionSet) throws {
    // From where the exponential underflows to where it overflows, and densely about 0.
    let coarse = (-2000...2000).map { Float($0) / 16 }
    let dense = (-1000...1000).map { Float($0) / 500 }
    let values: [Float] = coarse + dense + [0, -0.0]
    let codes: [Activation: ck_activation] = [
      .silu: CK_SILU, .gelu: CK_GELU, .quickGELU: CK_QUICK_GELU, .relu: CK_RELU,
    ]
    for activation in Activation.allCases {
      let code = try #require(codes[activation])
      for count in [0, 1, 15, 16, 17, values.count] {
        let x = try Tensor(Array(values.prefix(count)), shape: [count])
        var found = x
        found.activate(activation, instructions: set)
        let expected = try twin([count]) { y in
          x.withUnsafeValues { ck_twin_activate(code, count, $0.baseAddress, y) }
        }
        for i in 0..<count {
          let (f, e) = (Double(found.values[i]), Double(expected.values[i]))
          // GELU is x (1 + erf) / 2, whose sum cancels on the left: its error is that of x / 2. Of the others what is
          // under 0.01 is compared with that.
          let scale = max(abs(e), activation == .gelu ? Double(min(abs(values[i]), 4)) / 2 : 0.01)
          #expect(abs(f - e) <= 4e-7 * scale, "\(set), \(activation)(\(values[i])): \(f), not \(e)")
        }
      }
    }
  }

  @Test(arguments: sets) func geglu(_ set: InstructionSet) throws {
    for rows in [1, 15, 16, 17] {
      for channels in [1, 15, 16, 17, 192] {
        let x = random([rows, 2 * channels], seed: UInt64(rows * 1000 + channels))
        let expected = try twin([rows, channels]) { y in
          x.withUnsafeValues { ck_twin_geglu(Int32(rows), Int32(channels), $0.baseAddress, y) }
        }
        expectClose(try x.geglu(instructions: set), expected, tolerance: bound(1), "\(set), \(rows) x \(channels)")
      }
    }
  }
}
