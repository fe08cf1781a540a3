import Foundation

/// How older (or newer) programs name a tensor that the model asks for under another name.
public struct WeightAlias: Hashable, Sendable {
  private enum Rule: Hashable {
    case part(String, String)
    case prefix(String, String)
  }

  private let rule: Rule

  /// `part` of a name, dots included, is written `older` in other files.
  public static func replacing(_ part: String, with older: String) -> WeightAlias {
    WeightAlias(rule: .part(part, older))
  }

  /// Names that begin with `prefix` begin with `other` (which may be empty) in other files.
  public static func replacing(prefix: String, with other: String) -> WeightAlias {
    WeightAlias(rule: .prefix(prefix, other))
  }

  /// The other name; nil where the rule does not apply.
  public func other(_ name: String) -> String? {
    switch rule {
    case .part(let part, let older):
      guard let range = name.range(of: part) else { return nil }
      return name.replacingCharacters(in: range, with: older)
    case .prefix(let prefix, let other):
      guard name.hasPrefix(prefix) else { return nil }
      return other + name.dropFirst(prefix.count)
    }
  }
}

extension [WeightAlias] {
  /// The attention of a VAE in files of diffusers before 0.18, as the first Stable Diffusion checkpoints hold them.
  ///
  /// Their weights may also be shaped as convolutions, `[c, c, 1, 1]`: pass that as `orShapes`.
  public static let olderVAEAttention: [WeightAlias] = [
    .replacing("attentions.0.to_q.", with: "attentions.0.query."),
    .replacing("attentions.0.to_k.", with: "attentions.0.key."),
    .replacing("attentions.0.to_v.", with: "attentions.0.value."),
    .replacing("attentions.0.to_out.0.", with: "attentions.0.proj_attn."),
  ]

  /// A CLIP text encoder whose names lack `text_model.`, as transformers 5 saves a `CLIPTextModel`.
  public static let bareTextEncoder: [WeightAlias] = [.replacing(prefix: "text_model.", with: "")]

  /// A CLIP vision encoder whose names lack `vision_model.`, as transformers 5 saves a `CLIPVisionModel`.
  public static let bareVisionEncoder: [WeightAlias] = [.replacing(prefix: "vision_model.", with: "")]
}
