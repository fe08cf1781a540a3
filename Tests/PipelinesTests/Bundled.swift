import Foundation
import Pipelines
import Testing

/// emoji-scenes, loaded once for all tests of this target.
enum Bundled {
  private static let result = Result {
    guard let url = BundledModels.url(of: "emoji-scenes") else { throw CocoaError(.fileNoSuchFile) }
    return try StableDiffusion(folder: ModelFolder(url))
  }

  static var model: StableDiffusion { get throws { try result.get() } }
}
