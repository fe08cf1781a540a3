import Checkpoints
import Foundation
import Tensors

// A component is loaded strictly: its config must be one that is computed here, and its weights must be exactly those
// that the config asks for.

extension UNet {
  /// Loads a `unet` folder.
  /// - Throws: `CheckpointError` listing every problem of the config, or of the weights.
  public init(folder: URL) throws {
    let configuration = try UNetConfiguration(ConfigFile(contentsOf: folder.appending(path: "config.json")))
    let loader = try WeightLoader(WeightStore(folder: folder))
    try self.init(configuration, ModuleLoader(path: "") { try loader.take($0, shape: $1) })
    try loader.finish()
  }
}

extension VAE {
  /// Loads a `vae` folder, also one with the attention names of early diffusers.
  /// - Throws: `CheckpointError` listing every problem of the config, or of the weights.
  public init(folder: URL) throws {
    let configuration = try VAEConfiguration(ConfigFile(contentsOf: folder.appending(path: "config.json")))
    let loader = try WeightLoader(WeightStore(folder: folder), aliases: .olderVAEAttention)
    try self.init(
      configuration,
      ModuleLoader(path: "") { name, shape in
        // Early files hold the attention's products as 1x1 convolutions.
        let isAttention = name.contains(".attentions.") && shape.count == 2
        return try loader.take(name, shape: shape, orShapes: isAttention ? [shape + [1, 1]] : [])
      })
    try loader.finish()
  }
}

extension CLIPTextEncoder {
  /// Loads a `text_encoder` folder.
  /// - Throws: `CheckpointError` listing every problem of the config, or of the weights.
  public init(folder: URL) throws {
    let configuration = try CLIPTextConfiguration(ConfigFile(contentsOf: folder.appending(path: "config.json")))
    let loader = try WeightLoader(WeightStore(folder: folder), aliases: .bareTextEncoder)
    try self.init(configuration, ModuleLoader(path: "text_model") { try loader.take($0, shape: $1) })
    // Older transformers saved the positions 0...76 as a tensor; newer ones save a projection that nothing here uses.
    try loader.finish(ignoring: ["text_model.embeddings.position_ids", "text_projection.weight"])
  }
}
