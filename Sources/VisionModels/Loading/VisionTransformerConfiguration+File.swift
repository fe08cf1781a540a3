import Checkpoints
import Tensors

extension VisionTransformerConfiguration {
  /// Reads the `config.json` of a `CLIPVisionModel` or a `ViTModel`, or the `vision_config` of a `CLIPModel`; which one
  /// it is says `model_type`, and a file without one is CLIP's.
  /// - Throws: `CheckpointError` naming every key that has a wrong type or value.
  public init(_ file: ConfigFile) throws(CheckpointError) {
    var file = file
    let types = Family.allCases.map(\.rawValue)
    let type = file.string("model_type", default: Family.clip.rawValue, oneOf: types)
    self.init(family: Family(rawValue: type) ?? .clip)
    hiddenSize = file.int("hidden_size", default: hiddenSize, in: 1...65536)
    intermediateSize = file.int("intermediate_size", default: intermediateSize, in: 1...1_000_000)
    layers = file.int("num_hidden_layers", default: layers, in: 1...1024)
    heads = file.int("num_attention_heads", default: heads, in: 1...4096)
    imageSize = file.int("image_size", default: imageSize, in: 1...4096)
    patchSize = file.int("patch_size", default: patchSize, in: 1...1024)
    normEpsilon = file.double("layer_norm_eps", default: normEpsilon, in: 0...1)
    let name = file.string("hidden_act", default: activation.rawValue, oneOf: ["quick_gelu", "gelu"])
    activation = Activation(rawValue: name) ?? activation
    if family == .vit { projectionBias = file.bool("qkv_bias", default: true) }
    _ = file.int("num_channels", default: 3, in: 3...3)
    if hiddenSize % heads != 0 {
      file.report("num_attention_heads", expected: "a divisor of hidden_size, \(hiddenSize)")
    }
    if imageSize % patchSize != 0 {
      file.report("patch_size", expected: "a divisor of image_size, \(imageSize)")
    }
    try file.finish()
  }

  /// Reads the `config.json` of a folder with a tower, alone or as a part of a `CLIPModel`.
  /// - Throws: `CheckpointError` naming every key that has a wrong type or value.
  init(folderFile file: ConfigFile) throws(CheckpointError) {
    var file = file
    guard file["model_type"] == .string("clip") else {
      try self.init(file)
      return
    }
    self.init(family: .clip)
    CLIPConfiguration.readTower("vision", of: &file) { section throws(CheckpointError) in
      self = try VisionTransformerConfiguration(section)
    }
    try file.finish()
  }
}
