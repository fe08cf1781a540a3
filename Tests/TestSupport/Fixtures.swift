import Checkpoints
import Foundation
import Tensors
import Testing

/// Files of `Tests/Fixtures`, made by `Tests/Fixtures/make_fixtures.py` with PyTorch, diffusers and transformers.
public enum Fixtures {
  public static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures")

  /// The checkout.
  public static let repository = folder.deletingLastPathComponent().deletingLastPathComponent()

  public static func safetensors(_ name: String) throws -> SafetensorsFile {
    try SafetensorsFile(url: folder.appending(path: "\(name).safetensors"))
  }

  public static func json<T: Decodable>(_ name: String, as type: T.Type = T.self) throws -> T {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(contentsOf: folder.appending(path: "\(name).json")))
  }

  /// Runs a body in a folder of its own, removed afterwards.
  public static func withTemporaryFolder<R>(_ body: (URL) throws -> R) throws -> R {
    let url = FileManager.default.temporaryDirectory.appending(path: "attnlab-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(url)
  }
}
