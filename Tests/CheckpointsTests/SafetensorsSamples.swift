import Foundation

@testable import Checkpoints

/// A folder that is removed with the value.
final class ScratchFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "checkpoints-\(UUID().uuidString)/unet")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  func write(_ bytes: [UInt8], to name: String) throws -> URL {
    let file = url.appending(path: name)
    try Data(bytes).write(to: file)
    return file
  }

  func write(_ text: String, to name: String) throws -> URL {
    try write(Array(text.utf8), to: name)
  }

  deinit { try? FileManager.default.removeItem(at: url.deletingLastPathComponent()) }
}

/// The bytes of a safetensors file of a header and data, with a length of its own where one is given.
func safetensors(_ header: String, data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
  withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { Array($0) } + Array(header.utf8) + data
}

/// What opening the bytes as `unet/x.safetensors` says, without the advice at the end.
func openingError(_ bytes: [UInt8]) throws -> String {
  let folder = try ScratchFolder()
  let url = try folder.write(bytes, to: "x.safetensors")
  do throws(CheckpointError) {
    _ = try SafetensorsFile(url: url)
    return "no error"
  } catch {
    return error.problems.map(\.description).joined(separator: "\n")
  }
}

/// A generator whose seed tests print: SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
