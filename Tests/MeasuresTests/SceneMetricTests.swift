import Foundation
import Tensors
import Testing

@testable import Measures

@Suite struct JudgedEditTests {
  private static let side = 32

  private static func reading(
    _ name: String, _ color: String = "none", facing: String = "left", rows: Range<Int> = 2..<6,
    columns: Range<Int> = 2..<6, background: String = "plain"
  ) -> SceneReading {
    var answers = MadeUpAnswers(background: background)
    answers.put(name, color, facing: facing, rows: rows, columns: columns)
    return answers.reading()
  }

  private static func run(_ prompt: String, _ reading: SceneReading, gray: UInt8 = 128) throws -> MeasuredRun {
    let run = MeasuredRun(
      prompt: prompt,
      picture: try Picture(width: side, height: side, pixels: [UInt8](repeating: gray, count: side * side * 3)))
    run.readings[.sceneReader] = reading
    return run
  }

  private func judged(
    _ source: String, _ before: SceneReading, _ target: String, _ after: SceneReading, gray: UInt8 = 128
  ) throws -> JudgedEdit? {
    try JudgedEdit(
      MeasuredEdit(Self.run(target, after, gray: gray), source: Self.run(source, before)), words: .small
    ) {
      $0.readings[.sceneReader] ?? before
    }
  }

  @Test(arguments: [
    ("a red car", "a blue car", "car", "blue", "plain", true),
    ("a red car", "a blue car", "car", "red", "plain", false),
    // Only what differs is asked for: a dog in blue has the color.
    ("a red car", "a blue car", "dog", "blue", "plain", true),
    ("a red car", "a red dog", "dog", "blue", "plain", true), ("a red car", "a red dog", "car", "red", "plain", false),
    ("a red car", "a red car in the park", "car", "red", "in the park", true),
    ("a red car", "a red car in the park", "car", "red", "plain", false),
    ("a red car", "a blue dog", "dog", "red", "plain", false), ("a red car", "a car", "car", "none", "plain", true),
  ])
  func whatDiffersIsReflectedOrNot(
    _ source: String, _ target: String, _ name: String, _ color: String, _ background: String, _ expected: Bool
  ) throws {
    let edit = try #require(
      try judged(source, Self.reading("car", "red"), target, Self.reading(name, color, background: background)))
    #expect(edit.reflectsTarget() == expected)
  }

  /// An edit that was taken back shows the source; one that broke shows neither.
  @Test(arguments: [
    ("a blue car", "car", "red", "plain", [true, nil, nil]), ("a blue car", "car", "blue", "plain", [false, nil, nil]),
    ("a blue car", "car", "green", "plain", [false, nil, nil]), ("a red dog", "car", "red", "plain", [nil, true, nil]),
    ("a red dog", "dog", "red", "plain", [nil, false, nil]),
    ("a red car in the park", "car", "red", "plain", [nil, nil, true]),
    ("a red car in the park", "car", "red", "in the park", [nil, nil, false]),
    ("a blue dog", "car", "red", "plain", [true, true, nil]),
  ])
  func whatTheSourceHasIsThereOrNot(
    _ target: String, _ name: String, _ color: String, _ background: String, _ expected: [Bool?]
  ) throws {
    let after = Self.reading(name, color, background: background)
    let edit = try #require(try judged("a red car", Self.reading("car", "red"), target, after))
    #expect([.color, .object, .background].map { edit.reflectsSource(in: [$0]) } == expected)
    #expect(edit.reflectsSource(in: [.style]) == nil)
  }

  @Test func nothingIsSaidOfEqualPromptsAndColorsThatCannotBeTold() throws {
    let car = Self.reading("car", "red")
    #expect(try judged("a red car", car, "a red car", car)?.reflectsTarget() == nil)
    #expect(try judged("a red car in the snow", car, "a white car in the snow", car)?.reflectsTarget() == nil)
    #expect(try judged("a red car", car, "a drawing", car) == nil)
    #expect(try judged("a red car", car, "a red car and a dog", car) == nil)
  }

  @Test func layoutIsMeasured() throws {
    let before = Self.reading("car", "red")
    let moved = Self.reading("car", "blue", columns: 3..<7)
    let edit = try #require(try judged("a red car", before, "a blue car", moved))
    let match = try #require(edit.matches?.first)
    let layout = Layout(match.before, try #require(match.after), width: Self.side, height: Self.side)
    #expect(abs(layout.shift - 4.0 / 32) < 1e-9 && abs(layout.growth) < 1e-9 && layout.isFacingKept == true)
    #expect(!layout.isCenterKept && layout.isSizeKept)
    let grown = Self.reading("car", "blue", facing: "right", rows: 1..<7, columns: 1..<7)
    let other = try #require(try judged("a red car", before, "a blue car", grown)?.matches?.first)
    let change = Layout(other.before, try #require(other.after), width: Self.side, height: Self.side)
    #expect(abs(change.growth - log2(24.0 / 16)) < 1e-9 && !change.isSizeKept && change.isCenterKept)
    #expect(change.isFacingKept == false)
  }

  @Test func facingIsOnlyToldOfWhatHasSides() throws {
    let edit = try #require(
      try judged("a red car", Self.reading("car"), "a blue car", Self.reading("car", facing: "front")))
    let match = try #require(edit.matches?.first)
    #expect(Layout(match.before, try #require(match.after), width: 32, height: 32).isFacingKept == nil)
  }

  @Test func anObjectThatIsGoneHasNoPlaceAndASourceWithoutOneNoLayout() throws {
    let (car, nothing) = (Self.reading("car", "red"), MadeUpAnswers().reading())
    let gone = try #require(try judged("a red car", car, "a blue car", nothing))
    #expect(gone.matches?.count == 1 && gone.matches?[0].after == nil)
    #expect(try judged("a red car", nothing, "a blue car", car)?.matches == nil)
  }

  /// Two things, of which one is to change: the picture of the source keeps its layout, though the edit failed.
  @Test func layoutIsAnotherQuestionThanTheEdit() throws {
    let small = SceneVocabulary.small
    let words = SceneVocabulary(
      objects: small.objects + ["boat", "house"], colors: small.colors, facings: small.facings,
      backgrounds: small.backgrounds, styles: small.styles, stylePhrases: [:], prefixes: [], heldOut: [:])
    func scene(_ right: String, at columns: Range<Int> = 5..<7) -> SceneReading {
      var answers = MadeUpAnswers(words: words)
      answers.put("car", "red", rows: 2..<5, columns: 0..<3)
      answers.put(right, "blue", rows: 5..<7, columns: columns)
      return answers.reading()
    }
    func edit(_ after: SceneReading) throws -> JudgedEdit {
      let source = try Self.run("a red car and a blue dog", scene("dog"))
      let run = try Self.run("a red car and a blue boat", after)
      return try #require(
        try JudgedEdit(MeasuredEdit(run, source: source), words: words) { $0.readings[.sceneReader] ?? after })
    }
    for (after, kept, accepted) in [
      (scene("dog"), 1.0, false), (scene("boat"), 1, true), (scene("dog", at: 2..<4), 0, false),
      (scene("boat", at: 2..<4), 0, false), (scene("house"), 1, false),
    ] {
      #expect(try Metric.isLayoutKept(edit(after)) == kept)
      #expect(try Metric.isAccepted(edit(after)) == accepted)
    }
    // A name that the source gives to the other thing is that one's where the edit failed.
    let source = try Self.run("a blue dog and a red car", scene("dog"))
    let shifted = try #require(
      try JudgedEdit(
        MeasuredEdit(Self.run("a red car and a blue boat", scene("dog")), source: source), words: words
      ) { $0.readings[.sceneReader] ?? scene("dog") })
    #expect(shifted.matches?.map { $0.after?.name.word } == ["dog", "car"])
    #expect(Metric.isLayoutKept(shifted) == 1)
    // What is left over stands for the missing thing, and nothing stands for two.
    #expect(try edit(scene("house")).matches?.map { $0.after?.name.word } == ["car", "house"])
    var alone = MadeUpAnswers(words: words)
    alone.put("car", "red", rows: 2..<5, columns: 0..<3)
    #expect(try edit(alone.reading()).matches?.map { $0.after?.name.word } == ["car", nil])
    #expect(try Metric.isLayoutKept(edit(alone.reading())) == 0)
  }

  @Test func theOutsideIsWhatLiesAwayFromBothObjects() throws {
    let (car, far) = (Self.reading("car", "red"), Self.reading("car", "blue", rows: 0..<2, columns: 0..<2))
    #expect(try judged("a red car", car, "a blue car", far)?.outsideDifference() == 0)
    let brighter = try #require(try judged("a red car", car, "a blue car", far, gray: 160)?.outsideDifference())
    #expect(brighter > 5)
    #expect(try judged("a red car", car, "a red car in the park", car)?.outsideDifference() == nil)
    let everywhere = Self.reading("car", "red", rows: 0..<8, columns: 0..<8)
    #expect(try judged("a red car", everywhere, "a blue car", car)?.outsideDifference() == nil)
  }

  /// What is kept of one picture's differences is not given for those of another.
  @Test func differencesAreThoseOfThePictureThatIsAskedFor() throws {
    let car = Self.reading("car", "red")
    let edit = try Self.run("a blue car", car)
    let sources = try [UInt8(128), 100, 100, 128].map { try Self.run("a red car", car, gray: $0) }
    let means = try sources.map { try edit.colorDifferences(to: $0).summary.mean }
    #expect(means[0] == 0)
    #expect(means[1] > 5)
    #expect(means[2] == means[1])
    #expect(means[3] == 0)
    edit.release()
    #expect(try edit.colorDifferences(to: sources[1]).summary.mean == means[1])
  }
}
