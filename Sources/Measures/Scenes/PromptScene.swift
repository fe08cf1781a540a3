import Foundation

/// What a prompt of the closed world asks for: the truth that a picture is held against.
public struct PromptScene: Hashable, Sendable {
  public struct Thing: Hashable, Sendable {
    public let name: String
    /// nil: the prompt names none.
    public let color: String?

    public init(_ name: String, color: String? = nil) {
      self.name = name
      self.color = color
    }
  }

  /// In the prompt's order; never empty.
  public let things: [Thing]
  /// A color, a place as the prompt says it, or `plain`.
  public let background: String
  /// A style's name, or `plain`.
  public let style: String

  public init(_ things: [Thing], background: String = SceneVocabulary.plain, style: String = SceneVocabulary.plain) {
    self.things = things
    self.background = background
    self.style = style
  }

  /// Reads `a photo of a red car and a ball on a blue background`.
  ///
  /// The grammar is that of the captions that the model was trained on: a prefix or a style, one or two different things
  /// with an article and at most a color, `standing`, and a place or a colored background.
  /// - Returns: nil for any other text: nothing is said of a picture whose prompt is not understood.
  public init?(_ prompt: String, _ words: SceneVocabulary) {
    var text = prompt.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    style = Self.takeStyle(from: &text, words)
    background = Self.takeBackground(from: &text, words)
    if text.hasSuffix(" standing") { text.removeLast(" standing".count) }
    let phrases = text.components(separatedBy: " and ")
    let things = phrases.compactMap { Self.thing($0, words) }
    // Of two things of one name nobody could say which is which.
    guard things.count == phrases.count, (1...2).contains(things.count), Set(things.map(\.name)).count == things.count
    else { return nil }
    self.things = things
  }

  private static func takeStyle(from text: inout String, _ words: SceneVocabulary) -> String {
    for (name, phrase) in longestFirst(words.stylePhrases.map { ($0, $1) }, by: { $0.1 })
    where text.hasPrefix(phrase + " ") {
      text.removeFirst(phrase.count + 1)
      return name
    }
    for prefix in longestFirst(words.prefixes, by: { $0 }) where text.hasPrefix(prefix + " ") {
      text.removeFirst(prefix.count + 1)
      break
    }
    return SceneVocabulary.plain
  }

  private static func takeBackground(from text: inout String, _ words: SceneVocabulary) -> String {
    for name in longestFirst(words.backgrounds, by: { $0 }) where name != SceneVocabulary.plain {
      let article = "aeiou".contains(name.prefix(1)) ? "an" : "a"
      let ending = words.colors.contains(name) ? " on \(article) \(name) background" : " \(name)"
      if text.hasSuffix(ending) {
        text.removeLast(ending.count)
        return name
      }
    }
    return SceneVocabulary.plain
  }

  /// Of two phrases that fit, the one that says more.
  private static func longestFirst<Phrase>(_ phrases: [Phrase], by text: (Phrase) -> String) -> [Phrase] {
    phrases.sorted { (text($0).count, text($1)) > (text($1).count, text($0)) }
  }

  /// A thing with its article, `a red car`.
  static func thing(_ phrase: String, _ words: SceneVocabulary) -> Thing? {
    guard let article = ["a ", "an "].first(where: phrase.hasPrefix) else { return nil }
    let rest = String(phrase.dropFirst(article.count))
    if words.hasThing(rest) { return Thing(rest) }
    for color in words.colors where color != SceneVocabulary.none && rest.hasPrefix(color + " ") {
      let name = String(rest.dropFirst(color.count + 1))
      if words.hasThing(name) { return Thing(name, color: color) }
    }
    return nil
  }
}
