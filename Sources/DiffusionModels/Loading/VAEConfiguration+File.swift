import Checkpoints

extension VAEConfiguration {
  /// Reads `vae/config.json`.
  /// - Throws: `CheckpointError` naming every key that has a wrong type, or a value that SD 1.x and 2.x do not have.
  public init(_ file: ConfigFile) throws(CheckpointError) {
    self.init()
    var file = file
    inChannels = file.int("in_channels", default: 3, in: 3...3)
    outChannels = file.int("out_channels", default: 3, in: 3...3)
    latentChannels = file.int("latent_channels", default: 4, in: 1...1024)
    blockOutChannels = file.ints("block_out_channels", default: [64], in: 1...16384)
    layersPerBlock = file.int("layers_per_block", default: 1, in: 1...16)
    normGroups = file.int("norm_num_groups", default: 32, in: 1...1024)
    scalingFactor = file.double("scaling_factor", default: 0.18215, in: 1e-6...1e6)
    usesQuantConvolution = file.bool("use_quant_conv", default: true)
    usesPostQuantConvolution = file.bool("use_post_quant_conv", default: true)
    midBlockAttention = file.bool("mid_block_add_attention", default: true)
    _ = file.string("act_fn", default: "silu", oneOf: ["silu", "swish"])
    for (key, type) in [("down_block_types", "DownEncoderBlock2D"), ("up_block_types", "UpDecoderBlock2D")] {
      let types = file.strings(key, default: [type], oneOf: [type])
      if types.count != blockOutChannels.count {
        file.report(key, expected: "\(blockOutChannels.count) types, one a stage")
      }
    }
    for key in ["shift_factor", "latents_mean", "latents_std"] {
      if let value = file[key], value != .null { file.report(key, expected: "null, as in SD 1.x and 2.x") }
    }
    for channels in blockOutChannels where channels % normGroups != 0 {
      file.report("norm_num_groups", expected: "a divisor of every stage's channels, such as \(channels)")
    }
    if !(1...16).contains(blockOutChannels.count) { file.report("block_out_channels", expected: "1 to 16 stages") }
    try file.finish()
  }
}
