import Foundation

/// Reads a text file whole, such as `merges.txt`.
/// - Parameters:
///   - name: how messages call the file, with its folder.
///   - maximumBytes: a longer file is refused before it is read.
/// - Throws: `CheckpointError` if it cannot be read, is no regular file, is too long, or is not UTF-8 without a byte
///   order mark.
public func readText(
  _ url: URL, named name: String, maximumBytes: Int = ConfigFile.maximumBytes
) throws(CheckpointError) -> String {
  let file = try MappedFile(url, name: name)
  guard file.count <= maximumBytes else {
    throw CheckpointError(
      .init(file: name, field: "file size", found: "\(file.count) bytes", expected: "at most \(maximumBytes)"))
  }
  try file.withBytes { bytes throws(CheckpointError) in
    try TextEncodingMark.refuse(bytes.bindMemory(to: UInt8.self), file: name)
  }
  let text = file.withBytes { String(validating: $0, as: UTF8.self) }
  guard let text else {
    throw CheckpointError(.init(file: name, field: "text", found: "unreadable", expected: "text in UTF-8"))
  }
  return text
}
