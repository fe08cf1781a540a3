import DiffusionModels
import Synchronization
import Tensors

/// The random UNets of a model's configuration, each drawn when it is first asked for and kept.
public final class RandomUNets: Sendable {
  private let configuration: UNetConfiguration
  private let made = Mutex<[Seed: UNet]>([:])

  init(_ configuration: UNetConfiguration) { self.configuration = configuration }

  /// The one of a seed.
  /// - Throws: `EngineError`.
  func unet(seed: Seed) throws -> UNet {
    try made.withLock { made in
      if let known = made[seed] { return known }
      let new = try UNet(random: configuration, seed: seed)
      made[seed] = new
      return new
    }
  }
}
