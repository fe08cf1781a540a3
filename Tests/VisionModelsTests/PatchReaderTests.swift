import Foundation
import Tensors
import TestSupport
import Testing
import VisionModels

/// The network of a scene reader against transformers, from PNG to logits.
@Suite struct PatchReaderTests {
  private static let names = [
    "pictures/two-0", "pictures/two-1", "pictures/colour-0", "pictures/animal-0", "vision/200x130", "vision/40x64",
  ]

  @Test func equalsTransformers() throws {
    let reader = try PatchReader(
      folder: VisionFixtures.folder.appending(path: "tiny-scene-reader"), patchAnswers: 3 + 5 + 3, pictureAnswers: 8 + 3
    )
    #expect(reader.side == 4 && reader.patchSize == 8 && reader.imageSize == 32)
    let found = try reader(Self.names.map { try VisionFixtures.picture($0) })
    let file = try Fixtures.safetensors("vision/scene_reader")
    expectClose(
      try Tensor(found.patches.flatMap { $0 }, shape: [6, 16, 75]), try file.tensor(named: "patches"), tolerance: 1e-4,
      "patches")
    expectClose(
      try Tensor(found.pictures.flatMap { $0 }, shape: [6, 11]), try file.tensor(named: "pictures"), tolerance: 1e-4,
      "pictures")
  }
}
