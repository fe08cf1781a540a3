import Checkpoints
import DiffusionModels
import Foundation
import Pipelines

/// A folder with the exact configuration of Stable Diffusion 1.5, whose weights are zeros that take no room on the disk.
enum StableDiffusion15 {
  static func write(to folder: URL) throws {
    let bundled = BundledModels.url(of: "emoji-scenes")
    guard let bundled else { throw CocoaError(.fileNoSuchFile) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for name in ["tokenizer", "scheduler", "model_index.json"] {
      try FileManager.default.copyItem(at: bundled.appending(path: name), to: folder.appending(path: name))
    }
    try write(UNet.self, unet, folder.appending(path: "unet"), "diffusion_pytorch_model")
    try write(VAE.self, vae, folder.appending(path: "vae"), "diffusion_pytorch_model")
    try write(CLIPTextEncoder.self, textEncoder, folder.appending(path: "text_encoder"), "model")
  }

  /// The header of what a network misses in an empty file, in half precision, before a hole of the right length.
  private static func write<Network: FolderNetwork>(
    _: Network.Type, _ config: String, _ folder: URL, _ stem: String
  ) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(config.utf8).write(to: folder.appending(path: "config.json"))
    let file = folder.appending(path: "\(stem).safetensors")
    try SafetensorsWriter.write([], to: file)
    var entries: [String] = []
    var end = 0
    do {
      try Network.checkHeaders(Network.configuration(folder), WeightStore(file: file))
    } catch let error as CheckpointError {
      for problem in error.problems {
        let shape = problem.expected.split { !$0.isNumber }.compactMap { Int($0) }
        let bytes = shape.reduce(2, *)
        entries.append(
          #""\#(problem.tensor ?? "")": {"dtype": "F16", "shape": \#(problem.expected), "data_offsets": [\#(end), \#(end + bytes)]}"#
        )
        end += bytes
      }
    }
    let header = Data("{\(entries.joined(separator: ", "))}".utf8)
    try (withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header).write(to: file)
    let handle = try FileHandle(forWritingTo: file)
    try handle.truncate(atOffset: UInt64(8 + header.count + end))
    try handle.close()
  }

  private static let unet = """
    {"_class_name": "UNet2DConditionModel", "act_fn": "silu", "attention_head_dim": 8,
    "block_out_channels": [320, 640, 1280, 1280], "center_input_sample": false, "cross_attention_dim": 768,
    "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
    "downsample_padding": 1, "flip_sin_to_cos": true, "freq_shift": 0, "in_channels": 4, "layers_per_block": 2,
    "mid_block_scale_factor": 1, "norm_eps": 1e-05, "norm_num_groups": 32, "out_channels": 4, "sample_size": 64,
    "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"]}
    """

  private static let vae = """
    {"_class_name": "AutoencoderKL", "act_fn": "silu", "block_out_channels": [128, 256, 512, 512],
    "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"],
    "in_channels": 3, "latent_channels": 4, "layers_per_block": 2, "norm_num_groups": 32, "out_channels": 3,
    "sample_size": 512,
    "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"]}
    """

  private static let textEncoder = """
    {"architectures": ["CLIPTextModel"], "hidden_act": "quick_gelu", "hidden_size": 768, "intermediate_size": 3072,
    "layer_norm_eps": 1e-05, "max_position_embeddings": 77, "num_attention_heads": 12, "num_hidden_layers": 12,
    "vocab_size": 49408}
    """
}
