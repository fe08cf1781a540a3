import Foundation
import Tensors
import TestSupport
import Testing
import VisionModels

/// Self-similarities of keys, and their distances, against PyTorch.
@Suite struct StructureEncoderTests {
  /// Of the pictures of `clip.json`.
  private static let pairs = [(0, 1), (2, 3), (4, 5), (1, 4)]

  private func encoder(_ name: String) throws -> StructureEncoder {
    try StructureEncoder(
      folder: name == "clip" ? VisionFixtures.bundledFolder : VisionFixtures.folder.appending(path: "tiny-dino"))
  }

  /// By DINO's class at twice the size that its positions were learnt for, and by the bundled CLIP.
  @Test(arguments: ["dino", "clip"]) func distances(name: String) throws {
    let encoder = try encoder(name)
    let pictures = try Fixtures.json("vision/clip", as: CLIPTests.Case.self).pictures.map(VisionFixtures.picture)
    let expected = try Fixtures.safetensors("vision/structure").tensor(named: "\(name).distances").values
    for (place, pair) in Self.pairs.enumerated() {
      let found = try encoder.distance(pictures[pair.0], pictures[pair.1])
      let difference = abs(found / Double(expected[place]) - 1)
      if ProcessInfo.processInfo.environment["ATTNLAB_PRINT_DIFFERENCES"] != nil { print("difference \(difference)") }
      #expect(difference <= 1e-5, "\(name), \(pair): \(found), not \(expected[place])")
    }
    #expect(expected.count == Self.pairs.count + 1)
    #expect(try encoder.distance(pictures[3], pictures[3]) == 0)
    #expect(try encoder.distance(pictures[0], pictures[1]) == encoder.distance(pictures[1], pictures[0]))
  }

  @Test func selfSimilarity() throws {
    let picture = try VisionFixtures.picture("pictures/two-0")
    let expected = try Fixtures.safetensors("vision/structure").tensor(named: "dino.similarity")
    expectClose(try encoder("dino").selfSimilarity(picture), expected, tolerance: 1e-5, "self-similarity")
  }
}
