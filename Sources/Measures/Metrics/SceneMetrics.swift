// What a picture shows of what its prompt asks for, as the scene reader sees it. Each is nil for a prompt that is not of
// the scene reader's world.

extension Metric {
  static let objectPresent = truth(
    "object_present", "object present", "1: every object that the prompt names is in the picture", ["object"]
  ) { reading, scene in
    scene.areNamed(in: reading.things)
  }

  static let colorPresent = truth(
    "color_present", "color present",
    "1: every color that the prompt names is an object's, whichever object it is; no value where none is named or it "
      + "cannot be told (see \"What the scene reader cannot tell\" on the page Measures)", ["color"]
  ) { reading, scene in
    guard scene.things.contains(where: { $0.color != nil }), !scene.things.contains(where: scene.hidesColor) else {
      return nil
    }
    var colors = reading.objects.map(\.color.word)
    return scene.things.compactMap(\.color).allSatisfy { color in
      colors.firstIndex(of: color).map { _ = colors.remove(at: $0) } != nil
    }
  }

  public static let bindingRight = truth(
    "binding_right", "binding right",
    "1: every object that the prompt names is there in its color; one that is named without a color in its own",
    ["object", "color"]
  ) { reading, scene in
    guard !scene.things.contains(where: scene.hidesColor) else { return nil }
    return scene.isBound(in: reading.things)
  }

  static let bindingOfTwo = truth(
    "binding_of_two", "binding of two right",
    "1: both objects that the prompt names in two colors are there, each in its own; no value for any other prompt",
    ["object", "color"]
  ) { reading, scene in
    guard scene.things.count == 2, Set(scene.things.compactMap(\.color)).count == 2,
      !scene.things.contains(where: scene.hidesColor)
    else { return nil }
    return scene.isBound(in: reading.things)
  }

  static let backgroundRight = truth(
    "background_right", "background right",
    "1: the background is the color or the place that the prompt names; plain where it names none", ["background"]
  ) { reading, scene in
    reading.background.word == scene.background
  }

  static let styleRight = truth(
    "style_right", "style right", "1: the style is the one that the prompt names; plain where it names none", ["style"]
  ) { reading, scene in
    reading.style.word == scene.style
  }

  public static let pictureRight = truth(
    "picture_right", "picture right", "1: objects, their colors, background and style are those of the prompt",
    ["object", "color", "background", "style"]
  ) { reading, scene in
    let named = scene.areNamed(in: reading.things)
    let colored = scene.things.contains(where: scene.hidesColor) || scene.isBound(in: reading.things)
    return named && colored && reading.background.word == scene.background && reading.style.word == scene.style
  }

  /// A yes or no of one picture.
  private static func truth(
    _ name: String, _ title: String, _ direction: String, _ accuracies: [String],
    _ isTrue: @escaping @Sendable (SceneReading, PromptScene) -> Bool?
  ) -> Metric {
    Metric(
      name: name, title: title, range: "0 or 1", direction: direction, reference: "this project",
      accuracy: .instrument(.sceneReader, accuracies),
      measure: .picture { run, instruments in
        guard let scene = PromptScene(run.prompt, try instruments.sceneReader().words) else { return nil }
        return isTrue(try instruments.reading(run), scene).map { $0 ? 1 : 0 }
      })
  }
}
