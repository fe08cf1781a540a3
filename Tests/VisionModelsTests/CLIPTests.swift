import Foundation
import Tensors
import TestSupport
import Testing
import VisionModels

/// The bundled CLIP against transformers: from a PNG and a text to embeddings and names.
@Suite struct CLIPTests {
  struct Case: Decodable {
    let pictures, texts, names: [String]
    let template: String
    let changes: [[Int]]
  }

  private let test: Case
  private let pictures: [Picture]

  init() throws {
    test = try Fixtures.json("vision/clip")
    pictures = try test.pictures.map(VisionFixtures.picture)
  }

  private func expected(_ name: String) throws -> Tensor {
    try Fixtures.safetensors("vision/clip").tensor(named: name)
  }

  @Test func embeddings() throws {
    let clip = try VisionFixtures.bundledCLIP
    expectClose(try clip.pictureEmbeddings(pictures), try expected("pictures"), tolerance: 1e-5, "pictures")
    expectClose(try clip.textEmbeddings(test.texts), try expected("texts"), tolerance: 1e-5, "texts")
  }

  @Test func names() throws {
    let clip = try VisionFixtures.bundledCLIP
    let found = try clip.naming(pictures, among: test.names, template: test.template)
    let values = try found.flatMap { naming in
      #expect(naming.map(\.probability) == naming.map(\.probability).sorted(by: >))
      return try test.names.map { name in Float(try #require(naming.first { $0.name == name }).probability) }
    }
    expectClose(
      try Tensor(values, shape: [pictures.count, test.names.count]), try expected("names"), tolerance: 1e-4, "names")
  }

  /// More than are computed at a time, each picture as it is alone.
  @Test func manyPicturesAndTexts() throws {
    let clip = try VisionFixtures.bundledCLIP
    let many = (0..<37).map { pictures[$0 % pictures.count] }
    let embeddings = try clip.pictureEmbeddings(many)
    #expect(embeddings.shape == [37, clip.configuration.projectionSize])
    let alone = try pictures.map { try clip.pictureEmbeddings([$0]) }
    for place in many.indices {
      expectClose(try embeddings.slice(place..<(place + 1)), alone[place % pictures.count], tolerance: 2e-6)
    }
    let texts = (0..<33).map { test.texts[$0 % 5] }
    let wide = try clip.textEmbeddings(texts)
    for place in texts.indices {
      expectClose(
        try wide.slice(place..<(place + 1)), try clip.textEmbeddings([texts[place]]), tolerance: 2e-6, texts[place])
    }
    #expect(try clip.pictureEmbeddings([]).shape == [0, 128] && clip.textEmbeddings([]).shape == [0, 128])
  }

  @Test func directionsThatAreNotDefined() throws {
    let clip = try VisionFixtures.bundledCLIP
    let (one, other) = (pictures[0], pictures[1])
    func similarity(_ source: Picture, _ target: Picture, _ from: String, _ to: String) throws -> Double? {
      func embedding(_ picture: Picture) throws -> [Float] { try clip.pictureEmbeddings([picture]).values }
      func embedding(_ text: String) throws -> [Float] { try clip.textEmbeddings([text]).values }
      return CLIP.directionalSimilarity(
        pictures: (from: try embedding(source), to: try embedding(target)),
        texts: (from: try embedding(from), to: try embedding(to)))
    }
    #expect(try similarity(one, one, "a red car", "a blue car") == nil)
    #expect(try similarity(one, other, "a red car", "a red car") == nil)
    #expect(try similarity(one, other, "a red car", "A RED  car") == nil)
    #expect(try similarity(one, other, "a red car", "a blue car") != nil)
    let change = try #require(try similarity(one, other, "a red car", "a blue car"))
    let back = try #require(try similarity(one, other, "a blue car", "a red car"))
    #expect(abs(change + back) < 1e-6)
  }

  @Test func namesAndTemplatesThatDoNotFit() throws {
    let clip = try VisionFixtures.bundledCLIP
    for (names, template) in [([], "a {}"), (["car"], "a car")] as [([String], String)] {
      #expect(throws: ShapeError.self) { try clip.naming(pictures, among: names, template: template) }
    }
    #expect(try clip.naming([], among: ["car"], template: "a {}").isEmpty)
    #expect(try clip.naming([pictures[0]], among: ["car"]).map { $0.map(\.probability) } == [[1]])
  }
}
