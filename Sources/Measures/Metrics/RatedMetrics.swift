// What raters say that a picture shows, of what its prompt asks for. Each is nil for a picture that nobody rated, and for a
// prompt that is not of the scene reader's world.

extension Metric {
  /// What the scene reader says of a picture, each with what raters say of the same.
  public static let judgedAndRated: [(judged: Metric, rated: Metric)] = [
    (.objectPresent, .ratedObjectPresent), (.bindingRight, .ratedBindingRight),
  ]

  static let ratedObjectPresent = rated(
    "rated_object_present", "object present, rated", "1: every object that the prompt names is in the answer"
  ) { answer, scene in
    scene.areNamed(in: answer)
  }

  static let ratedBindingRight = rated(
    "rated_binding_right", "binding right, rated",
    "1: every object that the prompt names is in the answer, in its color; one that is named without a color in its own"
  ) { answer, scene in
    scene.things.contains(where: scene.hidesColor) ? nil : scene.isBound(in: answer)
  }

  /// A yes or no of one answer; of several raters the mean.
  private static func rated(
    _ name: String, _ title: String, _ direction: String,
    _ isTrue: @escaping @Sendable ([PromptScene.Thing], PromptScene) -> Bool?
  ) -> Metric {
    Metric(
      name: name, title: title, range: "0 or 1; of several raters the mean", isShare: true, direction: direction,
      reference: "this project", accuracy: .formula("as right as the raters, whom \(RatingsFile.name) names"),
      measure: .rating { run, ratings, words in
        guard let scene = PromptScene(run.prompt, words) else { return nil }
        let answers = try ratings.compactMap { isTrue(try Rating.things($0.answer, words), scene) }
        return answers.isEmpty ? nil : Double(answers.count { $0 }) / Double(answers.count)
      })
  }
}
