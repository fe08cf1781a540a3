import Tensors

/// Normal values of a seed.
func random(_ shape: [Int], _ seed: Seed) -> Tensor {
  var generator = TorchGenerator(seed: seed)
  return generator.randn(shape)
}

/// What a float32 sum of `length` terms may be off, as the tests of the kernels have it.
func errorBound(_ length: Int) -> Double { 3e-7 * Double(max(length, 1)).squareRoot() }
