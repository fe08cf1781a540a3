import Files
import Foundation
import Tensors

/// Writes tensors as safetensors files, byte for byte as the reference library does (which leaves the order of several
/// texts of metadata open; here they are sorted).
public enum SafetensorsWriter {
  /// Writes float32 tensors in the order of their names, so that the same tensors always give the same bytes.
  ///
  /// The file appears whole or not at all.
  /// - Parameters:
  ///   - tensors: names and values, in any order.
  ///   - metadata: texts for the header; `["format": "pt"]` is what PyTorch's readers look for.
  ///   - url: the file; one that exists is replaced.
  /// - Throws: `CheckpointError` if a name is given twice or is reserved, or the header would exceed the format's limit;
  ///   `FileError` if the file cannot be written.
  public static func write(
    _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:], to url: URL
  ) throws {
    try write(tensors, metadata: metadata, to: NewFile(url))
  }

  /// The same into a file that was begun, and is whole afterwards.
  public static func write(
    _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:], to output: NewFile
  ) throws {
    try encode(tensors, metadata: metadata, name: displayName(URL(filePath: output.path))) { try output.append($0) }
    try output.finish()
  }

  /// The bytes of such a file.
  /// - Parameter name: of the file, for messages.
  /// - Throws: `CheckpointError` as `write`.
  public static func encode(
    _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:], name: String
  ) throws -> Data {
    var data = Data()
    try encode(tensors, metadata: metadata, name: name) { data.append(contentsOf: $0) }
    return data
  }

  private static func encode(
    _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String], name file: String,
    to write: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let sorted = tensors.sorted { ExactString.inByteOrder($0.name, $1.name) }
    var problems: [CheckpointError.Problem] = []
    for (previous, next) in zip(sorted, sorted.dropFirst()) where ExactString(previous.name) == ExactString(next.name) {
      problems.append(.init(file: file, tensor: next.name, field: "entry", found: "given twice", expected: "it once"))
    }
    for (name, _) in sorted where name == SafetensorsHeader.metadataKey {
      problems.append(
        .init(file: file, tensor: name, field: "name", found: "reserved by the format", expected: "another one"))
    }
    let header = header(sorted, metadata)
    if header.count > SafetensorsHeader.maximumLength {
      problems.append(
        .init(
          file: file, field: "header length", found: "\(header.count)",
          expected: "at most \(SafetensorsHeader.maximumLength)"))
    }
    guard problems.isEmpty else { throw CheckpointError(problems) }

    try withUnsafeBytes(of: UInt64(header.count).littleEndian) { try write($0) }
    try header.withUnsafeBytes { try write($0) }
    for (_, tensor) in sorted {
      try tensor.withUnsafeValues { try write(UnsafeRawBufferPointer($0)) }
    }
  }

  private static func header(_ tensors: [(name: String, tensor: Tensor)], _ metadata: [String: String]) -> [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      let texts = metadata.sorted { ExactString.inByteOrder($0.key, $1.key) }
      let object = texts.map { "\(jsonText($0.key)):\(jsonText($0.value))" }.joined(separator: ",")
      members.append("\(jsonText(SafetensorsHeader.metadataKey)):{\(object)}")
    }
    var offset = 0
    for (name, tensor) in tensors {
      let end = offset + tensor.count * MemoryLayout<Float>.size
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      members.append("\(jsonText(name)):{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var bytes = Array("{\(members.joined(separator: ","))}".utf8)
    bytes += Array(repeating: UInt8(ascii: " "), count: (8 - bytes.count % 8) % 8)
    return bytes
  }

  /// A JSON string with only those signs escaped that must be, as the reference library writes it.
  private static func jsonText(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\u{8}": result += "\\b"
      case "\u{C}": result += "\\f"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\0"..<" ":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
