import Analysis
import Tensors

extension Metric {
  /// The squared correlation of colors as vectors: with `s` and `e` the mean CIELAB colors of the objects of sources and
  /// edits less their means over the set, `(sum s.e)^2 / (sum |s|^2 sum |e|^2)`.
  static let leak = Metric(
    name: "leak", title: "leak", range: "0 to 1",
    direction:
      "higher: more of the edits' color follows the source's; about 1 / (n - 1) comes by chance from n sources",
    reference:
      "this project: for a target and a seed, the share of the variance of the edited object's CIELAB color that "
      + "the source object's color explains by one factor, over all sources that differ in one color alone, 3 or more",
    accuracy: .instrument(.sceneReader, ["mask"]),
    measure: .set(.sourceColors) { edits, instruments in
      let judged = try edits.compactMap { edit in
        try JudgedEdit(edit, instruments).flatMap { $0.differsInColorAlone ? (edit: edit, judged: $0) : nil }
      }
      // Of a target with two things all sources must differ in the same one.
      let things = Set(judged.compactMap(\.judged.recoloredThing))
      guard let thing = things.first, things.count == 1 else { return nil }
      let colors = try judged.compactMap { edit, judged -> (source: LabColor, edit: LabColor)? in
        guard let match = judged.matches?[thing], let after = match.after else { return nil }
        return try (
          meanColor(of: match.before, judged.before, edit.source.picture()),
          meanColor(of: after, judged.after, edit.edit.picture())
        )
      }
      return colors.count < 3 ? nil : explained(colors)
    })

  private static func meanColor(
    of object: SceneReading.Object, _ reading: SceneReading, _ picture: Picture
  ) throws -> LabColor {
    let owner = reading.objects.firstIndex(of: object).flatMap { Int8(exactly: $0) } ?? -1
    let colors = reading.owners.indices.filter { reading.owners[$0] == owner }.map { pixel in
      LabColor(
        red: picture.pixels[3 * pixel], green: picture.pixels[3 * pixel + 1], blue: picture.pixels[3 * pixel + 2])
    }
    return LabColor.mean(colors)
  }

  private static func explained(_ colors: [(source: LabColor, edit: LabColor)]) -> Double? {
    let (s, e) = (LabColor.mean(colors.map(\.source)), LabColor.mean(colors.map(\.edit)))
    var (product, sources, edits) = (0.0, 0.0, 0.0)
    for color in colors {
      let (a, b) = (color.source.less(s), color.edit.less(e))
      product += zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
      sources += a.reduce(0) { $0 + $1 * $1 }
      edits += b.reduce(0) { $0 + $1 * $1 }
    }
    // Of equal colors the means differ by rounding alone.
    return sources > 1e-9 && edits > 1e-9 ? product * product / (sources * edits) : nil
  }
}
