import Checkpoints
import Foundation

@testable import DiffusionModels

/// The prompts and ids that `Fixtures/make_tokenizer_fixtures.py` wrote from transformers.
struct TokenizerFixtures: Decodable {
  struct Cases: Decodable {
    let pad: Int
    /// Without the padding at the end.
    let ids: [[Int]]
    let decoded: [String]
  }

  let versions: [String: String]
  let prompts: [String]
  let cases: [String: Cases]

  init(contentsOf url: URL) throws {
    self = try JSONDecoder().decode(Self.self, from: try Data(contentsOf: url))
  }

  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/tokenizer")
  static let emojiScenes = folder.appending(path: "../../../../Sources/Pipelines/Models/emoji-scenes/tokenizer")
    .standardizedFileURL

  static func tokenizer(_ name: String) throws -> CLIPTokenizer {
    try CLIPTokenizer(folder: name == "emoji-scenes" ? emojiScenes : folder.appending(path: name))
  }
}

/// A folder that is removed with the value.
final class ScratchFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "tokenizer-\(UUID().uuidString)/tokenizer")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  /// A copy of the bundled tokenizer's vocabulary and merges.
  convenience init(copying: [String] = ["vocab.json", "merges.txt"]) throws {
    try self.init()
    for name in copying {
      try FileManager.default.copyItem(
        at: TokenizerFixtures.emojiScenes.appending(path: name), to: url.appending(path: name))
    }
  }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: url.appending(path: name))
  }

  deinit { try? FileManager.default.removeItem(at: url.deletingLastPathComponent()) }
}
