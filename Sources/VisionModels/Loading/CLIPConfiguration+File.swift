import Checkpoints
import DiffusionModels

extension CLIPConfiguration {
  /// Reads the `config.json` of a `CLIPModel`.
  ///
  /// Where early files have `text_config_dict` or `vision_config_dict`, that object is taken whole for its tower, with
  /// defaults for what it lacks: so transformers reads them.
  /// - Throws: `CheckpointError` naming every key that has a wrong type or value, those of a tower as
  ///   `vision_config.hidden_size`.
  public init(_ file: ConfigFile) throws(CheckpointError) {
    self.init()
    var file = file
    _ = file.string("model_type", default: "clip", oneOf: ["clip"])
    projectionSize = file.int("projection_dim", default: projectionSize, in: 1...65536)
    Self.readTower("text", of: &file) { section throws(CheckpointError) in
      text = try CLIPTextConfiguration(section)
    }
    Self.readTower("vision", of: &file) { section throws(CheckpointError) in
      var section = section
      _ = section.string("model_type", default: "clip_vision_model", oneOf: ["clip_vision_model"])
      try section.finish()
      vision = try VisionTransformerConfiguration(section)
    }
    try file.finish()
  }

  /// Reads the settings of a tower; what is wrong with them becomes a problem of the whole file.
  static func readTower(
    _ name: String, of file: inout ConfigFile, _ read: (ConfigFile) throws(CheckpointError) -> Void
  ) {
    var key = "\(name)_config"
    if case .object = file["\(key)_dict"] { key += "_dict" }
    guard let section = file.section(key) else { return }
    do { try read(section) } catch { file.note(error.problems) }
  }
}
