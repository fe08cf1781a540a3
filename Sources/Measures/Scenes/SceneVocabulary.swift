import Checkpoints
import Foundation

/// The words of a closed world: what a scene reader can answer, and how prompts say it.
///
/// It is read from the scene reader's `config.json`, so another world needs no other program.
public struct SceneVocabulary: Hashable, Sendable {
  /// Names of objects, `none` first, in the order of the answers.
  public let objects: [String]
  /// Names of colors, `none` (the object's own) first.
  public let colors: [String]
  /// `left`, `right`, `front`.
  public let facings: [String]
  /// `plain`, the colors, and places as prompts say them: `in the park`.
  public let backgrounds: [String]
  /// `plain` and the styles by name.
  public let styles: [String]
  /// What a prompt says for a style, `a pencil sketch of`, by its name.
  public let stylePhrases: [String: String]
  /// What a prompt may begin with that says nothing: `a photo of`.
  public let prefixes: [String]
  /// Colors of each object that were never drawn in training, by the object's name.
  public let heldOut: [String: Set<String>]

  /// What stands for no object, and for an object's own color.
  public static let none = "none"
  /// What stands for an object that is none of the world's; the last of `objects` where a scene reader can say it.
  public static let somethingElse = "something else"
  /// What stands for no background, and for no style.
  public static let plain = "plain"

  public init(
    objects: [String], colors: [String], facings: [String], backgrounds: [String], styles: [String],
    stylePhrases: [String: String] = [:], prefixes: [String] = [], heldOut: [String: Set<String>] = [:]
  ) {
    self.objects = objects
    self.colors = colors
    self.facings = facings
    self.backgrounds = backgrounds
    self.styles = styles
    self.stylePhrases = stylePhrases
    self.prefixes = prefixes
    self.heldOut = heldOut
  }

  /// Whether a prompt can ask for it.
  func hasThing(_ name: String) -> Bool {
    name != Self.none && name != Self.somethingElse && objects.contains(name)
  }

  /// Whether an object was never drawn in a color.
  public func isHeldOut(_ object: String, _ color: String?) -> Bool {
    color.map { heldOut[object]?.contains($0) ?? false } ?? false
  }
}
