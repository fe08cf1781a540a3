import Foundation
import TestSupport

@testable import Checkpoints

/// The bytes of a safetensors file of a header and data, with a length of its own where one is given.
func safetensors(_ header: String, data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
  withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { Array($0) } + Array(header.utf8) + data
}

/// The member of a safetensors header for one tensor; shape and offsets as JSON.
func entry(_ name: String, _ dtype: String, _ shape: String, _ offsets: String) -> String {
  "\"\(name)\":{\"dtype\":\"\(dtype)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
}

/// What opening the bytes as `unet/x.safetensors` says, without the advice at the end.
func openingError(_ bytes: [UInt8]) throws -> String {
  let folder = try ScratchFolder("unet")
  let url = try folder.write(bytes, to: "x.safetensors")
  do throws(CheckpointError) {
    _ = try SafetensorsFile(url: url)
    return "no error"
  } catch {
    return error.problems.map(\.description).joined(separator: "\n")
  }
}
