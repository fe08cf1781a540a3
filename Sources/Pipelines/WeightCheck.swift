import Checkpoints
import Tensors

/// Whether the weights of a component are numbers, after every value was read.
public struct WeightCheck: Codable, Hashable, Sendable {
  /// A tensor with values that are not finite.
  public struct BrokenTensor: Codable, Hashable, Sendable {
    public let name: String
    /// Values that are infinite or NaN in float32, in which attnlab computes.
    public let count: Int
    /// All values.
    public let size: Int
  }

  /// The folder's name: `unet`.
  public let component: String
  /// How many tensors were read.
  public let tensors: Int
  /// In the order of the files.
  public let broken: [BrokenTensor]

  init(_ component: String, _ store: WeightStore) throws(CheckpointError) {
    self.component = component
    var tensors = 0
    var broken: [BrokenTensor] = []
    // Whole numbers, as the positions that older files hold, are always finite.
    for name in store.names where store.entry(name)?.dtype.isFloat ?? false {
      let tensor = try store.tensor(named: name)
      let count = tensor.withUnsafeValues(Self.nonFinite)
      if count > 0 { broken.append(BrokenTensor(name: name, count: count, size: tensor.count)) }
      tensors += 1
    }
    (self.tensors, self.broken) = (tensors, broken)
  }

  private static func nonFinite(_ values: UnsafeBufferPointer<Float>) -> Int {
    var count = 0
    for value in values where !value.isFinite { count += 1 }
    return count
  }
}

extension ModelDescription {
  /// Reads all weights, a tensor at a time.
  /// - Throws: `CheckpointError` if a file has changed since it was described.
  public func checkWeights() throws(CheckpointError) -> [WeightCheck] {
    [
      try WeightCheck("text_encoder", stores.text), try WeightCheck("unet", stores.unet),
      try WeightCheck("vae", stores.vae),
    ]
  }
}
