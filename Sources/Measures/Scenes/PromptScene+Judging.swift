import Foundation

extension PromptScene {
  /// Whether nobody could tell the color of a thing: excluded from every metric of colors.
  ///
  /// It is the background's color; white in the snow, black at night; any color of a silhouette; white and black of a
  /// pencil sketch, which is not washed with them.
  public func hidesColor(of thing: Thing) -> Bool {
    guard let color = thing.color else { return style == "silhouette" || style == "pencil" }
    if background == color || style == "silhouette" { return true }
    switch color {
    case "white": return background == "in the snow" || style == "pencil"
    case "black": return background == "at night" || style == "pencil"
    default: return false
    }
  }
}

extension PromptScene {
  /// Whether every object that the prompt names is among things.
  func areNamed(in things: [Thing]) -> Bool {
    self.things.allSatisfy { thing in things.contains { $0.name == thing.name } }
  }

  /// Whether every object is among things in its color, and one that is named without a color in its own.
  func isBound(in things: [Thing]) -> Bool {
    var left = things
    return self.things.allSatisfy { thing in left.firstIndex(of: thing).map { _ = left.remove(at: $0) } != nil }
  }
}

extension SceneReading {
  /// What is there, as a prompt would name it.
  var things: [PromptScene.Thing] {
    objects.map { object in
      PromptScene.Thing(object.name.word, color: object.color.word == SceneVocabulary.none ? nil : object.color.word)
    }
  }
}

extension SceneReading.Object {
  /// log2 of the side of a square as large as the box, in pixels.
  var size: Double { 0.5 * log2(Double(max(1, box.width * box.height))) }
}

extension SceneReading {
  /// The object that stands for a thing: of its name, or of a scene with one thing the largest whatever its name.
  func object(for thing: PromptScene.Thing, in scene: PromptScene) -> Object? {
    object(thing.name) ?? (scene.things.count == 1 ? objects.first : nil)
  }

  /// Whether an object's color is the one that a prompt asks for; no color asked for is its own.
  static func isColor(_ object: Object, of thing: PromptScene.Thing) -> Bool {
    object.color.word == thing.color ?? SceneVocabulary.none
  }

  /// Pixels of no object, `[height, width]`.
  func isOutside(margin: Int) -> [Bool] {
    var isOutside = owners.map { $0 < 0 }
    guard margin > 0 else { return isOutside }
    for object in owners.indices where owners[object] >= 0 {
      let (y, x) = object.quotientAndRemainder(dividingBy: width)
      // Only the rim of an object reaches further than the object itself.
      let isInside =
        x > 0 && x < width - 1 && y > 0 && y < height - 1 && owners[object - 1] >= 0 && owners[object + 1] >= 0
        && owners[object - width] >= 0 && owners[object + width] >= 0
      if isInside { continue }
      for ny in max(0, y - margin)...min(height - 1, y + margin) {
        for nx in max(0, x - margin)...min(width - 1, x + margin) { isOutside[ny * width + nx] = false }
      }
    }
    return isOutside
  }
}
