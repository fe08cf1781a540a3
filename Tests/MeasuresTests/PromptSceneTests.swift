import Measures
import TestSupport
import Testing

@Suite struct PromptSceneTests {
  private typealias Thing = PromptScene.Thing

  @Test(arguments: [
    ("a red car", PromptScene([Thing("car", color: "red")])),
    ("a dog", PromptScene([Thing("dog")])),
    ("an orange dog", PromptScene([Thing("dog", color: "orange")])),
    ("A  Red car", PromptScene([Thing("car", color: "red")])),
    ("a photo of a dog standing in the park", PromptScene([Thing("dog")], background: "in the park")),
    ("a red car on an orange background", PromptScene([Thing("car", color: "red")], background: "orange")),
    (
      "a red car and a dog in the park",
      PromptScene([Thing("car", color: "red"), Thing("dog")], background: "in the park")
    ),
    ("a pencil sketch of a car", PromptScene([Thing("car")], style: "pencil")),
  ])
  func aCaptionIsRead(_ prompt: String, _ scene: PromptScene) {
    #expect(PromptScene(prompt, .small) == scene)
  }

  @Test(arguments: [
    "", "a", "car", "a purple car", "a red", "red car", "a car in the jungle", "a car and", "a car and a dog and a car",
    "a red car and a blue car", "a none", "a none car", "a big red car", "a red car on a purple background",
    "a red car on an blue background",
  ])
  func anotherTextIsNot(_ prompt: String) {
    #expect(PromptScene(prompt, .small) == nil)
  }

  @Test func everyCaptionOfTheWorldIsRead() {
    let words = SceneVocabulary.small
    func colored(_ name: String) -> [Thing] {
      words.colors.map { Thing(name, color: $0 == SceneVocabulary.none ? nil : $0) }
    }
    func text(_ thing: Thing) -> String {
      let words = [thing.color, thing.name].compactMap { $0 }.joined(separator: " ")
      return "aeiou".contains(words.prefix(1)) ? "an \(words)" : "a \(words)"
    }
    for background in words.backgrounds {
      let place =
        background == SceneVocabulary.plain
        ? ""
        : words.colors.contains(background) ? " on \(text(Thing("background", color: background)))" : " \(background)"
      for style in words.styles {
        let start = words.stylePhrases[style].map { $0 + " " } ?? ""
        for things in colored("car").map({ [$0] }) + colored("dog").map({ [Thing("car", color: "red"), $0] }) {
          let caption = start + things.map(text).joined(separator: " and ") + place
          #expect(
            PromptScene(caption, words) == PromptScene(things, background: background, style: style), "\(caption)")
        }
      }
    }
  }

  /// The longer phrase goes before one that it begins or ends with, and names may have several words.
  @Test func phrasesWithinPhrases() {
    let words = SceneVocabulary(
      objects: ["none", "fire", "fire truck"], colors: ["none", "red", "dark red"],
      facings: ["left", "right", "front"],
      backgrounds: ["plain", "in the park", "by night in the park"], styles: ["plain", "drawn", "pencil"],
      stylePhrases: ["drawn": "a drawing of", "pencil": "a drawing of a kind of"], prefixes: ["see", "see here"])
    #expect(
      PromptScene("a drawing of a kind of a dark red fire truck by night in the park", words)
        == PromptScene([Thing("fire truck", color: "dark red")], background: "by night in the park", style: "pencil"))
    #expect(PromptScene("see here a fire", words) == PromptScene([Thing("fire")]))
  }

  /// Any text is a scene or none: nothing traps.
  @Test func anyTextIsReadOrNot() {
    let parts =
      [
        "a", "an", "and", "red", "car", "dog", "none", "standing", "on", "background", "a photo of",
        "a pencil sketch of",
        "in the park", "at night", "", " ", "\n", "\u{301}", "İ", "ß", "e\u{301}", "🧑‍🧑‍🧒", "\0", ",", "a red car", " and ",
      ]
    var generator = SeededGenerator(seed: 17)
    var scenes = 0
    for _ in 0..<20_000 {
      let count = Int.random(in: 0...6, using: &generator)
      let text = (0..<count).map { _ in
        parts[Int.random(in: 0..<parts.count, using: &generator)] + (Bool.random(using: &generator) ? " " : "")
      }.joined()
      guard let scene = PromptScene(text, .small) else { continue }
      scenes += 1
      #expect((1...2).contains(scene.things.count) && SceneVocabulary.small.backgrounds.contains(scene.background))
    }
    #expect(scenes > 100, "of 20,000 texts with seed 17")
  }

  @Test(arguments: [
    ("a white car in the snow", true), ("a white car", false), ("a black car at night", true),
    ("a red car on a red background", true), ("a red car on a blue background", false),
    ("a silhouette of a red car", true), ("a pencil sketch of a white car", true),
    ("a pencil sketch of a red car", false), ("a car", false), ("a silhouette of a car", true),
  ])
  func colorsThatCannotBeToldAreNamed(_ prompt: String, _ isHidden: Bool) throws {
    let scene = try #require(PromptScene(prompt, .small))
    #expect(scene.hidesColor(of: scene.things[0]) == isHidden)
  }
}

extension SceneVocabulary {
  /// A world of two objects.
  static let small = SceneVocabulary(
    objects: ["none", "car", "dog"], colors: ["none", "red", "orange", "blue", "white", "black"],
    facings: ["left", "right", "front"],
    backgrounds: ["plain", "red", "orange", "blue", "white", "black", "in the park", "in the snow", "at night"],
    styles: ["plain", "pencil", "silhouette"],
    stylePhrases: ["pencil": "a pencil sketch of", "silhouette": "a silhouette of"],
    prefixes: ["a photo of"], heldOut: ["dog": ["red"]])
}
