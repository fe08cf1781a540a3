import Tensors

/// The shape of a UNet, as `unet/config.json` states it; missing keys take the defaults of diffusers'
/// `UNet2DConditionModel`.
public struct UNetConfiguration: Hashable, Sendable {
  /// Rows and columns of the latents it was trained for; nil if the file does not say.
  public var sampleSize: GridSize?
  public var inChannels = 4
  public var outChannels = 4
  public var flipSinToCos = true
  public var frequencyShift = 0.0
  /// Whether each stage of the way down has attention.
  public var downAttention = [true, true, true, false]
  public var upAttention = [false, true, true, true]
  /// Channels of each stage.
  public var blockOutChannels = [320, 640, 1280, 1280]
  /// Residual blocks of each stage of the way down; the way up has one more.
  public var layersPerBlock = [2, 2, 2, 2]
  public var normGroups = 32
  public var normEpsilon = 1e-5
  /// Channels of the encoded prompt.
  public var crossAttentionDim = 1280
  /// Heads of each stage, also of one without attention, where they mean nothing (`attention_head_dim` of the file, whose name is a mistake that diffusers keeps).
  public var heads = [8, 8, 8, 8]
  public var transformerLayersPerBlock = [1, 1, 1, 1]
  /// Whether the projections around the transformer blocks are linear layers (SD 2.x) or 1x1 convolutions (SD 1.x).
  public var usesLinearProjection = false
  public var downsamplePadding = 1

  /// Of Stable Diffusion 1.x: what is taken where a file does not say.
  public static let commonSampleSize = GridSize(height: 64, width: 64)

  public init() {}

  /// Channels of the time embedding.
  public var timeChannels: Int { blockOutChannels[0] * 4 }
}
