import Tensors

/// Weights as PyTorch draws them before a training: what `UNet2DConditionModel(**config)` of diffusers begins with.
///
/// Linear layers and convolutions have weights and biases uniform on `-b..<b` with `b = 1 / sqrt(inputs)`, where `inputs`
/// are the values that one output is a sum of: `in_features`, or `in_channels` times the cells of the kernel. Norms have
/// scale 1 and shift 0.
///
/// All values come from one generator, in the order in which the network takes its tensors. The law is PyTorch's; the
/// numbers of a seed are this program's own.
/// - Source: PyTorch 2.x, `nn.Linear.reset_parameters` and `nn.modules.conv._ConvNd.reset_parameters`
///   (`kaiming_uniform_` with `a = sqrt(5)`, after He et al. 2015).
final class RandomWeights {
  enum Law {
    case uniform(inputs: Int)
    case constant(Float)
  }

  private var generator: TorchGenerator

  init(seed: Seed) { generator = TorchGenerator(seed: seed) }

  func draw(_ shape: [Int], _ law: Law) -> Tensor {
    switch law {
    case .uniform(let inputs): return generator.uniform(shape, bound: 1 / Float(max(1, inputs)).squareRoot())
    case .constant(let value):
      var tensor = Tensor(uninitialized: shape)
      tensor.withUnsafeMutableValues { $0.update(repeating: value) }
      return tensor
    }
  }
}

extension UNet {
  /// A network that was never trained: `RandomWeights` says how its weights are drawn.
  /// - Throws: `EngineError`.
  public init(random configuration: UNetConfiguration, seed: Seed) throws {
    try self.init(configuration, ModuleLoader(RandomWeights(seed: seed)))
  }
}
