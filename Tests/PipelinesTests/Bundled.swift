import Foundation
import Pipelines
import TestSupport
import Testing

/// emoji-scenes-first, which the fixtures are of, loaded once for all tests of this target.
enum Bundled {
  private static let result = Result {
    guard let url = BundledModels.url(of: "emoji-scenes-first") else { throw CocoaError(.fileNoSuchFile) }
    return try StableDiffusion(folder: ModelFolder(url))
  }

  static var model: StableDiffusion { get throws { try result.get() } }
}

/// A copy of the bundled model, changed.
func withModel(_ change: (URL) throws -> Void, _ body: (URL) throws -> Void) throws {
  try Fixtures.withTemporaryFolder { (folder) throws -> Void in
    let url = folder.appending(path: "model")
    try FileManager.default.copyItem(at: #require(BundledModels.url(of: "emoji-scenes")), to: url)
    try change(url)
    try body(url)
  }
}

/// Replaces a text that the file must hold.
func replace(_ text: String, with new: String, in file: URL) throws {
  let before = try String(contentsOf: file, encoding: .utf8)
  let after = before.replacingOccurrences(of: text, with: new)
  #expect(after != before, "\(file.lastPathComponent) does not hold \(text)")
  try after.write(to: file, atomically: true, encoding: .utf8)
}

/// What loading a folder says; `it loaded` if nothing.
func loadingMessage(_ url: URL) -> String {
  do {
    _ = try StableDiffusion(folder: ModelFolder(url))
    return "it loaded"
  } catch {
    return "\(error)"
  }
}
