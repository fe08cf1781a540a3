import Checkpoints
import DiffusionModels
import Foundation

// Strict, as the parts of a diffusion model: the weights must be exactly those that the config asks for.

extension VisionTransformer {
  /// Loads the folder of a `CLIPVisionModel`, of a `ViTModel` such as `facebook/dino-vitb8`, or the tower of a
  /// `CLIPModel`.
  /// - Throws: `CheckpointError` listing every problem of the config, or of the weights.
  public init(folder: URL) throws {
    let configuration = try VisionTransformerConfiguration(
      folderFile: ConfigFile(contentsOf: folder.appending(path: "config.json")))
    let loader = try WeightLoader(WeightStore(folder: folder), aliases: .bareVisionEncoder)
    let path = configuration.family == .clip ? "vision_model" : ""
    try self.init(configuration, ModuleLoader(loader, path: path))
    // What stands behind or beside the tower, and the positions' numbers that older transformers saved.
    try loader.finish(
      ignoring: CLIP.positionNumbers + [
        "pooler.", "visual_projection.weight", "text_model.", "text_projection.weight", "logit_scale",
      ])
  }
}

extension CLIP {
  /// Loads the folder of a `CLIPModel` of transformers, with its tokenizer and its `preprocessor_config.json`.
  /// - Throws: `CheckpointError` listing every problem of the config, of the tokenizer, of the weights, or what does
  ///   not fit together; `ShapeError` and `EngineError` as of the layers.
  public init(folder: URL) throws {
    let file = try ConfigFile(contentsOf: folder.appending(path: "config.json"))
    let configuration = try CLIPConfiguration(file)
    let tokenizer = try CLIPTokenizer(folder: folder)
    let preprocessor = try PicturePreprocessor(folder: folder, family: .clip)
    try configuration.check(tokenizer, preprocessor, file: file.name, folder: folder.lastPathComponent)
    let loader = try WeightLoader(WeightStore(folder: folder))
    try self.init(
      configuration, tokenizer: tokenizer, preprocessor: preprocessor,
      ModuleLoader(loader))
    try loader.finish(ignoring: Self.positionNumbers)
  }

  /// Older transformers saved the positions' numbers as tensors.
  static let positionNumbers = ["text_model", "vision_model"].map { "\($0).embeddings.position_ids" }
}

extension LPIPS {
  /// Loads a folder of `config.json`, `{"net": "alex"}` or `{"net": "vgg"}`, and `model.safetensors`, which holds the
  /// network's `features` as torchvision names them and the linear layers as the package `lpips` does.
  /// `Experiments/lpips/convert.py` makes it.
  /// - Throws: `CheckpointError` listing every problem of the config, or of the weights.
  public init(folder: URL) throws {
    var file = try ConfigFile(contentsOf: folder.appending(path: "config.json"))
    let name = file.string("net", oneOf: LPIPSTrunk.allCases.map(\.rawValue))
    _ = file.string("version", default: "0.1", oneOf: ["0.1"])
    try file.finish()
    let loader = try WeightLoader(WeightStore(folder: folder))
    try self.init(LPIPSTrunk(rawValue: name) ?? .alex, ModuleLoader(loader))
    try loader.finish()
  }
}
