import Checkpoints
import Foundation
import Plotting
import Tensors
import TestSupport
import Testing

@testable import Measures

/// The scene reader's folder and its readings, by the tiny one of the fixtures.
@Suite struct SceneReaderTests {
  private static let tiny = Fixtures.folder.appending(path: "vision/tiny-scene-reader")

  /// The tiny folder with a text of one file replaced.
  private func folder(_ name: String = "config.json", _ old: String = "", _ new: String = "") throws -> ScratchFolder {
    let folder = try ScratchFolder("scene_reader")
    for file in ["config.json", "preprocessor_config.json", "model.safetensors"] where file != name || old.isEmpty {
      try FileManager.default.createSymbolicLink(
        at: folder.url.appending(path: file), withDestinationURL: Self.tiny.appending(path: file))
    }
    if !old.isEmpty {
      let text = try String(contentsOf: Self.tiny.appending(path: name), encoding: .utf8)
      #expect(text.contains(old))
      try folder.write(text.replacingOccurrences(of: old, with: new), to: name)
    }
    return folder
  }

  private func message(_ folder: ScratchFolder) -> String {
    do {
      _ = try SceneReader(folder: folder.url)
      return "no error"
    } catch { return "\(error)" }
  }

  @Test(arguments: [
    ("\"objects\": [", "\"things\": [", "objects is missing, expected a list, each a text"),
    ("\"none\",\n    \"car\"", "\"car\",\n    \"none\"", "objects is \"car\" first, expected \"none\" first"),
    (
      "\"none\",\n    \"car\"", "\"none\",\n    \"dog\"",
      "objects is [\"none\", \"dog\", \"dog\"], expected 1 to 10,000 "
    ),
    ("\"front\"", "\"back\"", "facings is left, right, back, expected left, right and front"),
    ("\"front\"", "3", "facings is [\"left\", \"right\", 3], expected a list, each a text"),
    (
      "\"plain\",\n    \"pencil\"", "\"pencil\",\n    \"plain\"", "styles is \"pencil\" first, expected \"plain\" first"
    ),
    ("\"a pencil sketch of\",", "", "style_phrases is 2 texts, expected one for each of 3 styles"),
    ("\"red dog\"", "\"dog\"", "held_out is \"dog\", expected a color and an object"),
    ("\"red dog\"", "\"red cat\"", "held_out is \"red cat\", expected a color and an object"),
    ("\"hidden_size\": 24", "\"hidden_size\": 0", "hidden_size is 0, expected"),
  ])
  func aConfigThatDoesNotFit(_ old: String, _ new: String, _ expected: String) throws {
    let found = message(try folder("config.json", old, new))
    #expect(found.contains("scene_reader/config.json: \(expected)"), "\(found)")
  }

  @Test func allProblemsOfAConfigAtOnce() throws {
    let folder = try folder("config.json", "\"red dog\"", "\"dog\"")
    let config = folder.url.appending(path: "config.json")
    let text = try String(contentsOf: config, encoding: .utf8).replacingOccurrences(of: "\"front\"", with: "\"back\"")
    try folder.write(text, to: "config.json")
    let found = message(folder)
    #expect(found.contains("facings is") && found.contains("held_out is"), "\(found)")
  }

  @Test func picturesOfAnotherSizeThanTheNetworks() throws {
    let found = message(try folder("preprocessor_config.json", "\"height\": 32", "\"height\": 48"))
    #expect(found.contains("preprocessor_config.json: size"), "\(found)")
  }

  @Test func weightsThatDoNotFit() throws {
    let folder = try folder()
    let store = try WeightStore(folder: Self.tiny)
    try FileManager.default.removeItem(at: folder.url.appending(path: "model.safetensors"))
    #expect(message(folder) != "no error")
    let tensors = try store.names.compactMap { name -> (name: String, tensor: Tensor)? in
      switch name {
      case "patch_head.bias": (name, Tensor(zeros: [74]))
      case "picture_head.weight": nil
      default: (name, try store.tensor(named: name))
      }
    }
    try SafetensorsWriter.write(
      tensors + [(name: "more", tensor: Tensor(zeros: [1]))], to: folder.url.appending(path: "model.safetensors"))
    let found = message(folder)
    for name in ["patch_head.bias", "picture_head.weight", "more"] { #expect(found.contains(name), "\(found)") }
  }

  @Test func validationIsReadOrSaidToBeMissing() throws {
    let folder = try folder()
    #expect(try SceneReader(folder: folder.url).validation.scenes == 0)
    let folders = InstrumentFolders([.sceneReader: folder.url.path])
    let metric = Metric.bindingRight
    #expect(try folders.accuracy(of: metric) == "the scene reader was not validated")
    try folder.write(#"{"scenes": 500, "object": 0.9814, "center": 0.0061}"#, to: "validation.json")
    #expect(
      try folders.accuracy(of: metric)
        == "scene reader: object right 98.1 %, color not measured, on 500 scenes that it was not trained on")
    let reader = try SceneReader(folder: folder.url)
    #expect(reader.validation.text(["center"]) == "center off by 0.006 picture widths")
    for (text, problem) in [
      ("{}", "scenes is missing"), ("{\"scenes\": 0}", "scenes is 0"),
      ("{\"scenes\": 5, \"color\": 1.5}", "color is 1.5"), ("{", "validation.json"),
    ] {
      try folder.write(text, to: "validation.json")
      #expect(message(folder).contains(problem), "\(message(folder))")
    }
  }

  @Test func whatChangesReadingsDecidesTheHash() throws {
    let folder = try folder()
    let folders = InstrumentFolders([.sceneReader: folder.url.path])
    let names = try folders.contentFiles(.sceneReader).map(\.lastPathComponent)
    try folder.write("{\"scenes\": 1}", to: "validation.json")
    #expect(names == ["config.json", "model.safetensors", "preprocessor_config.json"])
    #expect(try folders.contentFiles(.sceneReader).map(\.lastPathComponent) == names)
  }

  // MARK: - Readings

  private static func pictures() throws -> [Picture] {
    try ["pictures/two-0", "vision/200x130", "vision/40x64", "pictures/colour-0"].map {
      try PNG.read(Fixtures.folder.appending(path: "\($0).png"))
    }
  }

  /// Over the number of pictures that are read at once, too.
  @Test func aBatchIsReadAsEachByItself() throws {
    let reader = try SceneReader(folder: Self.tiny)
    let pictures = try Self.pictures()
    let many = (0..<18).map { pictures[$0 % pictures.count] }
    let together = try reader.readings(many)
    let alone = try pictures.map { try reader.readings([$0])[0] }
    if keepsBitsInABatch() {
      #expect(together == (0..<18).map { alone[$0 % pictures.count] })
    } else {
      for (index, reading) in together.enumerated() { expectSame(reading, alone[index % pictures.count], "\(index)") }
    }
    #expect(Set(alone).count == alone.count)
    #expect(try reader.readings([]).isEmpty)
  }

  /// The same words and boxes, and shares and places but for rounding.
  private func expectSame(_ found: SceneReading, _ expected: SceneReading, _ what: String) {
    func same(_ found: SceneReading.Answer, _ expected: SceneReading.Answer) -> Bool {
      found.word == expected.word && abs(found.confidence - expected.confidence) < 1e-5
    }
    #expect(same(found.background, expected.background) && same(found.style, expected.style), "\(what)")
    #expect((found.width, found.height) == (expected.width, expected.height), "\(what)")
    #expect(found.objects.count == expected.objects.count, "\(what)")
    for (a, b) in zip(found.objects, expected.objects) {
      #expect(same(a.name, b.name) && same(a.color, b.color) && same(a.facing, b.facing), "\(what): \(a), not \(b)")
      #expect(a.box == b.box && abs(a.area - b.area) <= 2, "\(what): \(a), expected \(b)")
      #expect(abs(a.center.x - b.center.x) < 1e-3 && abs(a.center.y - b.center.y) < 1e-3, "\(what)")
    }
  }

  /// What the network answers of a picture and of its mirror image is averaged, so neither side is preferred.
  @Test func aMirrorImageIsReadAsTheMirrorImage() throws {
    let reader = try SceneReader(folder: Self.tiny)
    let opposite = ["left": "right", "right": "left", "front": "front"]
    var facings: Set<String> = []
    for seed in 1...12 as ClosedRange<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let pixels = (0..<32 * 32 * 3).map { _ in UInt8.random(in: 0...255, using: &generator) }
      let picture = try Picture(width: 32, height: 32, pixels: pixels)
      let readings = try reader.readings([picture, picture.mirrored])
      let (one, other) = (readings[0], readings[1])
      #expect(one.background == other.background && one.style == other.style, "seed \(seed)")
      #expect(one.owners.map { $0 >= 0 } == Self.turned(other.owners.map { $0 >= 0 }, width: 32), "seed \(seed)")
      // Objects of equal size may come in another order.
      let turned = other.objects.map { object in
        let box = SceneReading.Box(
          left: 32 - object.box.right, top: object.box.top, right: 32 - object.box.left, bottom: object.box.bottom)
        return [object.name.word, object.color.word, opposite[object.facing.word] ?? "", "\(box)", "\(object.area)"]
      }
      let own = one.objects.map { object in
        [object.name.word, object.color.word, object.facing.word, "\(object.box)", "\(object.area)"]
      }
      #expect(Set(own) == Set(turned), "seed \(seed)")
      facings.formUnion(one.objects.map(\.facing.word))
    }
    #expect(facings.contains("left") || facings.contains("right"), "no object has a side that could be exchanged")
  }

  private static func turned<Value>(_ values: [Value], width: Int) -> [Value] {
    values.indices.map { values[$0 / width * width + width - 1 - $0 % width] }
  }

  @Test(arguments: [(200, 130), (1, 1), (3, 500), (32, 32), (31, 33)])
  func aPictureOfAnySizeIsRead(_ width: Int, _ height: Int) throws {
    let reader = try SceneReader(folder: Self.tiny)
    var generator = SeededGenerator(seed: 4)
    let pixels = (0..<width * height * 3).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let reading = try reader.readings([try Picture(width: width, height: height, pixels: pixels)])[0]
    #expect(reading.width == width && reading.height == height && reading.owners.count == width * height)
    #expect(!reading.objects.isEmpty)
    for object in reading.objects {
      #expect(object.box.left >= 0 && object.box.left < object.box.right && object.box.right <= width)
      #expect(object.box.top >= 0 && object.box.top < object.box.bottom && object.box.bottom <= height)
      #expect((0...1).contains(object.center.x) && (0...1).contains(object.center.y))
      #expect((0...1).contains(object.name.confidence) && object.name.word != SceneVocabulary.none)
    }
    #expect(reading.isOutside(margin: 3).count == width * height)
  }
}
