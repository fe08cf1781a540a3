import DiffusionModels
import Tensors

/// The shape of a CLIP, as the `config.json` of a `CLIPModel` states it.
public struct CLIPConfiguration: Hashable, Sendable {
  public var text: CLIPTextConfiguration
  public var vision: VisionTransformerConfiguration
  /// The length of embeddings.
  public var projectionSize = 512

  /// The defaults of transformers' `CLIPConfig`.
  public init() {
    text = CLIPTextConfiguration()
    vision = VisionTransformerConfiguration(family: .clip)
  }

  /// Where a text's state is taken.
  /// - Parameter ids: the text's token ids; not empty.
  func pooledPosition(_ ids: [Int]) -> Int {
    let token = text.endTokenID == 2 ? ids.max() : text.endTokenID
    return ids.firstIndex { $0 == token } ?? 0
  }
}
