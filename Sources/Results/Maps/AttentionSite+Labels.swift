import Attention
import Foundation

extension AttentionSite {
  /// The block's path without what is the same for all: `up_blocks.2.attentions.1`.
  public var shortPath: String {
    path.components(separatedBy: ".transformer_blocks.").first ?? path
  }

  /// What figures call it: `12 up_blocks.2.attentions.1 · 16x16`, height before width.
  public var figureLabel: String { "\(layer) \(shortPath) · \(width)x\(height)" }

  /// The same where there is little room: `layer 12 · 16x16`.
  public var briefLabel: String { "layer \(layer) · \(width)x\(height)" }
}
