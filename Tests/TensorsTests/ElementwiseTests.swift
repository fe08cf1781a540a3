import Tensors
import TestSupport
import Testing

/// Moves and sums against plain loops, exactly: each value is copied, or is one sum of two.
@Suite struct ElementwiseTests {
  private func random(_ shape: [Int], seed: UInt64) -> Tensor {
    var generator = TorchGenerator(seed: Seed(seed))
    return generator.randn(shape)
  }

  @Test func sums() throws {
    for count in [0, 1, 15, 17, 40_000] {
      var x = random([count], seed: 1)
      let (before, y) = (x.values, random([count], seed: 2))
      try x.add(y)
      #expect(x.values == zip(before, y.values).map { $0 + $1 })
    }
    for (pixels, channels) in [(1, 1), (3, 5), (16, 33)] {
      var x = random([2, pixels, channels], seed: 3)
      let (before, y) = (x.values, random([2, channels], seed: 4).values)
      try x.addToChannels(Tensor(y, shape: [2, channels]))
      let expected = before.indices.map { before[$0] + y[$0 / (pixels * channels) * channels + $0 % channels] }
      #expect(x.values == expected)
    }
  }

  @Test func moves() throws {
    for (height, width, channels) in [(1, 1, 1), (2, 3, 5), (17, 13, 4), (16, 16, 33)] {
      let x = random([2, channels, height, width], seed: 5)
      let last = try x.channelsLast()
      #expect(last.shape == [2, height, width, channels])
      let (from, to) = (x.values, last.values)
      for n in 0..<2 {
        for c in 0..<channels {
          for p in 0..<(height * width) {
            #expect(to[(n * height * width + p) * channels + c] == from[(n * channels + c) * height * width + p])
          }
        }
      }
      #expect(try last.channelsFirst() == x)
      let (outHeight, outWidth) = (2 * height - 1, 2 * width)
      let large = try last.upsampled(height: outHeight, width: outWidth).values
      for (index, value) in large.enumerated() {
        let (c, at) = (index % channels, index / channels)
        let (n, y, x) = (at / (outHeight * outWidth), at / outWidth % outHeight, at % outWidth)
        let source = (n * height + y * height / outHeight) * width + x * width / outWidth
        guard value == to[source * channels + c] else {
          Issue.record("upsampled \(height)x\(width) at \(n), \(y), \(x), \(c)")
          return
        }
      }
    }
  }

  @Test func largestOfSquares() throws {
    for (height, width, channels, kernel, stride) in [
      (1, 1, 1, 1, 1), (2, 3, 5, 2, 2), (7, 8, 3, 3, 2), (9, 6, 33, 3, 3), (5, 4, 2, 2, 1),
    ] {
      let x = random([2, height, width, channels], seed: 8)
      let (from, pooled) = (x.values, try x.maxPooled(kernel: kernel, stride: stride))
      let (rows, columns) = ((height - kernel) / stride + 1, (width - kernel) / stride + 1)
      #expect(pooled.shape == [2, rows, columns, channels])
      let expected = pooled.values.indices.map { index -> Float in
        let (c, at) = (index % channels, index / channels)
        let (n, y, x) = (at / (rows * columns), at / columns % rows, at % columns)
        let square = (0..<(kernel * kernel)).map { cell in
          let (row, column) = (y * stride + cell / kernel, x * stride + cell % kernel)
          return from[((n * height + row) * width + column) * channels + c]
        }
        return square.max() ?? 0
      }
      #expect(pooled.values == expected)
    }
    #expect(throws: ShapeError.self) { try random([1, 2, 3, 1], seed: 1).maxPooled(kernel: 3, stride: 1) }
  }

  @Test func joins() throws {
    let (a, b) = (random([3, 2, 5], seed: 6), random([3, 2, 7], seed: 7))
    let both = try a.concatenated(with: b)
    #expect(both.shape == [3, 2, 12])
    for row in 0..<6 {
      #expect(Array(both.values[(row * 12)..<(row * 12 + 5)]) == Array(a.values[(row * 5)..<(row * 5 + 5)]))
      #expect(Array(both.values[(row * 12 + 5)..<(row * 12 + 12)]) == Array(b.values[(row * 7)..<(row * 7 + 7)]))
    }
    let stacked = try Tensor.stacked([a, a])
    #expect(try stacked.slice(0..<3) == a && stacked.slice(3..<6) == a)
    #expect(throws: ShapeError.self) { try a.concatenated(with: random([2, 2, 5], seed: 1)) }
    #expect(throws: ShapeError.self) { try Tensor.stacked([a, b]) }
    #expect(throws: ShapeError.self) { try a.slice(2..<4) }
  }
}
