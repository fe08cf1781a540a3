import Checkpoints
import Foundation
import Pipelines
import Plotting
import Tensors
import TestSupport
import VisionModels

/// What `Tests/Fixtures/oracle/vision.py` wrote, and the bundled CLIP.
enum VisionFixtures {
  static let folder = Fixtures.folder.appending(path: "vision")

  static let bundledFolder = Fixtures.repository.appending(path: "Sources/Pipelines/Models/emoji-scenes/clip")

  private static let clip = Result { try CLIP(folder: bundledFolder) }

  static var bundledCLIP: CLIP { get throws { try clip.get() } }

  /// A picture by its path in the fixtures, as `vision/40x64`.
  static func picture(_ name: String) throws -> Picture {
    try PNG.read(Fixtures.folder.appending(path: "\(name).png"))
  }
}
