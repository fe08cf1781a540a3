import Checkpoints
import Foundation
import Tensors

/// A network of a folder that is read strictly: its config must be one that is computed here, and its weights must be exactly
/// those that the config asks for.
package protocol FolderNetwork {
  associatedtype Configuration

  /// Reads `config.json`.
  /// - Throws: `CheckpointError` listing every problem of the config.
  static func configuration(_ folder: URL) throws(CheckpointError) -> Configuration

  /// Makes the network of a folder's weights.
  /// - Throws: `CheckpointError` listing every problem of the weights; `EngineError`.
  init(_ configuration: Configuration, _ store: WeightStore, reading: ModuleLoader.Reading) throws
}

extension FolderNetwork {
  /// Loads a folder.
  /// - Throws: `CheckpointError` listing every problem of the config, or of the weights; `EngineError`.
  package init(folder: URL) throws {
    try self.init(Self.configuration(folder), WeightStore(folder: folder), reading: .weights)
  }

  /// Holds a configuration against the headers of a folder's weights; no value is read.
  /// - Throws: `CheckpointError` listing every problem of the weights; `EngineError`.
  package static func checkHeaders(_ configuration: Configuration, _ store: WeightStore) throws {
    _ = try Self(configuration, store, reading: .headers)
  }

  package static func configFile(_ folder: URL) throws(CheckpointError) -> ConfigFile {
    try ConfigFile(contentsOf: folder.appending(path: "config.json"))
  }
}

extension UNet: FolderNetwork {
  package static func configuration(_ folder: URL) throws(CheckpointError) -> UNetConfiguration {
    try UNetConfiguration(configFile(folder))
  }

  package init(_ configuration: UNetConfiguration, _ store: WeightStore, reading: ModuleLoader.Reading) throws {
    let loader = WeightLoader(store)
    try self.init(configuration, ModuleLoader(loader, reading: reading))
    try loader.finish()
  }
}

/// Also takes the attention names of early diffusers.
extension VAE: FolderNetwork {
  package static func configuration(_ folder: URL) throws(CheckpointError) -> VAEConfiguration {
    try VAEConfiguration(configFile(folder))
  }

  package init(_ configuration: VAEConfiguration, _ store: WeightStore, reading: ModuleLoader.Reading) throws {
    let loader = WeightLoader(store, aliases: .olderVAEAttention)
    try self.init(
      configuration,
      ModuleLoader(loader, reading: reading) { name, shape in
        // Early files hold the attention's products as 1x1 convolutions.
        name.contains(".attentions.") && shape.count == 2 ? [shape + [1, 1]] : []
      })
    try loader.finish()
  }
}

extension CLIPTextEncoder: FolderNetwork {
  package static func configuration(_ folder: URL) throws(CheckpointError) -> CLIPTextConfiguration {
    try CLIPTextConfiguration(configFile(folder))
  }

  package init(_ configuration: CLIPTextConfiguration, _ store: WeightStore, reading: ModuleLoader.Reading) throws {
    let loader = WeightLoader(store, aliases: .bareTextEncoder)
    try self.init(configuration, ModuleLoader(loader, path: "text_model", reading: reading))
    // Older transformers saved the positions 0...76 as a tensor; newer ones save a projection that nothing here uses.
    try loader.finish(ignoring: ["text_model.embeddings.position_ids", "text_projection.weight"])
  }
}
