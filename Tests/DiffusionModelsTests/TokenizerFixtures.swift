import Checkpoints
import Foundation
import TestSupport

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

extension ScratchFolder {
  /// A tokenizer folder that holds copies of files of the bundled one.
  convenience init(copying: [String] = ["vocab.json", "merges.txt"]) throws {
    try self.init("tokenizer")
    for name in copying {
      try FileManager.default.copyItem(
        at: TokenizerFixtures.emojiScenes.appending(path: name), to: url.appending(path: name))
    }
  }
}
