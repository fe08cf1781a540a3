import Checkpoints
import Foundation
import Plotting
import Tensors
import TestSupport
import Testing

@testable import Measures

/// CLIP's metrics, as experiments take them, against transformers on the same pictures and texts.
@Suite struct EncoderMetricTests {
  struct Case: Decodable {
    let pictures, texts: [String]
    /// Source and target picture, source and target text.
    let changes: [[Int]]
  }

  private let test: Case
  private let instruments: Instruments

  init() throws {
    test = try Fixtures.json("vision/clip")
    let folder = Fixtures.repository.appending(path: "Sources/Pipelines/Models/emoji-scenes/clip")
    instruments = Instruments(InstrumentFolders([.clip: folder.path]))
  }

  private func run(_ picture: Int, _ text: Int) throws -> MeasuredRun {
    let file = Fixtures.folder.appending(path: "\(test.pictures[picture]).png")
    return MeasuredRun(prompt: test.texts[text], picture: try PNG.read(file))
  }

  private func expected(_ name: String) throws -> Tensor {
    try Fixtures.safetensors("vision/clip").tensor(named: name)
  }

  @Test func scores() throws {
    guard case .picture(let measure) = Metric.clipScore.measure else {
      throw InstrumentError("clip_score is of no picture")
    }
    let scores = try test.pictures.indices.flatMap { picture in
      try test.texts.indices.map { text in Float(try #require(try measure(run(picture, text), instruments))) }
    }
    expectClose(
      try Tensor(scores, shape: [test.pictures.count, test.texts.count]), try expected("scores"), tolerance: 1e-5,
      "scores")
  }

  private func direction(_ change: [Int]) throws -> Double? {
    guard case .edit(let measure) = Metric.clipDirection.measure else {
      throw InstrumentError("clip_directional_similarity is of no edit")
    }
    let edit = MeasuredEdit(try run(change[1], change[3]), source: try run(change[0], change[2]))
    return try measure(edit, instruments)
  }

  @Test func directions() throws {
    let found = try test.changes.map { Float(try #require(try direction($0))) }
    expectClose(
      try Tensor(found, shape: [found.count]), try expected("directions"), tolerance: 1e-5, "directions")
  }

  @Test func directionsThatAreNotDefined() throws {
    #expect(try direction([0, 0, 0, 1]) == nil, "equal pictures")
    #expect(try direction([0, 1, 0, 0]) == nil, "equal prompts")
  }
}
