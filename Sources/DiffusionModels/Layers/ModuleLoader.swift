import Checkpoints
import Tensors

/// A module's place in a checkpoint: makes its layers out of the tensors below its path.
///
/// It can also make them out of nothing, and only hold names and shapes against the headers of the files. A network then
/// runs through the same lines as when it loads, so that what they need is written once; what comes of it is never run. And
/// it can draw them: a network then begins as PyTorch begins to train it.
package struct ModuleLoader {
  /// What is taken of the files.
  package enum Reading: Sendable {
    case weights
    /// Names and shapes; every layer is a stand-in of one value.
    case headers
  }

  /// The diffusers or transformers module path, as `down_blocks.0.resnets.1`.
  package let path: String
  private let source: Source
  private let otherShapes: (_ name: String, _ shape: [Int]) -> [[Int]]

  private enum Source {
    case files(WeightLoader, Reading)
    case random(RandomWeights)
  }

  /// - Parameters:
  ///   - weights: notes tensors that are missing or of another shape, so that one error can name all of them.
  ///   - otherShapes: those that files may hold a tensor in beside its own, by its whole name.
  package init(
    _ weights: WeightLoader, path: String = "", reading: Reading = .weights,
    otherShapes: @escaping (_ name: String, _ shape: [Int]) -> [[Int]] = { _, _ in [] }
  ) {
    self.init(path, .files(weights, reading), otherShapes)
  }

  /// Layers whose weights are drawn.
  init(_ random: RandomWeights) { self.init("", .random(random)) { _, _ in [] } }

  private init(
    _ path: String, _ source: Source, _ otherShapes: @escaping (_ name: String, _ shape: [Int]) -> [[Int]]
  ) {
    self.path = path
    self.source = source
    self.otherShapes = otherShapes
  }

  package subscript(_ name: String) -> ModuleLoader {
    ModuleLoader(path.isEmpty ? name : "\(path).\(name)", source, otherShapes)
  }

  /// - Returns: the tensor in its shape; where headers alone are read a single value.
  package func tensor(_ name: String, _ shape: [Int]) throws -> Tensor {
    try tensor(name, shape, .uniform(inputs: shape.dropFirst().reduce(1, *)))
  }

  /// - Parameter law: by which its values are drawn where they are.
  private func tensor(_ name: String, _ shape: [Int], _ law: RandomWeights.Law) throws -> Tensor {
    let name = self[name].path
    switch source {
    case .files(let weights, .weights):
      return try weights.take(name, shape: shape, orShapes: otherShapes(name, shape))
    case .files(let weights, .headers):
      weights.require(name, shape: shape, orShapes: otherShapes(name, shape))
      return Self.oneValue
    case .random(let weights): return weights.draw(shape, law)
    }
  }

  package func linear(_ name: String, inputs: Int, outputs: Int, bias: Bool = true) throws -> Linear {
    let module = self[name]
    let weight = try module.tensor("weight", [outputs, inputs])
    let bias = bias ? try module.tensor("bias", [outputs], .uniform(inputs: inputs)) : nil
    return try made(Self.linear) { try Linear(module.path, weight: weight, bias: bias) }
  }

  /// Several products of one input as one: their results lie side by side.
  package func fusedLinear(_ names: [String], inputs: Int, outputs: Int, bias: Bool) throws -> Linear {
    let weights = try names.map { try self[$0].tensor("weight", [outputs, inputs]) }
    let biases = bias ? try names.map { try self[$0].tensor("bias", [outputs], .uniform(inputs: inputs)) } : []
    return try made(Self.linear) {
      try Linear(
        "\(path).(\(names.joined(separator: "+")))", weight: Tensor.stacked(weights),
        bias: bias ? Tensor.stacked(biases) : nil)
    }
  }

  package func convolution(
    _ name: String, inputs: Int, outputs: Int, kernel: Int = 3, stride: Int = 1,
    padding: (begin: Int, end: Int) = (1, 1), bias: Bool = true
  ) throws -> Convolution {
    let module = self[name]
    let weight = try module.tensor("weight", [outputs, inputs, kernel, kernel])
    let bias = bias ? try module.tensor("bias", [outputs], .uniform(inputs: inputs * kernel * kernel)) : nil
    return try made(Self.convolution) {
      try Convolution(module.path, weight: weight, bias: bias, stride: stride, padding: padding)
    }
  }

  /// A convolution of one cell, which on NHWC maps is a product.
  package func pointwise(_ name: String, inputs: Int, outputs: Int) throws -> Linear {
    let module = self[name]
    let weight = try module.tensor("weight", [outputs, inputs, 1, 1])
    let bias = try module.tensor("bias", [outputs], .uniform(inputs: inputs))
    return try made(Self.linear) {
      try Linear(module.path, weight: weight.reshaped([outputs, inputs]), bias: bias)
    }
  }

  package func norm(_ name: String, channels: Int) throws -> NormParameters {
    let module = self[name]
    let weight = try module.tensor("weight", [channels], .constant(1))
    return try NormParameters(weight: weight, bias: module.tensor("bias", [channels], .constant(0)))
  }

  // MARK: Stand-ins

  private static let oneValue = Tensor(zeros: [1])
  private static let linear = Result { try Linear("a stand-in", weight: Tensor(zeros: [1, 1]), bias: nil) }
  private static let convolution = Result {
    try Convolution("a stand-in", weight: Tensor(zeros: [1, 1, 1, 1]), bias: nil)
  }

  private func made<Layer>(_ standIn: Result<Layer, any Error>, _ make: () throws -> Layer) throws -> Layer {
    if case .files(_, .headers) = source { try standIn.get() } else { try make() }
  }
}
