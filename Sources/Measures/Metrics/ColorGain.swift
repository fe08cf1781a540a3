import Analysis
import Foundation

// How much of a source's color is in its edit, where another color was asked for and nothing else.

extension Metric {
  /// `sum s.e / sum |s|^2` over the edits of an intervention: the signed projection of their color differences on the sources'.
  static let colorGain = Metric(
    name: "color_gain", title: "color gain", range: "any number; 0: the target's own color, 1: the source's",
    direction: "higher: more of the source's color is in the edit; below 0: the edit's color is pushed away from it",
    reference: "this project: sum s.e / sum |s|^2, where " + RecoloredThing.definition,
    accuracy: .instrument(.sceneReader, ["mask"]),
    measure: .set(.all) { edits, instruments in gain(try edits.compactMap { try RecoloredThing($0, instruments) }) })

  static let colorGainByChance = Metric(
    name: "color_gain_by_chance", title: "color gain by chance", range: "any number",
    direction: "a color gain above this speaks for the source's color in its own edit",
    reference:
      "this project: the 97.5 % quantile of color_gain over 1,000 orders in which the sources' colors are shared out "
      + "among the edits",
    accuracy: .instrument(.sceneReader, ["mask"]),
    measure: .set(.all) { edits, instruments in
      chance(try edits.compactMap { try RecoloredThing($0, instruments) })
    })

  static let colorGainEach = Metric(
    name: "color_gain_each", title: "color gain of one edit",
    range: "any number; 0: the target's own color, 1: the source's",
    direction: "as color_gain, of one edit; no value where the two colors are less than 20 apart in CIELAB",
    reference: "this project: s.e / |s|^2, where " + RecoloredThing.definition,
    accuracy: .instrument(.sceneReader, ["mask"]),
    measure: .besideTarget { edit, instruments in
      guard let thing = try RecoloredThing(edit, instruments), thing.room >= leastRoom * leastRoom else { return nil }
      return thing.carried / thing.room
    })

  static let colorShift = Metric(
    name: "color_shift", title: "color shift", unit: "CIEDE2000", digits: 2, range: "0 to about 100",
    direction: "higher: the recolored thing's color is further from the one that the target has with nothing done",
    reference:
      "CIEDE2000 (Sharma, Wu and Dalal 2005) of the thing's mean color in the edit and in the target with nothing done",
    accuracy: .instrument(.sceneReader, ["mask"]),
    measure: .besideTarget { edit, instruments in
      try RecoloredThing(edit, instruments).map { $0.edit.difference(to: $0.target) }
    })

  /// In CIELAB: nearer colors are too alike to say whose the edit's is.
  private static let leastRoom = 20.0

  /// nil where no two colors differ.
  private static func gain(_ things: [RecoloredThing]) -> Double? {
    let room = things.reduce(0) { $0 + $1.room }
    return room > 1e-9 ? things.reduce(0) { $0 + $1.carried } / room : nil
  }

  /// nil for fewer than two edits.
  private static func chance(_ things: [RecoloredThing]) -> Double? {
    guard things.count > 1 else { return nil }
    var random = SplitMix64(seed: 0)
    var sources = things.map(\.source)
    let gains = (0..<orders).compactMap { _ in
      // Fisher and Yates, with a generator that stays as it is.
      for index in sources.indices.dropLast() {
        sources.swapAt(index, index + random.next(below: sources.count - index))
      }
      return gain(zip(things, sources).map { RecoloredThing(source: $1, target: $0.target, edit: $0.edit) })
    }.sorted()
    return gains.isEmpty ? nil : gains[min(gains.count - 1, gains.count * 39 / 40)]
  }

  private static let orders = 1000
}

/// The mean colors of the one thing that an edit gives another color.
struct RecoloredThing {
  /// In the source's picture.
  let source: LabColor
  /// In the picture that the target's prompt gives from the same noise with nothing done.
  let target: LabColor
  let edit: LabColor

  static let definition =
    "s and e are the differences of the recolored thing's mean CIELAB color in the source and in the edit to its color in the "
    + "picture that the target's prompt gives from the same noise with nothing done, each over the pixels that belong to the thing "
    + "there; an edit in which one of the three lacks the thing does not count"

  init(source: LabColor, target: LabColor, edit: LabColor) {
    self.source = source
    self.target = target
    self.edit = edit
  }

  /// nil where more or something else than a color was asked for, or one of the pictures lacks the thing.
  init?(_ edit: MeasuredEdit, _ instruments: Instruments) throws {
    guard let target = edit.target, let judged = try JudgedEdit(edit, instruments), let thing = judged.recoloredThing,
      let before = judged.matches?[thing].before,
      let after = judged.after.object(for: judged.target.things[thing], in: judged.target),
      let own = try instruments.reading(target).object(for: judged.target.things[thing], in: judged.target)
    else { return nil }
    self.init(
      source: try instruments.color(of: before, in: edit.source),
      target: try instruments.color(of: own, in: target), edit: try instruments.color(of: after, in: edit.edit))
  }

  /// s.e
  var carried: Double { zip(source.less(target), edit.less(target)).reduce(0) { $0 + $1.0 * $1.1 } }
  /// |s|^2
  var room: Double { source.less(target).reduce(0) { $0 + $1 * $1 } }
}
