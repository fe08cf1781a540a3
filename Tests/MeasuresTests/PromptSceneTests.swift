import Measures
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
    "a none", "a none car", "a big red car", "a red car on a purple background", "a red car on an blue background",
  ])
  func anotherTextIsNot(_ prompt: String) {
    #expect(PromptScene(prompt, .small) == nil)
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
