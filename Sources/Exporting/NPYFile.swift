import ExperimentFiles
import Formatting
import Foundation

/// NumPy's file of one array, format version 1.0.
/// - Source: numpy.lib.format, "Format Version 1.0".
enum NPYFile {
  /// - Parameters:
  ///   - values: In C order: the last axis changes fastest. They fill the shape.
  ///   - shape: Each side positive.
  /// - Returns: The bytes of a little-endian float32 array.
  static func encode(_ values: [Float], shape: [Int]) -> Data {
    precondition(values.count == shape.reduce(1, *), "an array of \(values.count) values does not fill \(shape)")
    return encode(values.map(\.bitPattern.littleEndian), type: "<f4", shape: shape)
  }

  /// - Parameter texts: At least one.
  /// - Returns: The bytes of an array of strings: each has the room of the longest, in UTF-32.
  /// - Throws: `ExperimentError` if one is so long that the array would fill the memory.
  static func encode(texts: [String]) throws(ExperimentError) -> Data {
    // A type of no width would be no type.
    let width = max(1, texts.map(\.unicodeScalars.count).max() ?? 0)
    guard width <= mostScalars / texts.count else {
      throw ExperimentError(
        "a label has \(grouped(width)) characters, and NumPy gives \(texts.count) labels as much room each; export as json"
      )
    }
    let scalars = texts.flatMap { text in
      let values = text.unicodeScalars.map(\.value.littleEndian)
      return values + [UInt32](repeating: 0, count: width - values.count)
    }
    return encode(scalars, type: "<U\(width)", shape: [texts.count])
  }

  /// Of an array of strings: 64 MiB.
  private static let mostScalars = 1 << 24

  private static func encode(_ words: [UInt32], type: String, shape: [Int]) -> Data {
    let sides = shape.count == 1 ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
    let dictionary = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(sides)), }"
    // Magic, version and length take 10 bytes; spaces bring the values to a multiple of 64, and a newline ends them.
    let length = (10 + dictionary.utf8.count + 1 + 63) / 64 * 64 - 10
    let spaces = String(repeating: " ", count: length - dictionary.utf8.count - 1)
    var data = Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)])
    data.append(Data((dictionary + spaces + "\n").utf8))
    words.withUnsafeBytes { data.append(contentsOf: $0) }
    return data
  }
}
