import Tensors

/// The shape of a vision transformer: the tower of a CLIP, or a ViT such as DINO's.
public struct VisionTransformerConfiguration: Hashable, Sendable {
  /// Which class of transformers it is, by the `model_type` of its file. They differ in the names of their tensors;
  /// CLIP's tower has a layer norm before its layers, a ViT a bias in its patch convolution.
  public enum Family: String, CaseIterable, Hashable, Sendable {
    /// `CLIPVisionModel`.
    case clip = "clip_vision_model"
    /// `ViTModel`.
    case vit
  }

  public var family: Family
  public var hiddenSize = 768
  public var intermediateSize = 3072
  public var layers = 12
  public var heads = 12
  /// The side in pixels of the pictures that the positions were learnt on.
  public var imageSize = 224
  /// The side of a patch in pixels; divides `imageSize`.
  public var patchSize: Int
  public var activation: Activation
  public var normEpsilon: Double
  /// Whether queries, keys and values have a bias.
  public var projectionBias = true

  /// The defaults of transformers' `CLIPVisionConfig` or `ViTConfig`.
  public init(family: Family = .clip) {
    self.family = family
    patchSize = family == .clip ? 32 : 16
    activation = family == .clip ? .quickGELU : .gelu
    normEpsilon = family == .clip ? 1e-5 : 1e-12
  }

  /// Patches along each side of a picture of `imageSize`.
  public var grid: GridSize { GridSize(height: imageSize / patchSize, width: imageSize / patchSize) }
}
