import Tensors

/// The shape of a CLIP, as the `config.json` of a `CLIPModel` states it.
public struct CLIPConfiguration: Hashable, Sendable {
  public var text: CLIPTextConfiguration
  public var vision: VisionTransformerConfiguration
  /// The length of embeddings.
  public var projectionSize = 512
  /// The token whose state stands for a text. Configs before transformers 4.31 say 2, which is no such token: there the
  /// state of the largest token id is taken, as transformers does.
  public var endTokenID = 49407

  /// The defaults of transformers' `CLIPConfig`.
  public init() {
    text = CLIPTextConfiguration()
    vision = VisionTransformerConfiguration(family: .clip)
  }

  /// Where a text's state is taken.
  /// - Parameter ids: the text's token ids; not empty.
  func pooledPosition(_ ids: [Int]) -> Int {
    let token = endTokenID == 2 ? ids.max() : endTokenID
    return ids.firstIndex { $0 == token } ?? 0
  }
}
