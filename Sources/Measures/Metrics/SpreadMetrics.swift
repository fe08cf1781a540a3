import Analysis

// Diversity of layout over the seeds of a prompt: a model that always puts a car at one place has no layout to keep.

extension Metric {
  static let centerSpread = spread("center_spread", "spread of centers", "picture widths", "center") { objects, shape in
    let (x, y) = (Summary(objects.map(\.center.x)), Summary(objects.map { $0.center.y * shape }))
    return (x.standardDeviation * x.standardDeviation + y.standardDeviation * y.standardDeviation).squareRoot()
  }

  static let sizeSpread = spread("size_spread", "spread of sizes", "log2", "size") { objects, _ in
    Summary(objects.map(\.size)).standardDeviation
  }

  static let facingSpread = spread("facing_spread", "spread of facings", nil, "facing") { objects, _ in
    let sides = objects.compactMap { ["left": -1.0, "right": 1.0][$0.facing.word] }
    return sides.count == objects.count ? Summary(sides).standardDeviation : nil
  }

  /// A standard deviation over the seeds that show the prompt's one object, two of them or more.
  private static func spread(
    _ name: String, _ title: String, _ unit: String?, _ accuracy: String,
    _ value: @escaping @Sendable (_ objects: [SceneReading.Object], _ shape: Double) -> Double?
  ) -> Metric {
    Metric(
      name: name, title: title, unit: unit, range: "0 or more",
      direction: "higher: the prompt's object differs more from seed to seed; 0: always the same",
      reference: "the standard deviation over the seeds that show the object, with n - 1; facing left is -1, right 1",
      accuracy: .instrument(.sceneReader, [accuracy]),
      measure: .seeds { runs, instruments in
        let words = try instruments.sceneReader().words
        guard let first = runs.first, let scene = PromptScene(first.prompt, words), scene.things.count == 1
        else { return nil }
        let readings = try runs.map(instruments.reading)
        let objects = readings.compactMap { $0.object(scene.things[0].name) }
        // Heights count in picture widths.
        return objects.count < 2 ? nil : value(objects, Double(readings[0].height) / Double(readings[0].width))
      })
  }
}
