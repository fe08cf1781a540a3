import Checkpoints
import Tensors

extension UNetConfiguration {
  /// Reads `unet/config.json`.
  /// - Throws: `CheckpointError` naming every key that has a wrong type, or a value that SD 1.x and 2.x do not have.
  public init(_ file: ConfigFile) throws(CheckpointError) {
    self.init()
    var file = file
    inChannels = file.int("in_channels", default: 4, in: 1...1024)
    outChannels = file.int("out_channels", default: 4, in: 1...1024)
    readSampleSize(&file)
    flipSinToCos = file.bool("flip_sin_to_cos", default: true)
    frequencyShift = file.double("freq_shift", default: 0, in: -1000...1000)
    blockOutChannels = file.ints("block_out_channels", default: [320, 640, 1280, 1280], in: 1...16384)
    let stages = blockOutChannels.count
    layersPerBlock = file.ints("layers_per_block", default: [2], count: stages, in: 1...16)
    normGroups = file.int("norm_num_groups", default: 32, in: 1...1024)
    normEpsilon = file.double("norm_eps", default: 1e-5, in: 0...1)
    let contextDims = file.ints("cross_attention_dim", default: [1280], count: stages, in: 1...65536)
    crossAttentionDim = contextDims.first ?? 1280
    if Set(contextDims).count > 1 {
      file.report(
        "cross_attention_dim", expected: "the same number for every stage, as one text encoder feeds them all")
    }
    // The numbers of heads, by a name that stayed from the first files.
    heads = file.ints("attention_head_dim", default: [8], count: stages, in: 1...4096)
    transformerLayersPerBlock = file.ints("transformer_layers_per_block", default: [1], count: stages, in: 1...16)
    usesLinearProjection = file.bool("use_linear_projection", default: false)
    downsamplePadding = file.int("downsample_padding", default: 1, in: 1...1)
    readStages(&file)
    Self.refuseOtherArchitectures(&file)
    checkDivisions(&file)
    try file.finish()
  }

  /// One number, or height and width.
  private mutating func readSampleSize(_ file: inout ConfigFile) {
    guard let sides = file.optionalInts("sample_size", count: 2, in: 1...4096) else { return }
    var size = GridSize(height: sides[0], width: sides[1])
    // The first files of Stable Diffusion had it wrong: StableDiffusionPipeline takes 64 in its place.
    if case .integer(let side) = file["sample_size"], side < 64, Self.isOlderThan09(file["_diffusers_version"]) {
      size = GridSize(height: 64, width: 64)
    }
    sampleSize = size
  }

  private static func isOlderThan09(_ version: JSONValue?) -> Bool {
    guard case .string(let text) = version else { return false }
    let parts = text.split(separator: ".").prefix(2).map { Int($0) }
    guard let major = parts.first ?? nil, let minor = parts.last ?? nil, parts.count == 2 else { return false }
    return (major, minor) < (0, 9)
  }

  private mutating func readStages(_ file: inout ConfigFile) {
    let stages = blockOutChannels.count
    let down = file.strings(
      "down_block_types", default: Array(repeating: "CrossAttnDownBlock2D", count: 3) + ["DownBlock2D"],
      oneOf: ["CrossAttnDownBlock2D", "DownBlock2D"])
    let up = file.strings(
      "up_block_types", default: ["UpBlock2D"] + Array(repeating: "CrossAttnUpBlock2D", count: 3),
      oneOf: ["CrossAttnUpBlock2D", "UpBlock2D"])
    if !(1...16).contains(stages) { file.report("block_out_channels", expected: "1 to 16 stages") }
    if down.count != stages { file.report("down_block_types", expected: "\(stages) types, one a stage") }
    if up.count != stages { file.report("up_block_types", expected: "\(stages) types, one a stage") }
    downAttention = down.map { $0.hasPrefix("Cross") }
    upAttention = up.map { $0.hasPrefix("Cross") }
  }

  /// Notes keys whose values belong to other networks, which would load and then compute something else.
  private static func refuseOtherArchitectures(_ file: inout ConfigFile) {
    _ = file.string("act_fn", default: "silu", oneOf: ["silu", "swish"])
    // Null is a UNet without a middle block in diffusers.
    _ = file.string("mid_block_type", default: "UNetMidBlock2DCrossAttn", oneOf: ["UNetMidBlock2DCrossAttn"])
    _ = file.string("resnet_time_scale_shift", default: "default", oneOf: ["default"])
    _ = file.string("time_embedding_type", default: "positional", oneOf: ["positional"])
    _ = file.string("attention_type", default: "default", oneOf: ["default"])
    _ = file.int("conv_in_kernel", default: 3, in: 3...3)
    _ = file.int("conv_out_kernel", default: 3, in: 3...3)
    _ = file.double("mid_block_scale_factor", default: 1, in: 1...1)
    _ = file.double("resnet_out_scale_factor", default: 1, in: 1...1)
    for key in [
      "center_input_sample", "dual_cross_attention", "resnet_skip_time_act", "class_embeddings_concat",
      "mid_block_only_cross_attention",
    ] where file.optionalBool(key, default: false) == true {
      file.report(key, expected: "false, as in SD 1.x and 2.x")
    }
    if file.bools("only_cross_attention", default: [false]).contains(true) {
      file.report("only_cross_attention", expected: "false, as in SD 1.x and 2.x")
    }
    for key in [
      "class_embed_type", "addition_embed_type", "encoder_hid_dim", "encoder_hid_dim_type", "time_embedding_act_fn",
      "timestep_post_act", "time_cond_proj_dim", "num_class_embeds", "cross_attention_norm", "time_embedding_dim",
      "projection_class_embeddings_input_dim", "reverse_transformer_layers_per_block", "num_attention_heads",
    ] {
      if let value = file[key], value != .null { file.report(key, expected: "null, as in SD 1.x and 2.x") }
    }
  }

  private func checkDivisions(_ file: inout ConfigFile) {
    for (stage, channels) in blockOutChannels.enumerated() {
      if channels % normGroups != 0 {
        file.report("norm_num_groups", expected: "a divisor of every stage's channels, such as \(channels)")
      }
      if hasAttention(stage), stage < heads.count, channels % heads[stage] != 0 {
        file.report("attention_head_dim", expected: "a divisor of the \(channels) channels of stage \(stage)")
      }
    }
  }

  /// Whether a stage, numbered from the top, has attention on the way down, in the middle or on the way up.
  private func hasAttention(_ stage: Int) -> Bool {
    let last = blockOutChannels.count - 1
    let up = last - stage
    return stage == last || downAttention.indices.contains(stage) && downAttention[stage]
      || upAttention.indices.contains(up) && upAttention[up]
  }
}
