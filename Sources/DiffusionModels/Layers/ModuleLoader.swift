import Tensors

/// A module's place in a checkpoint: makes its layers out of the tensors below its path.
package struct ModuleLoader {
  /// The diffusers or transformers module path, as `down_blocks.0.resnets.1`.
  package let path: String
  /// Hands out a tensor by its whole name, checked against a shape. A tensor that is missing or of another shape is
  /// noted and comes as zeros, so that one error can name all of them.
  private let take: (_ name: String, _ shape: [Int]) throws -> Tensor

  package init(path: String, take: @escaping (_ name: String, _ shape: [Int]) throws -> Tensor) {
    self.path = path
    self.take = take
  }

  package subscript(_ name: String) -> ModuleLoader {
    ModuleLoader(path: path.isEmpty ? name : "\(path).\(name)", take: take)
  }

  package func tensor(_ name: String, _ shape: [Int]) throws -> Tensor {
    try take(self[name].path, shape)
  }

  package func linear(_ name: String, inputs: Int, outputs: Int, bias: Bool = true) throws -> Linear {
    let module = self[name]
    return try Linear(
      module.path, weight: module.tensor("weight", [outputs, inputs]),
      bias: bias ? module.tensor("bias", [outputs]) : nil)
  }

  /// Several products of one input as one: their results lie side by side.
  package func fusedLinear(_ names: [String], inputs: Int, outputs: Int, bias: Bool) throws -> Linear {
    let weights = try names.map { try self[$0].tensor("weight", [outputs, inputs]) }
    let biases = bias ? try names.map { try self[$0].tensor("bias", [outputs]) } : []
    return try Linear(
      "\(path).(\(names.joined(separator: "+")))", weight: Tensor.stacked(weights),
      bias: bias ? Tensor.stacked(biases) : nil)
  }

  package func convolution(
    _ name: String, inputs: Int, outputs: Int, kernel: Int = 3, stride: Int = 1,
    padding: (begin: Int, end: Int) = (1, 1), bias: Bool = true
  ) throws -> Convolution {
    let module = self[name]
    return try Convolution(
      module.path, weight: module.tensor("weight", [outputs, inputs, kernel, kernel]),
      bias: bias ? module.tensor("bias", [outputs]) : nil, stride: stride, padding: padding)
  }

  /// A convolution of one cell, which on NHWC maps is a product.
  package func pointwise(_ name: String, inputs: Int, outputs: Int) throws -> Linear {
    let module = self[name]
    return try Linear(
      module.path, weight: module.tensor("weight", [outputs, inputs, 1, 1]).reshaped([outputs, inputs]),
      bias: module.tensor("bias", [outputs]))
  }

  package func norm(_ name: String, channels: Int) throws -> NormParameters {
    let module = self[name]
    return try NormParameters(weight: module.tensor("weight", [channels]), bias: module.tensor("bias", [channels]))
  }
}
