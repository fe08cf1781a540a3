import Analysis
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Measures

/// Metrics of many pictures, on readings and pictures that are made up; values worked out by hand.
@Suite struct SetMetricTests {
  private static let instruments = InstrumentFolders([
    .sceneReader: Fixtures.folder.appending(path: "vision/tiny-scene-reader").path
  ])

  /// A picture of one gray, in which things stand on patches of 4 pixels.
  private func run(
    _ prompt: String, _ things: [(name: String, color: String)] = [("car", "red")], gray: UInt8 = 128,
    facing: String = "left", rows: Range<Int> = 2..<6, columns: Range<Int> = 2..<6, width: Int = 32
  ) throws -> MeasuredRun {
    var answers = MadeUpAnswers()
    for (index, thing) in things.enumerated() {
      let width = columns.count
      let first = columns.lowerBound + index * (width + 1)
      answers.put(thing.name, thing.color, facing: facing, rows: rows, columns: first..<first + width)
    }
    let run = MeasuredRun(
      prompt: prompt, picture: try Picture(width: width, height: 32, pixels: .init(repeating: gray, count: width * 96)))
    run.readings[.sceneReader] = answers.reading(width: width)
    return run
  }

  private func value(_ metric: Metric, _ edits: [MeasuredEdit]) throws -> Double? {
    guard case .set(_, let measure) = metric.measure else { return nil }
    return try measure(edits, Instruments(Self.instruments))
  }

  private func value(_ metric: Metric, _ runs: [MeasuredRun]) throws -> Double? {
    guard case .seeds(let measure) = metric.measure else { return nil }
    return try measure(runs, Instruments(Self.instruments))
  }

  // MARK: - Leak

  private static let colors = ["red", "blue", "black", "white"]

  private func edits(_ grays: [(source: UInt8, edit: UInt8)]) throws -> [MeasuredEdit] {
    try zip(Self.colors, grays).map { color, grays in
      MeasuredEdit(
        try run("a white car", gray: grays.edit), source: try run("a \(color) car", gray: grays.source))
    }
  }

  @Test func leakIsTheSquaredCorrelation() throws {
    // What follows the source wholly, in turn, and not at all.
    let same = try #require(try value(.leak, edits([(10, 10), (90, 90), (200, 200)])))
    #expect(abs(same - 1) < 1e-12)
    let crossed = try #require(try value(.leak, edits([(10, 40), (90, 40), (10, 160), (90, 160)])))
    #expect(crossed < 1e-12)
    // Grays have a lightness alone, up to 0.005, so the vectors' correlation is that of numbers.
    func level(_ gray: UInt8) -> Double { LabColor(red: gray, green: gray, blue: gray).lightness }
    let pairs: [(source: UInt8, edit: UInt8)] = [(20, 100), (80, 60), (220, 160)]
    let (s, e) = (pairs.map { level($0.source) }, pairs.map { level($0.edit) })
    let (meanS, meanE) = (s.reduce(0, +) / 3, e.reduce(0, +) / 3)
    let covariance = zip(s, e).map { ($0 - meanS) * ($1 - meanE) }.reduce(0, +)
    let spreads =
      s.map { ($0 - meanS) * ($0 - meanS) }.reduce(0, +) * e.map { ($0 - meanE) * ($0 - meanE) }.reduce(0, +)
    let found = try #require(try value(.leak, edits(pairs)))
    #expect(abs(found - covariance * covariance / spreads) < 1e-5)
    #expect(found > 0.2 && found < 0.8)
  }

  @Test func leakNeedsThreeSourcesOfOneThingAndColorsThatDiffer() throws {
    #expect(try value(.leak, edits([(10, 10), (90, 90)])) == nil)
    #expect(try value(.leak, edits([(10, 77), (90, 77), (200, 77)])) == nil)
    #expect(try value(.leak, edits([(33, 10), (33, 90), (33, 200)])) == nil)
    // A source that differs in more than a color is not of the set.
    let dog = MeasuredEdit(try run("a white car"), source: try run("a red dog", [("dog", "red")], gray: 5))
    #expect(try value(.leak, edits([(10, 10), (90, 90)]) + [dog]) == nil)
    // Nor one whose edit has lost the object; there another one stands for it where the scene has but one.
    let lost = MeasuredEdit(try run("a white car", []), source: try run("a black car", gray: 5))
    #expect(try value(.leak, edits([(10, 10), (90, 90)]) + [lost]) == nil)
  }

  @Test func leakOfTwoThingsIsOfTheOneThatDiffers() throws {
    let things = [("car", "red"), ("dog", "blue")]
    func edit(_ source: String, _ grays: (UInt8, UInt8)) throws -> MeasuredEdit {
      MeasuredEdit(
        try run("a red car and a blue dog", things, gray: grays.1, rows: 1..<4, columns: 0..<3),
        source: try run(source, things, gray: grays.0, rows: 1..<4, columns: 0..<3))
    }
    let cars = [
      try edit("a white car and a blue dog", (10, 20)), try edit("a black car and a blue dog", (90, 100)),
    ]
    let third = try edit("a blue car and a blue dog", (200, 220))
    #expect(try #require(try value(.leak, cars + [third])) > 0.99)
    #expect(try value(.leak, cars + [try edit("a red car and a white dog", (200, 220))]) == nil)
    // The target itself as a source is one of them.
    #expect(try #require(try value(.leak, cars + [try edit("a red car and a blue dog", (200, 220))])) > 0.99)
  }

  // MARK: - Tries

  @Test func expectedTriesAreSeedsByAcceptedOnes() throws {
    func edit(
      _ after: MeasuredRun, before things: [(name: String, color: String)] = [("car", "red")]
    ) throws -> MeasuredEdit {
      MeasuredEdit(after, source: try run("a red car", things))
    }
    let accepted = try edit(run("a blue car", [("car", "blue")]))
    let wrongColor = try edit(run("a blue car", [("car", "red")]))
    let moved = try edit(run("a blue car", [("car", "blue")], columns: 3..<7))
    let brighter = try edit(run("a blue car", [("car", "blue")], gray: 190))
    let untold = try edit(run("a blue car", [("car", "blue")]), before: [])
    #expect(try value(.expectedTries, [accepted]) == 1)
    #expect(try value(.expectedTries, [wrongColor, accepted, moved]) == 3)
    #expect(try value(.expectedTries, [wrongColor, accepted, moved, brighter, accepted]) == 2.5)
    // A source without its object tells nothing of an edit: no try.
    #expect(try value(.expectedTries, [untold, accepted, moved]) == 2)
    #expect(try value(.expectedTries, [wrongColor, moved]) == .infinity)
    #expect(try value(.expectedTries, [untold]) == nil)
  }

  // MARK: - Spreads

  @Test func spreadsAreStandardDeviationsOverSeeds() throws {
    let left = try run("a red car")
    let right = try run("a red car", facing: "right", columns: 3..<7)
    // Middles 0.5 and 0.625: half the difference times the root of 2.
    #expect(abs(try #require(try value(.centerSpread, [left, right])) - 0.0625 * 2.0.squareRoot()) < 1e-9)
    #expect(try value(.sizeSpread, [left, right]) == 0)
    // -1, -1, 1: a mean of -1/3 and squares of 24/9.
    #expect(abs(try #require(try value(.facingSpread, [left, left, right])) - (4.0 / 3).squareRoot()) < 1e-9)
    // Boxes of 16 x 16 and 24 x 24.
    let large = try run("a red car", rows: 1..<7, columns: 1..<7)
    #expect(abs(try #require(try value(.sizeSpread, [left, large])) - log2(1.5) / 2.0.squareRoot()) < 1e-9)
    #expect(abs(try #require(try value(.centerSpread, [left, large]))) < 1e-9)
  }

  @Test func heightsCountInPictureWidths() throws {
    let (high, low) = (try run("a red car", width: 64), try run("a red car", rows: 3..<7, width: 64))
    #expect(abs(try #require(try value(.centerSpread, [high, low])) - 0.03125 * 2.0.squareRoot()) < 1e-9)
  }

  @Test func spreadsNeedTwoPicturesWithTheObject() throws {
    let car = try run("a red car")
    for metric in [Metric.centerSpread, .sizeSpread, .facingSpread] {
      #expect(try value(metric, [car]) == nil)
      #expect(try value(metric, [car, run("a red car", [("dog", "red")])]) == nil)
      #expect(try value(metric, [run("a poem"), run("a poem")]) == nil)
      #expect(try value(metric, [run("a red car and a dog"), run("a red car and a dog")]) == nil)
    }
    #expect(try value(.facingSpread, [car, run("a red car", facing: "front")]) == nil)
  }

  // MARK: - What there is

  @Test func everyMetricSaysWhatItIs() {
    for metric in MetricRegistry.all {
      #expect(MetricRegistry.named(metric.name) == metric)
      for text in [metric.title, metric.range, metric.direction, metric.reference] { #expect(!text.isEmpty) }
      if case .instrument(.sceneReader, let names) = metric.accuracy {
        let known = SceneReaderValidation.shares + SceneReaderValidation.errors
        #expect(!names.isEmpty && names.allSatisfy(known.contains), "\(metric.name)")
      }
    }
  }
}
