// Where the prompt's object is, how large it is and which way it faces: what the noise decides and no prompt says.

extension Metric {
  static let facingRight = layout(
    "facing_right", "facing right", range: "0 or 1",
    "1: the prompt's one object faces right; 0: it faces left; no value where it has no left and right", "facing"
  ) { ["left": 0, "right": 1][$0.facing.word] }

  static let centerX = layout(
    "center_x", "middle from the left", unit: "picture widths", range: "0 to 1", isShare: false,
    "higher: the middle of the prompt's one object is further to the right", "center"
  ) { $0.center.x }

  static let objectSize = layout(
    "object_size", "size", unit: "log2 pixels", range: "0 or more",
    "higher: the box of the prompt's one object is larger; 1 more: twice the side", "size"
  ) { $0.size }

  /// Of the object that a prompt with one thing names, where the picture shows it.
  private static func layout(
    _ name: String, _ title: String, unit: String? = nil, range: String, isShare: Bool? = nil, _ direction: String,
    _ accuracy: String,
    _ value: @escaping @Sendable (SceneReading.Object) -> Double?
  ) -> Metric {
    Metric(
      name: name, title: title, unit: unit, range: range, isShare: isShare, direction: direction,
      reference: "this project",
      accuracy: .instrument(.sceneReader, [accuracy]),
      measure: .picture { run, instruments in
        guard let scene = PromptScene(run.prompt, try instruments.sceneReader().words), scene.things.count == 1
        else { return nil }
        return try instruments.reading(run).object(scene.things[0].name).flatMap(value)
      })
  }
}
