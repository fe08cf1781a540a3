import Foundation
import Tensors
import TestSupport
import Testing

@testable import Measures

/// A second scene reader beside the first: its own readings and its own values.
@Suite struct SecondReaderTests {
  private static let folders = InstrumentFolders([
    .sceneReader: Fixtures.folder.appending(path: "vision/tiny-scene-reader").path,
    .secondSceneReader: Fixtures.folder.appending(path: "vision/tiny-convolution-reader").path,
  ])

  /// - Parameter first: the first column of the object, of eight.
  private static func reading(_ name: String, _ color: String, from first: Int = 2) -> SceneReading {
    var answers = MadeUpAnswers()
    answers.put(name, color, facing: "left", rows: 2..<6, columns: first..<(first + 4))
    return answers.reading()
  }

  private static func run(_ prompt: String, _ first: SceneReading, _ second: SceneReading) throws -> MeasuredRun {
    let run = MeasuredRun(
      prompt: prompt, picture: try Picture(width: 32, height: 32, pixels: [UInt8](repeating: 9, count: 32 * 32 * 3)))
    run.readings = [.sceneReader: first, .secondSceneReader: second]
    return run
  }

  private func value(_ name: String, _ run: MeasuredRun) throws -> Double? {
    let metric = try #require(MetricRegistry.named(name))
    let instruments = Instruments(Self.folders)
    switch metric.measure {
    case .picture(let measure): return try measure(run, instruments)
    case .edit(let measure):
      return try measure(
        MeasuredEdit(run, source: Self.run("a red car", Self.reading("car", "red"), Self.reading("car", "red"))),
        instruments)
    case .maps, .besideTarget, .set, .seeds, .rating, .program: throw InstrumentError("\(name) is of no picture")
    }
  }

  @Test(arguments: [
    ("car", "blue", "car", "blue", 1.0, 1.0), ("car", "blue", "car", "red", 1, 0),
    ("dog", "blue", "car", "blue", 0, 1), ("dog", "blue", "car", "red", 0, 0),
  ])
  func eachReaderHasItsValue(
    _ firstName: String, _ firstColor: String, _ secondName: String, _ secondColor: String, _ first: Double,
    _ second: Double
  ) throws {
    let run = try Self.run(
      "a blue car", Self.reading(firstName, firstColor), Self.reading(secondName, secondColor))
    #expect(try value("binding_right", run) == first)
    #expect(try value("binding_right_second", run) == second)
  }

  @Test func editsAreJudgedByTheSecondToo() throws {
    let run = try Self.run("a blue car", Self.reading("car", "blue"), Self.reading("car", "red"))
    #expect(try value("attribute_reflected", run) == 1)
    #expect(try value("attribute_reflected_second", run) == 0)
  }

  /// A verdict is to hold under both, whatever metric it is told by.
  @Test func everyMetricOfTheFirstIsOneOfTheSecond() throws {
    for metric in MetricRegistry.all where metric.accuracy.instrument == .sceneReader {
      let second = try #require(MetricRegistry.named(Metric.nameBySecondReader(metric.name)), "\(metric.name)")
      #expect(second.isShare == metric.isShare && second.range == metric.range && second.unit == metric.unit)
      #expect(second.measure.subject == metric.measure.subject)
    }
  }

  /// The layout of an edit, from both networks: each has the object elsewhere in the edit, or where it was.
  @Test(arguments: [(2, 2, 1.0, 1.0), (4, 2, 0, 1), (2, 4, 1, 0)])
  func layoutIsJudgedByTheSecondToo(_ first: Int, _ second: Int, _ byFirst: Double, _ bySecond: Double) throws {
    let run = try Self.run(
      "a blue car", Self.reading("car", "blue", from: first), Self.reading("car", "blue", from: second))
    #expect(try value("layout_kept", run) == byFirst)
    #expect(try value("layout_kept_second", run) == bySecond)
  }

  /// The networks themselves: each is asked once a picture, and they are two.
  @Test func eachReaderLooksForItself() throws {
    let instruments = Instruments(Self.folders)
    var generator = SeededGenerator(seed: 3)
    let pixels = (0..<32 * 32 * 3).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let run = MeasuredRun(prompt: "a car", picture: try Picture(width: 32, height: 32, pixels: pixels))
    let (one, two) = (try instruments.reading(run), try instruments.withSecondReader.reading(run))
    #expect(run.readings == [.sceneReader: one, .secondSceneReader: two] && one != two)
    #expect(try instruments.withSecondReader.sceneReader().words.objects.last == SceneVocabulary.somethingElse)
  }

  @Test func withoutASecondReaderNothingAsksForIt() throws {
    let folders = InstrumentFolders()
    for metric in MetricRegistry.all where metric.accuracy.instrument == .secondSceneReader {
      #expect(folders.has(metric) == ((try? folders.folder(.secondSceneReader)) != nil), "\(metric.name)")
      #expect(Self.folders.has(metric))
    }
    let second = try #require(MetricRegistry.named("binding_right_second"))
    #expect(try Self.folders.accuracy(of: second) == "the second scene reader was not validated")
  }

  /// The CLIP that scores is not the model's own, which keys of structure are taken from.
  @Test func theCLIPThatScoresIsAnother() throws {
    func name(_ folders: InstrumentFolders, _ instrument: Instrument) throws -> String {
      let folder = try folders.folder(instrument)
      return "\(folder.deletingLastPathComponent().lastPathComponent)/\(folder.lastPathComponent)"
    }
    #expect(try name(InstrumentFolders(), .clip) == "emoji-scenes/independent_clip")
    #expect(try name(InstrumentFolders(), .structure) == "emoji-scenes/clip")
    // A model without one has its own.
    #expect(try name(InstrumentFolders([.clip: "emoji-scenes-first"]), .clip) == "emoji-scenes-first/clip")
    let towers = try [InstrumentFolders(), InstrumentFolders([.clip: "emoji-scenes-first"])].map {
      try Data(contentsOf: $0.folder(.clip).appending(path: "model.safetensors"))
    }
    #expect(towers[0] != towers[1])
  }

  @Test func aMissingFolderIsSaid() {
    let problems = InstrumentFolders([.secondSceneReader: "/nowhere"]).problems(for: [])
    #expect(
      problems == [
        "instruments.second_scene_reader: there is no folder /nowhere; name a folder, or a bundled model"
      ])
  }

  /// No prompt can ask for what is none of the world's objects.
  @Test func somethingElseIsNoPromptsObject() {
    let words = SceneVocabulary(
      objects: ["none", "car", SceneVocabulary.somethingElse], colors: ["none", "red"],
      facings: ["left", "right", "front"], backgrounds: ["plain"], styles: ["plain"])
    #expect(PromptScene("a something else", words) == nil && PromptScene("a red something else", words) == nil)
    #expect(PromptScene("a red car", words) != nil)
  }

  /// Pictures that are read together come out as each by itself; one that is lost is left to whoever asks for it.
  @Test func picturesReadAheadAreReadAsOneByOne() throws {
    var generator = SeededGenerator(seed: 7)
    let pictures = try [(32, 32), (40, 24), (32, 32)].map { width, height in
      try Picture(
        width: width, height: height,
        pixels: (0..<width * height * 3).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }
    let (ahead, apart) = (
      pictures.map { MeasuredRun(prompt: "a red car", picture: $0) },
      pictures.map { MeasuredRun(prompt: "a red car", picture: $0) }
    )
    let foreign = MeasuredRun(prompt: "an oil painting", picture: pictures[0])
    let lost = MeasuredRun(prompt: "a red car") { throw InstrumentError("the picture is lost") }
    let instruments = Instruments(Self.folders)
    try instruments.readAhead(ahead + [foreign, lost], by: [.sceneReader])
    #expect(ahead.allSatisfy { Set($0.readings.keys) == [.sceneReader] })
    try instruments.readAhead(ahead + [foreign, lost], by: [.sceneReader, .secondSceneReader])
    for (one, other) in zip(ahead, apart) {
      _ = (try instruments.reading(other), try instruments.withSecondReader.reading(other))
      for reader in [Instrument.sceneReader, .secondSceneReader] {
        let (together, alone) = (try #require(one.readings[reader]), try #require(other.readings[reader]))
        #expect(together.owners == alone.owners && together.things == alone.things)
        #expect(together.background.word == alone.background.word && together.width == alone.width)
      }
    }
    #expect(ahead[0].readings[.sceneReader]?.owners != ahead[2].readings[.sceneReader]?.owners)
    // No metric reads what its prompt says nothing of.
    #expect(lost.readings.isEmpty && foreign.readings.isEmpty)
  }
}
