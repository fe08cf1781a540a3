import Checkpoints

/// The shape of a ``ConvolutionReader``: what its `config.json` says beside the words of its answers.
struct ConvolutionReaderConfiguration: Hashable, Sendable {
  /// In pixels; pictures are square.
  let imageSize: Int
  /// In pixels: two to the power of the levels but the last.
  let patchSize: Int
  /// Channels of each level. Each has half the rows and columns of the one before, the first half those of the picture.
  let channels: [Int]
  /// Residual blocks of each level.
  let blocks: [Int]
  /// Groups of every group norm.
  let groups: Int

  /// The `model_type` of its file.
  static let modelType = "convolutional_scene_reader"

  /// Reads a scene reader's `config.json`.
  /// - Throws: `CheckpointError` naming every key that has a wrong type or value.
  init(_ file: ConfigFile) throws(CheckpointError) {
    var file = file
    _ = file.string("model_type", oneOf: [Self.modelType])
    imageSize = file.int("image_size", in: 1...4096)
    patchSize = file.int("patch_size", in: 1...1024)
    channels = file.ints("block_out_channels", in: 1...16384)
    blocks = file.ints("blocks", in: 0...64)
    groups = file.int("norm_num_groups", in: 1...1024)
    if !(2...8).contains(channels.count) { file.report("block_out_channels", expected: "2 to 8 levels") }
    if blocks.count != channels.count {
      file.report("blocks", found: "\(blocks.count) numbers", expected: "\(channels.count), one a level")
    }
    if let odd = channels.first(where: { $0 % groups != 0 }) {
      file.report("norm_num_groups", expected: "a divisor of every level's channels, such as \(odd)")
    }
    let halved = 1 << min(max(channels.count - 1, 0), 16)
    if patchSize != halved { file.report("patch_size", expected: "\(halved), as many levels but the last halve to") }
    if imageSize % (2 * halved) != 0 {
      file.report("image_size", expected: "a multiple of \(2 * halved), as each level halves it")
    }
    try file.finish()
  }
}
