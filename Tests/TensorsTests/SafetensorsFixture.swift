import Foundation
import Tensors

/// The float32 tensors of a file in `Tests/Fixtures`.
///
/// Tensors' tests stand below the module that reads checkpoints, hence a reader of their own: the length of the header
/// in eight bytes, the header in JSON, then the values.
func safetensorsFixture(_ name: String) throws -> [String: Tensor] {
  struct Entry: Decodable {
    let dtype: String
    let shape: [Int]
    let offsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case offsets = "data_offsets"
    }
  }
  let data = try Data(contentsOf: fixtures.appending(path: name))
  let headerEnd = 8 + data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
  let entries = try JSONDecoder().decode([String: Entry].self, from: data[8..<headerEnd])
  return try entries.mapValues { entry in
    let bytes = data[headerEnd + entry.offsets[0]..<headerEnd + entry.offsets[1]]
    let values = bytes.withUnsafeBytes { raw in
      stride(from: 0, to: raw.count, by: 4).map {
        Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
      }
    }
    return try Tensor(values, shape: entry.shape)
  }
}

/// `Tests/Fixtures`.
let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(
  path: "Fixtures")
