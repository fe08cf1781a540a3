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

  // MARK: - Color gain

  private static let colors = ["red", "blue", "black"]

  /// Grays have a lightness alone, up to 0.005: the vectors are numbers.
  private func level(_ gray: UInt8) -> Double { LabColor(red: gray, green: gray, blue: gray).lightness }

  private typealias Grays = (source: UInt8, edit: UInt8, target: UInt8)

  private func edits(_ grays: [Grays]) throws -> [MeasuredEdit] {
    try grays.enumerated().map { index, grays in
      MeasuredEdit(
        try run("a white car", gray: grays.edit),
        source: try run("a \(Self.colors[index % 3]) car", gray: grays.source),
        target: try run("a white car", gray: grays.target))
    }
  }

  private func each(_ metric: Metric, _ edit: MeasuredEdit) throws -> Double? {
    guard case .besideTarget(let measure) = metric.measure else { return nil }
    return try measure(edit, Instruments(Self.instruments))
  }

  @Test func colorGainIsTheSourcesShareWithASign() throws {
    let grays: [Grays] = [(20, 60, 100), (220, 140, 120), (200, 90, 90), (10, 120, 80)]
    let (s, e) = (grays.map { level($0.source) - level($0.target) }, grays.map { level($0.edit) - level($0.target) })
    let product = zip(s, e).reduce(0) { $0 + $1.0 * $1.1 }
    let found = try #require(try value(.colorGain, edits(grays)))
    #expect(abs(found - product / s.reduce(0) { $0 + $1 * $1 }) < 1e-4)
    // The edit has the target's own color, the source's, and one on the other side.
    #expect(try value(.colorGain, edits([(20, 100, 100), (200, 80, 80)])) == 0)
    #expect(try value(.colorGain, edits([(20, 20, 100), (200, 200, 80)])) == 1)
    #expect(try #require(try value(.colorGain, edits([(20, 150, 100), (200, 40, 80)]))) < -0.3)
    for (edit, (s, e)) in zip(try edits(grays), zip(s, e)) {
      #expect(abs(try #require(try each(.colorGainEach, edit)) - e / s) < 1e-3)
    }
    let shift = try #require(try each(.colorShift, edits(grays)[0]))
    let (gray, other) = (LabColor(red: 60, green: 60, blue: 60), LabColor(red: 100, green: 100, blue: 100))
    #expect(abs(shift - gray.difference(to: other)) < 1e-9)
  }

  /// An edit that takes half of its own source's color has more than chance gives; one that takes the same from all has not.
  @Test func chanceIsWhatSharedOutSourcesGive() throws {
    let sources = (0..<24).map { UInt8(10 * $0) }
    let own: [Grays] = sources.map { ($0, UInt8((Int($0) + 120) / 2), 120) }
    let same: [Grays] = sources.map { ($0, 150, 120) }
    let (gain, chance) = (try value(.colorGain, edits(own)), try value(.colorGainByChance, edits(own)))
    #expect(try #require(gain) > 0.4)
    #expect(try #require(chance) < 0.3)
    let (equal, expected) = (try value(.colorGain, edits(same)), try value(.colorGainByChance, edits(same)))
    #expect(try #require(equal) <= (try #require(expected)) + 1e-9)
  }

  @Test func colorGainIsOfOneColorAlone() throws {
    let good = try edits([(20, 60, 100)])
    func more(_ source: MeasuredRun, _ target: MeasuredRun?) throws -> Double? {
      try value(.colorGain, good + [MeasuredEdit(try run("a white car", gray: 10), source: source, target: target)])
    }
    let alone = try value(.colorGain, good)
    let target = try run("a white car", gray: 100)
    #expect(try alone != more(try run("a red car", gray: 200), target))
    // Another thing, no target, the same prompt, and a thing that is gone.
    #expect(try alone == more(try run("a red dog", [("dog", "red")], gray: 200), target))
    #expect(try alone == more(try run("a red car", gray: 200), nil))
    #expect(try alone == more(try run("a white car", gray: 200), target))
    #expect(try alone == more(try run("a red car", [], gray: 200), target))
    #expect(try alone == more(try run("a red car", gray: 200), try run("a white car", [], gray: 100)))
    // Colors that are near each other leave no room.
    #expect(try each(.colorGainEach, edits([(100, 60, 105)])[0]) == nil)
    #expect(try value(.colorGain, [MeasuredEdit]()) == nil)
    #expect(try value(.colorGainByChance, good) == nil)
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

  // MARK: - Layout

  @Test func layoutOfTheOneObject() throws {
    func value(_ metric: Metric, _ run: MeasuredRun) throws -> Double? {
      guard case .picture(let measure) = metric.measure else { return nil }
      return try measure(run, Instruments(Self.instruments))
    }
    let left = try run("a red car")
    let right = try run("a red car", facing: "right", columns: 3..<7)
    #expect(try value(.facingRight, left) == 0 && value(.facingRight, right) == 1)
    #expect(abs(try #require(try value(.centerX, left)) - 0.5) < 1e-9)
    #expect(abs(try #require(try value(.centerX, right)) - 0.625) < 1e-9)
    // A box of 16 x 16.
    #expect(try value(.objectSize, left) == 4)
    #expect(try value(.facingRight, run("a red car", facing: "front")) == nil)
    for metric in [Metric.facingRight, .centerX, .objectSize] {
      #expect(try value(metric, run("a red car", [("dog", "red")])) == nil)
      #expect(try value(metric, run("a red car and a dog")) == nil)
      #expect(try value(metric, run("a poem")) == nil)
    }
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

  /// A place lies from 0 to 1 too and is no share, while what several raters say is one.
  @Test func whatIsAShareIsSaid() {
    for metric in MetricRegistry.all where metric.range.hasPrefix("0 or 1") {
      #expect(metric.isShare, "\(metric.name)")
    }
    #expect(MetricRegistry.named("center_x")?.isShare == false)
    #expect(MetricRegistry.named("center_x")?.range == "0 to 1")
  }
}
