import Tensors

/// Products and convolutions at the sizes of Stable Diffusion 1.5 at 512x512 pixels, a guided batch of 2.
enum EngineBench {
  /// The machine's own peak: a product large enough that memory does not count, on the fastest library there is.
  static func peakProduct(side: Int = 2048) throws -> BenchCandidate {
    let engine = Engine(backend: Engine.Backend.oneDNN.isAvailable ? .oneDNN : .openBLAS)
    let linear = try Linear("peak", weight: random([side, side], 1), bias: nil, engine: engine)
    let x = random([1, side, side], 2)
    return BenchCandidate(
      name: "product \(side)x\(side)x\(side)", engine: engine.description, operations: 2 * cubed(side)
    ) { _ = try linear(x) }
  }

  /// For each size, one candidate a library, checked against each other and against sums in double precision.
  static var groups: [BenchGroup] {
    [(8192, 320, 320), (8192, 320, 2560), (2048, 640, 640), (512, 1280, 10240), (154, 768, 320)].map { sizes in
      let name = "product \(sizes.0)x\(sizes.1) to \(sizes.2)"
      return BenchGroup(name) { try product(name, rows: sizes.0, inputs: sizes.1, outputs: sizes.2) }
    }
      + [(64, 320, 320), (64, 960, 320), (32, 640, 640), (16, 1280, 1280), (8, 2560, 1280)].map { sizes in
        let name = "convolution 3x3, 2x\(sizes.0)x\(sizes.0)x\(sizes.1) to \(sizes.2)"
        return BenchGroup(name) { try convolution(name, side: sizes.0, inputs: sizes.1, outputs: sizes.2) }
      }
  }

  private static let engines = Engine.Backend.allCases.filter(\.isAvailable).map(Engine.init)

  static func product(_ name: String, rows: Int, inputs: Int, outputs: Int) throws -> [BenchCandidate] {
    let x = random([2, rows / 2, inputs], 3)
    let (weight, bias) = (random([outputs, inputs], 4), random([outputs], 5))
    let layers = try engines.map { try Linear(name, weight: weight, bias: bias, engine: $0) }
    let plain = Samples(count: x.count / inputs * outputs) { index in
      let (row, output) = (index / outputs, index % outputs)
      return x.withUnsafeValues { x in
        weight.withUnsafeValues { w in
          bias.withUnsafeValues { b in
            (0..<inputs).reduce(Double(b[output])) {
              $0 + Double(x[row * inputs + $1]) * Double(w[output * inputs + $1])
            }
          }
        }
      }
    }
    return candidates(
      name, operations: 2 * Double(x.count) * Double(outputs), length: inputs, plain,
      layers.map { layer in { try layer(x) } })
  }

  static func convolution(_ name: String, side: Int, inputs: Int, outputs: Int) throws -> [BenchCandidate] {
    let x = random([2, side, side, inputs], 6)
    let (weight, bias) = (random([outputs, inputs, 3, 3], 7), random([outputs], 8))
    let layers = try engines.map {
      try Convolution(name, weight: weight, bias: bias, padding: (1, 1), engine: $0)
    }
    let plain = Samples(count: 2 * side * side * outputs) { index in
      let (pixel, output) = (index / outputs, index % outputs)
      let (picture, row, column) = (pixel / (side * side), pixel / side % side, pixel % side)
      return x.withUnsafeValues { x in
        weight.withUnsafeValues { w in
          var sum = bias.withUnsafeValues { Double($0[output]) }
          for (dy, dx) in (0..<9).map({ ($0 / 3 - 1, $0 % 3 - 1) })
          where (0..<side).contains(row + dy) && (0..<side).contains(column + dx) {
            let from = ((picture * side + row + dy) * side + column + dx) * inputs
            for i in 0..<inputs {
              sum += Double(x[from + i]) * Double(w[((output * inputs + i) * 3 + dy + 1) * 3 + dx + 1])
            }
          }
          return sum
        }
      }
    }
    return candidates(
      name, operations: 2 * 9 * Double(x.count) * Double(outputs), length: 9 * inputs, plain,
      layers.map { layer in { try layer(x) } })
  }

  private static func candidates(
    _ name: String, operations: Double, length: Int, _ plain: Samples, _ calls: [() throws -> Tensor]
  ) -> [BenchCandidate] {
    // Both libraries may be off by the bound of a single one.
    let allowed = 2 * errorBound(length)
    return zip(engines, calls).map { engine, call in
      BenchCandidate(
        name: name, engine: engine.description, operations: operations,
        check: {
          let found = try call()
          let other = try calls.count > 1 ? calls[engine == engines[0] ? 1 : 0]() : found
          let against = found.withUnsafeValues { a in
            other.withUnsafeValues { b in Agreement.difference(a, b.lazy.map(Double.init)) }
          }
          return Agreement(difference: max(against, plain.difference(found)), allowed: allowed)
        },
        body: { _ = try call() })
    }
  }

  private static func cubed(_ side: Int) -> Double { Double(side) * Double(side) * Double(side) }
}

/// Some values of a large result, computed in double precision one by one.
private struct Samples {
  let count: Int
  let value: (Int) -> Double

  func difference(_ found: Tensor) -> Double {
    // A stride without a common factor with the sizes visits rows, columns and channels of all kinds.
    let places = (0..<min(count, 499)).map { $0 * 7919 % count }
    let values = found.values
    guard values.count == count else { return .infinity }
    return Agreement.difference(places.map { values[$0] }, places.map(value))
  }
}
