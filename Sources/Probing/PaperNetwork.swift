import Analysis
import COpenBLAS
import Foundation

/// The classifier that an author of the paper posted: dropout 0.1, linear to h = max(inputs / 8, 2048), tanh, linear to the
/// classes. In single precision, as PyTorch has it.
struct PaperNetwork: Hashable, Sendable {
  let inputs: Int
  let hidden: Int
  let classes: Int
  /// `[hidden, inputs]`, `[hidden]`, `[classes, hidden]` and `[classes]`, one after the other.
  var parameters: [Float]

  /// First weights and biases as PyTorch's `Linear` has them: uniform within one over the root of a layer's inputs.
  /// - Parameters:
  ///   - hidden: nil for the paper's.
  ///   - generator: moves on by one number for each weight and bias, in the order of `parameters`.
  init(inputs: Int, classes: Int, hidden: Int? = nil, generator: inout SplitMix64) {
    let hidden = hidden ?? max(inputs / 8, 2048)
    self.inputs = inputs
    self.hidden = hidden
    self.classes = classes
    let layers = [(count: hidden * (inputs + 1), inputs: inputs), (count: classes * (hidden + 1), inputs: hidden)]
    parameters = []
    parameters.reserveCapacity(layers[0].count + layers[1].count)
    for layer in layers {
      let bound = 1 / Double(layer.inputs).squareRoot()
      for _ in 0..<layer.count {
        let uniform = Double(generator.next() >> 11) * 0x1p-53
        parameters.append(Float((2 * uniform - 1) * bound))
      }
    }
  }

  /// Whether it has as many numbers as its layers, all finite.
  var isSound: Bool {
    guard (1...NetworkProbe.mostInputs).contains(inputs), (1...8192).contains(hidden), (2...8192).contains(classes)
    else { return false }
    return parameters.count == hidden * (inputs + 1) + classes * (hidden + 1) && parameters.allSatisfy(\.isFinite)
  }

  private var hiddenBias: Int { hidden * inputs }
  private var outputs: Int { hidden * (inputs + 1) }
  private var outputBias: Int { outputs + classes * hidden }

  /// tanh of the hidden layer, `[rows, hidden]`, and the classes' scores, `[rows, classes]`.
  /// - Parameter features: `[rows, inputs]`.
  func forward(_ features: [Float]) -> (hidden: [Float], scores: [Float]) {
    let rows = features.count / inputs
    var layer = [Float](repeating: 0, count: rows * hidden)
    var scores = [Float](repeating: 0, count: rows * classes)
    _ = Parallel.oneThreadEach
    parameters.withUnsafeBufferPointer { values in
      guard let base = values.baseAddress else { return }
      for place in layer.indices { layer[place] = values[hiddenBias + place % hidden] }
      cblas_sgemm(
        CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(hidden), Int32(inputs), 1, features, Int32(inputs),
        base, Int32(inputs), 1, &layer, Int32(hidden))
      for place in layer.indices { layer[place] = tanh(layer[place]) }
      for place in scores.indices { scores[place] = values[outputBias + place % classes] }
      cblas_sgemm(
        CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(classes), Int32(hidden), 1, layer, Int32(hidden),
        base + outputs, Int32(hidden), 1, &scores, Int32(classes))
    }
    return (layer, scores)
  }

  /// The mean over rows of `-ln p(class)`, and its derivative by every parameter.
  /// - Parameters:
  ///   - features: `[rows, inputs]`, after dropout.
  ///   - labels: for each row a class.
  func loss(_ features: [Float], labels: [Int]) -> (value: Double, gradient: [Float]) {
    let rows = labels.count
    let (layer, scores) = forward(features)
    var off = Self.probabilities(scores, classes: classes)
    var value = 0.0
    for (row, label) in labels.enumerated() {
      value -= log(max(Double(off[row * classes + label]), 1e-300)) / Double(rows)
      off[row * classes + label] -= 1
    }
    for place in off.indices { off[place] /= Float(rows) }
    var gradient = [Float](repeating: 0, count: parameters.count)
    var back = [Float](repeating: 0, count: rows * hidden)
    parameters.withUnsafeBufferPointer { values in
      gradient.withUnsafeMutableBufferPointer { gradient in
        guard let base = values.baseAddress, let result = gradient.baseAddress else { return }
        cblas_sgemm(
          CblasRowMajor, CblasTrans, CblasNoTrans, Int32(classes), Int32(hidden), Int32(rows), 1, off, Int32(classes),
          layer, Int32(hidden), 0, result + outputs, Int32(hidden))
        for place in off.indices { result[outputBias + place % classes] += off[place] }
        cblas_sgemm(
          CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(rows), Int32(hidden), Int32(classes), 1, off, Int32(classes),
          base + outputs, Int32(hidden), 0, &back, Int32(hidden))
        for place in back.indices { back[place] *= 1 - layer[place] * layer[place] }
        cblas_sgemm(
          CblasRowMajor, CblasTrans, CblasNoTrans, Int32(hidden), Int32(inputs), Int32(rows), 1, back, Int32(hidden),
          features, Int32(inputs), 0, result, Int32(inputs))
        for place in back.indices { result[hiddenBias + place % hidden] += back[place] }
      }
    }
    return (value, gradient)
  }

  /// Softmax of each row.
  static func probabilities(_ scores: [Float], classes: Int) -> [Float] {
    var result = scores
    for start in stride(from: 0, to: scores.count, by: classes) {
      let row = start..<(start + classes)
      let largest = scores[row].max() ?? 0
      var sum: Float = 0
      for place in row {
        result[place] = exp(scores[place] - largest)
        sum += result[place]
      }
      for place in row { result[place] /= sum }
    }
    return result
  }
}

extension PaperNetwork: Codable {
  private enum CodingKeys: String, CodingKey {
    case inputs, hidden, classes, parameters
  }

  /// Parameters are the bytes of 32-bit numbers, the lowest first: millions of decimal digits would take minutes to read.
  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    inputs = try container.decode(Int.self, forKey: .inputs)
    hidden = try container.decode(Int.self, forKey: .hidden)
    classes = try container.decode(Int.self, forKey: .classes)
    let bytes = try container.decode(Data.self, forKey: .parameters)
    guard bytes.count.isMultiple(of: 4) else {
      throw DecodingError.dataCorruptedError(
        forKey: .parameters, in: container, debugDescription: "\(bytes.count) bytes, expected four for each number")
    }
    parameters = stride(from: 0, to: bytes.count, by: 4).map { start in
      let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[bytes.startIndex + start + $1]) << UInt32(8 * $1) }
      return Float(bitPattern: bits)
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(inputs, forKey: .inputs)
    try container.encode(hidden, forKey: .hidden)
    try container.encode(classes, forKey: .classes)
    var bytes = Data(capacity: 4 * parameters.count)
    for parameter in parameters {
      withUnsafeBytes(of: parameter.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }
    try container.encode(bytes, forKey: .parameters)
  }
}

/// Adam as PyTorch has it, with betas 0.9 and 0.999 and epsilon 1e-8.
/// - Source: Kingma and Ba 2015, algorithm 1.
struct Adam: Sendable {
  private let rate: Float
  private var first: [Float]
  private var second: [Float]
  private var steps = 0

  init(rate: Double, parameters: Int) {
    self.rate = Float(rate)
    first = [Float](repeating: 0, count: parameters)
    second = first
  }

  mutating func step(_ parameters: inout [Float], _ gradient: [Float]) {
    steps += 1
    let (a, b) = (Float(0.9), Float(0.999))
    let size = Float(Double(rate) / (1 - pow(0.9, Double(steps))))
    let root = Float((1 - pow(0.999, Double(steps))).squareRoot())
    for place in parameters.indices {
      let slope = gradient[place]
      first[place] = a * first[place] + (1 - a) * slope
      second[place] = b * second[place] + (1 - b) * slope * slope
      parameters[place] -= size * first[place] / (second[place].squareRoot() / root + 1e-8)
    }
  }
}
