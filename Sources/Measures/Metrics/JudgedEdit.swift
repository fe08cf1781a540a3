import Analysis

/// An edit as the scene reader sees it: both prompts, both pictures, and the objects that stand for one another.
struct JudgedEdit {
  let source: PromptScene
  let target: PromptScene
  let before: SceneReading
  let after: SceneReading
  private let pair: MeasuredEdit

  /// nil for prompts that are not of the scene reader's world, or that name another number of things.
  init?(_ pair: MeasuredEdit, _ instruments: Instruments) throws {
    try self.init(pair, words: instruments.sceneReader().words, read: instruments.reading)
  }

  /// - Parameter read: what a run's picture shows.
  init?(_ pair: MeasuredEdit, words: SceneVocabulary, read: (MeasuredRun) throws -> SceneReading) throws {
    guard let source = PromptScene(pair.source.prompt, words), let target = PromptScene(pair.edit.prompt, words),
      source.things.count == target.things.count
    else { return nil }
    self.pair = pair
    self.source = source
    self.target = target
    before = try read(pair.source)
    after = try read(pair.edit)
  }

  typealias Match = (before: SceneReading.Object, after: SceneReading.Object?)

  /// For each thing of the prompts its object in both pictures; nil if the source's picture lacks one, as then there is
  /// no layout to keep.
  ///
  /// In the edit it is the object of the target's name, and where prompts have one thing the largest whatever its name. Where
  /// there is none the edit failed, and layout is another question: then it is an object of the source's name, or of those
  /// that stand for no other thing the nearest.
  var matches: [Match]? {
    let found = source.things.map { before.object(for: $0, in: source) }
    guard !found.contains(where: { $0 == nil }) else { return nil }
    let sources = found.compactMap { $0 }
    var partners = target.things.indices.map { index -> SceneReading.Object? in
      let wanted = target.things[index]
      // Where the edit failed, a name that the source gives to another thing is that one's.
      let isAnothers = source.things.indices.contains { $0 != index && source.things[$0].name == wanted.name }
      return isAnothers && !hasEveryThing ? nil : after.object(for: wanted, in: target)
    }
    func fill(_ choose: (Int, [SceneReading.Object]) -> SceneReading.Object?) {
      for index in partners.indices where partners[index] == nil {
        partners[index] = choose(index, after.objects.filter { !partners.contains($0) })
      }
    }
    fill { index, left in left.first { $0.name.word == source.things[index].name } }
    fill { index, left in left.min { layout(sources[index], $0).shift < layout(sources[index], $1).shift } }
    return zip(sources, partners).map { ($0, $1) }
  }

  /// How an object stands in both pictures.
  func layout(_ before: SceneReading.Object, _ after: SceneReading.Object) -> Layout {
    Layout(before, after, width: self.before.width, height: self.before.height)
  }

  /// Whether the edit shows every thing that the target names.
  var hasEveryThing: Bool { target.areNamed(in: after.things) }

  /// The one thing whose color differs, where nothing else does; nil for any other edit.
  var recoloredThing: Int? {
    let names = (source.things.map(\.name), target.things.map(\.name))
    guard names.0 == names.1, source.background == target.background, source.style == target.style else { return nil }
    let differing = zip(source.things, target.things).enumerated().filter { $1.0.color != $1.1.color }
    return differing.count == 1 ? differing[0].offset : nil
  }

  /// Something that prompts name and an edit may change.
  enum Kind: CaseIterable {
    case object, color, background, style
  }

  /// Whether everything that differs between the prompts is in the edit as the target says; nil where nothing differs or
  /// it cannot be told.
  /// - Parameter kinds: what is looked at of it.
  func reflectsTarget(in kinds: [Kind] = Kind.allCases) -> Bool? { shows(target, andNot: source, kinds) }

  /// Whether it is in the edit as the source says; nil likewise.
  func reflectsSource(in kinds: [Kind]) -> Bool? { shows(source, andNot: target, kinds) }

  /// Whether the edit's picture shows one of the two prompts in all that differs between them.
  private func shows(_ wanted: PromptScene, andNot other: PromptScene, _ kinds: [Kind]) -> Bool? {
    var answers: [Bool] = []
    for (unwanted, thing) in zip(other.things, wanted.things) {
      if unwanted.name != thing.name, kinds.contains(.object) { answers.append(after.object(thing.name) != nil) }
      guard unwanted.color != thing.color, kinds.contains(.color) else { continue }
      if wanted.hidesColor(of: thing) { return nil }
      answers.append(after.object(for: thing, in: wanted).map { SceneReading.isColor($0, of: thing) } ?? false)
    }
    if other.background != wanted.background, kinds.contains(.background) {
      answers.append(after.background.word == wanted.background)
    }
    if other.style != wanted.style, kinds.contains(.style) { answers.append(after.style.word == wanted.style) }
    return answers.isEmpty ? nil : answers.allSatisfy { $0 }
  }

  /// The mean color difference of pixels that belong to no object of either picture, nor lie within a patch of one; nil
  /// where the edit is meant to change them, or there are none.
  func outsideDifference() throws -> Double? {
    guard source.background == target.background, source.style == target.style else { return nil }
    let margin = Int((Layout.margin * Double(before.width)).rounded())
    guard before.width == after.width, before.height == after.height else { return nil }
    let isInside = zip(before.isOutside(margin: margin), after.isOutside(margin: margin)).map { !($0 && $1) }
    let outside = try pair.edit.colorDifferences(to: pair.source).summaries(mask: isInside).outside
    return outside.count == 0 ? nil : outside.mean
  }
}

/// How an object stands in two pictures.
struct Layout {
  /// Between the middles of the object, in picture widths.
  let shift: Double
  /// log2 of the side of the square of its box's area, after by before: 1 is twice as large.
  let growth: Double
  /// Whether it faces the same way; nil where it has no left and right in one of the pictures.
  let isFacingKept: Bool?

  /// Picture widths that an object may move and still stand where it stood: about a patch of the scene reader.
  static let mostShift = 0.08
  /// An object may grow or shrink by a fifth.
  static let mostGrowth = 0.263
  /// Picture widths beside an object that are not taken for background: a latent cell.
  static let margin = 0.0625

  init(_ before: SceneReading.Object, _ after: SceneReading.Object, width: Int, height: Int) {
    let (x, y) = (after.center.x - before.center.x, (after.center.y - before.center.y) * Double(height) / Double(width))
    shift = (x * x + y * y).squareRoot()
    growth = after.size - before.size
    let faces = [before.facing.word, after.facing.word]
    isFacingKept = faces.contains("front") ? nil : faces[0] == faces[1]
  }

  var isCenterKept: Bool { shift <= Self.mostShift }
  var isSizeKept: Bool { abs(growth) <= Self.mostGrowth }
}
